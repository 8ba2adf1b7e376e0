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

/// Writes one row of planes from the sums over `rows` rows of pixels.
class RowWriter {
 public:
  RowWriter(Planes& planes, int channels, int columns)
      : planes_(planes), channels_(static_cast<std::size_t>(channels)), columns_(columns) {}

  void write(const std::vector<std::uint32_t>& sums, int y, int rows) {
    const std::size_t to = static_cast<std::size_t>(y) * static_cast<std::size_t>(planes_.width);
    for (int x = 0; x < planes_.width; ++x) {
      const int first = x * planes_.step;
      const int count = std::min(planes_.step, columns_ - first);
      std::uint32_t totals[4] = {};
      const std::uint32_t* from = sums.data() + static_cast<std::size_t>(first) * channels_;
      for (int k = 0; k < count; ++k, from += channels_) {
        for (std::size_t c = 0; c < channels_; ++c) totals[c] += from[c];
      }
      store(to + static_cast<std::size_t>(x), totals, static_cast<float>(count * rows));
    }
  }

 private:
  void store(std::size_t at, const std::uint32_t* totals, float pixels) {
    if (channels_ == 1) {
      planes_.luma[at] = static_cast<float>(totals[0]) / pixels;
      return;
    }
    float scale = 1 / pixels;
    float white = 0;
    if (channels_ == 4) {
      scale /= 255;
      planes_.alpha[at] = static_cast<float>(totals[3]) * scale / 255;
      white = 255 * (1 - planes_.alpha[at]);
    }
    const float red = static_cast<float>(totals[0]) * scale + white;
    const float green = static_cast<float>(totals[1]) * scale + white;
    const float blue = static_cast<float>(totals[2]) * scale + white;
    const float luma = 0.299f * red + 0.587f * green + 0.114f * blue;
    planes_.luma[at] = luma;
    planes_.cb[at] = (blue - luma) * 0.564f;
    planes_.cr[at] = (red - luma) * 0.713f;
  }

  Planes& planes_;
  std::size_t channels_;
  int columns_;
};

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
  RowWriter writer(planes, shape.channels, columns);
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
    writer.write(sums, y, count);
  }
  return planes;
}

}  // namespace thimble::photo
