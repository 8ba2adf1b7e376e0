#include "imaging/photo/layout.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "base/simd.hpp"

namespace thimble::photo {
namespace {

/// Backgrounds lighter than this are taken for white paper, and the object's brightness is measured
/// against theirs; darker ones than kColored say nothing about white.
constexpr float kPaper = 225;
constexpr float kColored = 180;

/// float [height, width]
struct Grid {
  int height;
  int width;
  std::vector<float> values;

  Grid(int h, int w)
      : height(h), width(w), values(static_cast<std::size_t>(h) * static_cast<std::size_t>(w)) {}
};

/// What white would be in each pixel of a row, of a background of this brightness.
THIMBLE_SIMD_CLONES
void to_white(float* __restrict row, const float* __restrict background, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    const float b = std::clamp(background[i], 1.0f, 255.0f);
    const float share = std::clamp((b - kColored) / (kPaper - kColored), 0.0f, 1.0f);
    row[i] = 255 + share * (b - 255);
  }
}

/// out = coverage * (255 - object), where pixel = coverage * object + (1 - coverage) * background,
/// and brightness is relative to white.
THIMBLE_SIMD_CLONES
void negate(float* __restrict out, const float* __restrict pixel, const float* __restrict coverage,
            const float* __restrict background, const float* __restrict white, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    const float gain = 255 / white[i];
    const float whole = 255 - pixel[i] * gain;
    const float behind = (1 - coverage[i]) * (255 - background[i] * gain);
    out[i] = coverage[i] > 0 ? std::clamp(whole - behind, 0.0f, 255.0f) : 0.0f;
  }
}

/// The object's brightness on black: negated unless it is so already.
Grid brightness(const Object& object) {
  const Planes& planes = object.planes;
  Grid grid(planes.height, planes.width);
  const auto width = static_cast<std::size_t>(planes.width);
  std::vector<float> background(width);
  std::vector<float> white(width);
  for (int y = 0; y < planes.height; ++y) {
    const std::size_t row = static_cast<std::size_t>(y) * width;
    if (object.negative) {
      std::transform(planes.luma.begin() + static_cast<std::ptrdiff_t>(row),
                     planes.luma.begin() + static_cast<std::ptrdiff_t>(row + width),
                     object.coverage.begin() + static_cast<std::ptrdiff_t>(row),
                     grid.values.begin() + static_cast<std::ptrdiff_t>(row),
                     [](float luma, float coverage) { return coverage > 0 ? luma : 0.0f; });
      continue;
    }
    object.background.draw_row(planes, 0, y, background);
    to_white(white.data(), background.data(), width);
    negate(grid.values.data() + row, planes.luma.data() + row, object.coverage.data() + row,
           background.data(), white.data(), width);
  }
  return grid;
}

/// One of the colours red, green, blue, as far as it comes from the object.
Grid own_color(const Object& object, int color) {
  const Planes& planes = object.planes;
  Grid grid(planes.height, planes.width);
  const auto to_rgb = [color](float luma, float cb, float cr) {
    const float red = luma + cr / 0.713f;
    const float blue = luma + cb / 0.564f;
    if (color == 0) return red;
    if (color == 2) return blue;
    return (luma - 0.299f * red - 0.114f * blue) / 0.587f;
  };
  const auto step = static_cast<float>(planes.step);
  for (int y = 0; y < planes.height; ++y) {
    for (int x = 0; x < planes.width; ++x) {
      const std::size_t i = static_cast<std::size_t>(y) * static_cast<std::size_t>(planes.width) +
                            static_cast<std::size_t>(x);
      const float coverage = object.coverage[i];
      if (coverage == 0) continue;
      const float here =
          planes.grey() ? planes.luma[i] : to_rgb(planes.luma[i], planes.cb[i], planes.cr[i]);
      const auto behind = object.background.at(
          static_cast<float>(planes.left) + (static_cast<float>(x) + 0.5f) * step,
          static_cast<float>(planes.top) + (static_cast<float>(y) + 0.5f) * step);
      grid.values[i] =
          std::clamp(here - (1 - coverage) * to_rgb(behind[0], behind[1], behind[2]), 0.0f, 255.0f);
    }
  }
  return grid;
}

