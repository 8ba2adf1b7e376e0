#include "imaging/photo/planes.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "base/simd.hpp"

namespace thimble::photo {
namespace {

/// sums += row
THIMBLE_SIMD_CLONES
void add_row(std::uint32_t* __restrict sums, const std::uint8_t* __restrict row, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) sums[i] += row[i];
}

/// sums += row, colours weighed by alpha (so up to 255 * 255 each), alpha by 255.
void add_transparent_row(std::uint32_t* sums, const std::uint8_t* row, std::size_t n) {
  for (std::size_t i = 0; i < n; i += 4) {
    const std::uint32_t alpha = row[i + 3];
    for (std::size_t c = 0; c < 3; ++c) sums[i + c] += row[i + c] * alpha;
    sums[i + 3] += 255 * alpha;
  }
}

/// Sums of `step` pixels side by side; fewer for the last one.
template <std::size_t channels>
void sum_columns(const std::uint32_t* __restrict sums, std::uint32_t* __restrict totals,
                 std::size_t columns, std::size_t step) {
  for (std::size_t first = 0; first < columns; first += step, totals += channels) {
    const std::size_t end = std::min(first + step, columns);
    std::uint32_t own[channels] = {};
    for (std::size_t k = first; k < end; ++k) {
      for (std::size_t c = 0; c < channels; ++c) own[c] += sums[k * channels + c];
    }
    for (std::size_t c = 0; c < channels; ++c) totals[c] = own[c];
  }
}

/// Rec. 601.
struct ColorRow {
  float* luma;
  float* cb;
  float* cr;

  void store(std::size_t x, float red, float green, float blue) const {
    const float bright = 0.299f * red + 0.587f * green + 0.114f * blue;
    luma[x] = bright;
    cb[x] = (blue - bright) * 0.564f;
    cr[x] = (red - bright) * 0.713f;
  }
};

/// @param totals  [width, 3]
THIMBLE_SIMD_CLONES
void store_rgb(const std::uint32_t* __restrict totals, float* __restrict luma, float* __restrict cb,
               float* __restrict cr, float scale, std::size_t width) {
  for (std::size_t x = 0; x < width; ++x) {
    ColorRow{luma, cb, cr}.store(x, static_cast<float>(totals[3 * x]) * scale,
                                 static_cast<float>(totals[3 * x + 1]) * scale,
                                 static_cast<float>(totals[3 * x + 2]) * scale);
  }
}

/// Writes a part of a row of planes from the totals of their pixels.
void store_row(Planes& planes, int y, std::size_t first, std::size_t end,
               const std::uint32_t* totals, int pixels) {
  const std::size_t row = static_cast<std::size_t>(y) * static_cast<std::size_t>(planes.width);
  const float scale = 1 / static_cast<float>(pixels);
  if (planes.grey()) {
    for (std::size_t x = first; x < end; ++x) {
      planes.luma[row + x] = static_cast<float>(totals[x]) * scale;
    }
    return;
  }
  const ColorRow out{planes.luma.data() + row, planes.cb.data() + row, planes.cr.data() + row};
  if (planes.alpha.empty()) {
    store_rgb(totals + 3 * first, out.luma + first, out.cb + first, out.cr + first, scale,
              end - first);
    return;
  }
  for (std::size_t x = first; x < end; ++x) {
    const std::uint32_t* total = totals + 4 * x;
    const float share = scale / 255;
    const float alpha = static_cast<float>(total[3]) * share / 255;
    const float white = 255 * (1 - alpha);
    planes.alpha[row + x] = alpha;
    out.store(x, static_cast<float>(total[0]) * share + white,
              static_cast<float>(total[1]) * share + white,
              static_cast<float>(total[2]) * share + white);
  }
}

}  // namespace

Planes shrink_to_planes(const Picture& photo, const Box& box, int step) {
  const PictureShape& shape = photo.shape;
  Planes planes;
  planes.step = step;
  planes.left = std::clamp(static_cast<int>(std::floor(box.left)), 0, shape.width - 1);
  planes.top = std::clamp(static_cast<int>(std::floor(box.top)), 0, shape.height - 1);
  const int columns = std::clamp(static_cast<int>(std::ceil(box.right)) - planes.left, 1,
                                 shape.width - planes.left);
  const int rows = std::clamp(static_cast<int>(std::ceil(box.bottom)) - planes.top, 1,
                              shape.height - planes.top);
  planes.width = (columns + step - 1) / step;
  planes.height = (rows + step - 1) / step;
  const auto size =
      static_cast<std::size_t>(planes.width) * static_cast<std::size_t>(planes.height);
  planes.luma.resize(size);
  if (shape.channels > 1) {
    planes.cb.resize(size);
    planes.cr.resize(size);
  }
  if (shape.channels == 4) planes.alpha.resize(size);

  const auto channels = static_cast<std::size_t>(shape.channels);
  const std::size_t row_values = static_cast<std::size_t>(columns) * channels;
  std::vector<std::uint32_t> sums(row_values);
  const auto width = static_cast<std::size_t>(planes.width);
  std::vector<std::uint32_t> totals(width * channels);
  const auto stride = static_cast<std::size_t>(step);
  const int last = columns - (planes.width - 1) * step;  // pixels in the last column
  for (int y = 0; y < planes.height; ++y) {
    const int first = y * step;
    const int count = std::min(step, rows - first);
    std::fill(sums.begin(), sums.end(), 0u);
    for (int k = 0; k < count; ++k) {
      const std::size_t pixel =
          static_cast<std::size_t>(planes.top + first + k) * static_cast<std::size_t>(shape.width) +
          static_cast<std::size_t>(planes.left);
      const std::uint8_t* row = photo.pixels.data() + pixel * channels;
      if (channels == 4) {
        add_transparent_row(sums.data(), row, row_values);
      } else {
        add_row(sums.data(), row, row_values);
      }
    }
    const std::uint32_t* ready = totals.data();
    const auto all = static_cast<std::size_t>(columns);
    if (step == 1) {
      ready = sums.data();
    } else if (channels == 1) {
      sum_columns<1>(sums.data(), totals.data(), all, stride);
    } else if (channels == 3) {
      sum_columns<3>(sums.data(), totals.data(), all, stride);
    } else {
      sum_columns<4>(sums.data(), totals.data(), all, stride);
    }
    store_row(planes, y, 0, width - 1, ready, count * step);
    store_row(planes, y, width - 1, width, ready, count * last);
  }
  return planes;
}

}  // namespace thimble::photo
