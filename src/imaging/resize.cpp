#include "imaging/resize.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/parallel.hpp"

namespace thimble {
namespace {

double sinc(double x) {
  if (x == 0) return 1;
  const double angle = std::numbers::pi * x;
  return std::sin(angle) / angle;
}

/// How much a pixel counts, by its distance from the middle of the area that is averaged.
class Kernel {
 public:
  /// @param scale  source pixels a pixel of the result covers along this axis
  Kernel(ResizeFilter filter, double scale)
      : filter_(filter), scale_(scale), stretch_(std::max(scale, 1.0)) {}

  /// Pixels at this distance or further do not count.
  double reach() const {
    switch (filter_) {
      case ResizeFilter::area:
        return (scale_ + 1) / 2;
      case ResizeFilter::bilinear:
        return stretch_;
      case ResizeFilter::lanczos:
        break;
    }
    return kLobes * stretch_;
  }

  double weight(double distance) const {
    const double d = std::abs(distance);
    switch (filter_) {
      case ResizeFilter::area:
        // The length that the pixel and the area have in common.
        return std::clamp((scale_ + 1) / 2 - d, 0.0, std::min(scale_, 1.0));
      case ResizeFilter::bilinear:
        return std::max(0.0, 1 - d / stretch_);
      case ResizeFilter::lanczos:
        break;
    }
    const double x = d / stretch_;
    return x < kLobes ? sinc(x) * sinc(x / kLobes) : 0.0;
  }

 private:
  static constexpr double kLobes = 3;

  ResizeFilter filter_;
  double scale_;
  double stretch_;
};

/// For each of `to` pixels along one axis, which of the `from` pixels make it up and how much. The
/// weights of one pixel sum to 1.
struct AxisWeights {
  struct Window {
    std::size_t first;
    std::size_t count;
    std::size_t weights;  ///< place of the first one in `values`
  };
  std::vector<Window> windows;
  std::vector<float> values;
};

AxisWeights axis_weights(int from, int to, ResizeFilter filter) {
  const double scale = static_cast<double>(from) / to;
  const Kernel kernel(filter, scale);
  AxisWeights axis;
  std::vector<double> weights;
  for (int i = 0; i < to; ++i) {
    const double center = (i + 0.5) * scale;
    const int first = std::max(0, static_cast<int>(std::floor(center - kernel.reach())));
    const int end = std::min(from, static_cast<int>(std::ceil(center + kernel.reach())));
    weights.clear();
    double sum = 0;
    for (int k = first; k < end; ++k) {
      weights.push_back(kernel.weight(k + 0.5 - center));
      sum += weights.back();
    }
    axis.windows.push_back({static_cast<std::size_t>(first), weights.size(), axis.values.size()});
    for (const double weight : weights) axis.values.push_back(static_cast<float>(weight / sum));
  }
  return axis;
}

/// row += weight * from
void add_scaled(std::span<float> row, const float* from, float weight) {
  for (std::size_t i = 0; i < row.size(); ++i) row[i] += weight * from[i];
}

void add_scaled(std::span<float> row, const std::uint8_t* from, float weight) {
  for (std::size_t i = 0; i < row.size(); ++i) row[i] += weight * static_cast<float>(from[i]);
}

std::uint8_t to_pixel(float value) {
  return static_cast<std::uint8_t>(std::clamp(value, 0.0f, 255.0f) + 0.5f);
}

/// Columns first, because that runs along whole rows of memory; then the few rows that are left.
template <class Value, class Store>
void resample(const Value* from, const PictureShape& shape, int height, int width,
              ResizeFilter filter, const Store& store) {
  const AxisWeights vertical = axis_weights(shape.height, height, filter);
  const AxisWeights horizontal = axis_weights(shape.width, width, filter);
  const auto channels = static_cast<std::size_t>(shape.channels);
  const std::size_t row_values = static_cast<std::size_t>(shape.width) * channels;
  parallel_for(static_cast<std::size_t>(height), 16, [&](std::size_t begin, std::size_t end) {
    std::vector<float> row(row_values);
    for (std::size_t y = begin; y < end; ++y) {
      std::ranges::fill(row, 0.0f);
      const auto& rows = vertical.windows[y];
      for (std::size_t k = 0; k < rows.count; ++k) {
        add_scaled(row, from + (rows.first + k) * row_values, vertical.values[rows.weights + k]);
      }
      for (std::size_t x = 0; x < static_cast<std::size_t>(width); ++x) {
        const auto& columns = horizontal.windows[x];
        for (std::size_t c = 0; c < channels; ++c) {
          float sum = 0;
          for (std::size_t k = 0; k < columns.count; ++k) {
            sum += horizontal.values[columns.weights + k] * row[(columns.first + k) * channels + c];
          }
          store((y * static_cast<std::size_t>(width) + x) * channels + c, sum);
        }
      }
    }
  });
}

/// Mixing colours that alpha hides would bring them to light: mix colour * alpha instead.
Picture resize_with_alpha(const Picture& picture, int height, int width, ResizeFilter filter) {
  std::vector<float> weighed(picture.pixels.size());
  for (std::size_t i = 0; i < weighed.size(); i += 4) {
    const float alpha = picture.pixels[i + 3];
    for (std::size_t c = 0; c < 3; ++c) weighed[i + c] = picture.pixels[i + c] * alpha / 255;
    weighed[i + 3] = alpha;
  }
  Picture resized({height, width, 4});
  std::vector<float> mixed(resized.pixels.size());
  resample(weighed.data(), picture.shape, height, width, filter,
           [&](std::size_t i, float value) { mixed[i] = value; });
  for (std::size_t i = 0; i < mixed.size(); i += 4) {
    resized.pixels[i + 3] = to_pixel(mixed[i + 3]);
    if (resized.pixels[i + 3] == 0) continue;
    for (std::size_t c = 0; c < 3; ++c) {
      resized.pixels[i + c] = to_pixel(mixed[i + c] * 255 / mixed[i + 3]);
    }
  }
  return resized;
}

}  // namespace

Picture resize(const Picture& picture, int height, int width, ResizeFilter filter) {
  if (height < 1 || width < 1 || picture.pixels.empty() ||
      picture.pixels.size() != picture.shape.size()) {
    throw ShapeError(fmt::format("cannot resize a picture of {} ({} values) to {}x{}",
                                 to_string(picture.shape), picture.pixels.size(), height, width));
  }
  if (picture.shape.height == height && picture.shape.width == width) return picture;
  if (picture.shape.channels == 4) return resize_with_alpha(picture, height, width, filter);
  Picture resized({height, width, picture.shape.channels});
  resample(picture.pixels.data(), picture.shape, height, width, filter,
           [&](std::size_t i, float value) { resized.pixels[i] = to_pixel(value); });
  return resized;
}

Picture fit_to(const Picture& picture, const PictureShape& shape, Color background) {
  if (shape.channels != 1 && shape.channels != 3) {
    throw ShapeError(
        fmt::format("cannot fit a picture to {}, expected grey or RGB", to_string(shape)));
  }
  if (picture.shape == shape) return picture;
  return resize(shape.channels == 1 ? to_grey(picture, background) : to_rgb(picture, background),
                shape.height, shape.width);
}

}  // namespace thimble