/// What share of each source pixel goes into each of `to` equal stretches of [begin, end).
struct Stretch {
  std::size_t first;
  std::vector<float> weights;  ///< sum to 1
};

std::vector<Stretch> divide(double begin, double end, int to, int from) {
  std::vector<Stretch> stretches;
  const double length = (end - begin) / to;
  for (int i = 0; i < to; ++i) {
    const double left = begin + i * length;
    const double right = left + length;
    const int first = std::clamp(static_cast<int>(std::floor(left)), 0, from - 1);
    const int stop = std::clamp(static_cast<int>(std::ceil(right)), first + 1, from);
    Stretch stretch{static_cast<std::size_t>(first), {}};
    for (int k = first; k < stop; ++k) {
      const double common = std::min<double>(k + 1, right) - std::max<double>(k, left);
      stretch.weights.push_back(static_cast<float>(std::max(common, 1e-6) / length));
    }
    stretches.push_back(std::move(stretch));
  }
  return stretches;
}

THIMBLE_SIMD_CLONES
void add_weighed(float* __restrict sums, const float* __restrict row, float weight, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) sums[i] += weight * row[i];
}

/// The part of the grid within the box as height x width means over equal areas.
Grid average(const Grid& grid, const Box& box, int height, int width) {
  const auto rows = divide(box.top, box.bottom, height, grid.height);
  const auto columns = divide(box.left, box.right, width, grid.width);
  Grid cells(height, width);
  const auto grid_width = static_cast<std::size_t>(grid.width);
  std::vector<float> sums(grid_width);
  float* out = cells.values.data();
  for (const Stretch& stretch : rows) {
    std::ranges::fill(sums, 0.0f);
    for (std::size_t k = 0; k < stretch.weights.size(); ++k) {
      add_weighed(sums.data(), grid.values.data() + (stretch.first + k) * grid_width,
                  stretch.weights[k], grid_width);
    }
    for (const Stretch& column : columns) {
      float sum = 0;
      for (std::size_t k = 0; k < column.weights.size(); ++k) {
        sum += column.weights[k] * sums[column.first + k];
      }
      *out++ = sum;
    }
  }
  return cells;
}

/// Cells in the middle of an empty picture. Where it cannot be the very middle, right and below, as
/// in the data set.
Grid center(const Grid& cells, int height, int width) {
  Grid picture(height, width);
  const int top = (height - cells.height + 1) / 2;
  const int left = (width - cells.width + 1) / 2;
  for (int y = 0; y < cells.height; ++y) {
    for (int x = 0; x < cells.width; ++x) {
      picture.values[static_cast<std::size_t>((top + y) * width + left + x)] =
          cells.values[static_cast<std::size_t>(y * cells.width + x)];
    }
  }
  return picture;
}

/// Adds what a Gaussian of standard deviation 1 takes away, `amount` times.
Grid sharpen(const Grid& grid, float amount) {
  // exp(-d d / 2) for d = 0 to 3, normalised.
  constexpr std::array<float, 4> kGaussian = {0.3991f, 0.2420f, 0.0540f, 0.0044f};
  const auto blurred = [&](const Grid& from, int dy, int dx) {
    Grid to(from.height, from.width);
    for (int y = 0; y < from.height; ++y) {
      for (int x = 0; x < from.width; ++x) {
        float sum = 0;
        for (int k = -3; k <= 3; ++k) {
          const int row = y + k * dy;
          const int column = x + k * dx;
          if (row < 0 || row >= from.height || column < 0 || column >= from.width) continue;
          sum += kGaussian[static_cast<std::size_t>(std::abs(k))] *
                 from.values[static_cast<std::size_t>(row * from.width + column)];
        }
        to.values[static_cast<std::size_t>(y * from.width + x)] = sum;
      }
    }
    return to;
  };
  const Grid soft = blurred(blurred(grid, 0, 1), 1, 0);
  Grid sharp = grid;
  for (std::size_t i = 0; i < sharp.values.size(); ++i) {
    // Outside of the object it stays black.
    if (grid.values[i] > 0) sharp.values[i] += amount * (grid.values[i] - soft.values[i]);
  }
  return sharp;
}

/// Sharpens, and spreads the values so that the largest becomes 255: the mean of the largest before
/// and after, because what sharpening adds at outlines must not dim the rest.
void finish(Grid& grid) {
  constexpr float kSharpening = 0.5f;
  constexpr float kMostGain = 12;
  const float before = std::ranges::max(grid.values);
  grid = sharpen(grid, kSharpening);
  const float largest = (before + std::ranges::max(grid.values)) / 2;
  const float gain = std::min(255 / std::max(largest, 1.0f), kMostGain);
  for (float& value : grid.values) value *= gain;
}

/// Light cloth on a dark background: on white it would hardly show. Here it is known where it is,
/// and a quarter of the largest value is given to it at least.
/// @param coverage  of each of the grid's cells by the object
void lift(Grid& grid, const Grid& coverage) {
  constexpr float kLeast = 0.25f;
  std::vector<float> own;
  for (std::size_t i = 0; i < grid.values.size(); ++i) {
    if (coverage.values[i] > 0.9f) own.push_back(grid.values[i]);
  }
  if (own.empty()) return;
  const auto quartile = own.begin() + static_cast<std::ptrdiff_t>(own.size() / 4);
  std::nth_element(own.begin(), quartile, own.end());
  const float largest = std::ranges::max(grid.values);
  const float more = (kLeast * largest - *quartile) / (1 - kLeast);
  if (more <= 0) return;
  for (std::size_t i = 0; i < grid.values.size(); ++i) {
    grid.values[i] += more * coverage.values[i];
  }
}

bool on_dark(const Object& object) {
  constexpr float kDark = 90;
  const Planes& planes = object.planes;
  const auto half = static_cast<float>(planes.step) / 2;
  return object.background.at(
             static_cast<float>(planes.left) + half * static_cast<float>(planes.width),
             static_cast<float>(planes.top) + half * static_cast<float>(planes.height))[0] < kDark;
}

std::uint8_t to_pixel(float value) {
  return static_cast<std::uint8_t>(std::clamp(value, 0.0f, 255.0f) + 0.5f);
}

}  // namespace

Picture lay_out(const Object& object, const PictureShape& shape, double extent) {
  const int longest =
      std::max(1, static_cast<int>(std::lround(extent * std::min(shape.height, shape.width))));
  const Box& box = object.box;
  const auto share = [&](double side) {
    return std::clamp(static_cast<int>(std::lround(longest * side / box.longer())), 1, longest);
  };
  const int height = share(box.height());
  const int width = share(box.width());
  const auto place = [&](const Grid& grid) {
    return center(average(grid, box, height, width), shape.height, shape.width);
  };
  Picture picture(shape);
  if (shape.channels == 1) {
    Grid grid = place(brightness(object));
    if (!object.negative && on_dark(object)) {
      Grid coverage(object.planes.height, object.planes.width);
      coverage.values = object.coverage;
      lift(grid, place(coverage));
    }
    finish(grid);
    std::ranges::transform(grid.values, picture.pixels.begin(), to_pixel);
    return picture;
  }
  const auto channels = static_cast<std::size_t>(shape.channels);
  for (std::size_t c = 0; c < channels; ++c) {
    const Grid grid = place(own_color(object, static_cast<int>(c)));
    for (std::size_t i = 0; i < grid.values.size(); ++i) {
      picture.pixels[i * channels + c] = to_pixel(grid.values[i]);
    }
  }
  return picture;
}

}  // namespace thimble::photo
