#include "exploration/class_pictures.hpp"

#include <algorithm>
#include <cmath>

#include "base/parallel.hpp"
#include "base/simd.hpp"
#include "exploration/samples_by_class.hpp"

namespace thimble {
namespace {

/// Pixels that one task works on.
constexpr std::size_t kStrip = 256;

/// Sums of values and of their squares over pictures, a strip of pixels at a time.
struct Sums {
  std::vector<std::uint64_t> values;   ///< [pixels]
  std::vector<std::uint64_t> squares;  ///< [pixels]

  explicit Sums(std::size_t pixels) : values(pixels), squares(pixels) {}
};

/// Pictures whose sums of squares fit into 32 bits.
constexpr std::size_t kBatch = 65536;

THIMBLE_SIMD_CLONES
void add_strip(const std::uint8_t* from, std::size_t count, std::uint32_t* values,
               std::uint32_t* squares) {
  for (std::size_t j = 0; j < count; ++j) {
    const std::uint32_t x = from[j];
    values[j] += x;
    squares[j] += x * x;
  }
}

void add_samples(const Images& images, std::span<const std::size_t> samples, std::size_t begin,
                 std::size_t end, Sums& sums) {
  std::vector<std::uint32_t> values(end - begin);
  std::vector<std::uint32_t> squares(end - begin);
  for (std::size_t first = 0; first < samples.size(); first += kBatch) {
    std::ranges::fill(values, 0u);
    std::ranges::fill(squares, 0u);
    for (const std::size_t i : samples.subspan(first, std::min(kBatch, samples.size() - first))) {
      add_strip(images[i].data() + begin, end - begin, values.data(), squares.data());
    }
    for (std::size_t j = 0; j < values.size(); ++j) {
      sums.values[begin + j] += values[j];
      sums.squares[begin + j] += squares[j];
    }
  }
}

PixelMoments moments_of(const Sums& sums, std::size_t pictures) {
  PixelMoments moments;
  moments.pictures = pictures;
  moments.mean.resize(sums.values.size());
  moments.variance.resize(sums.values.size());
  if (pictures == 0) return moments;
  const auto n = static_cast<double>(pictures);
  for (std::size_t j = 0; j < sums.values.size(); ++j) {
    const double mean = static_cast<double>(sums.values[j]) / n;
    moments.mean[j] = mean;
    // (n sum x^2 - (sum x)^2) / n^2, the numerator exact.
    const std::uint64_t spread = pictures * sums.squares[j] - sums.values[j] * sums.values[j];
    moments.variance[j] = static_cast<double>(spread) / n / n;
  }
  return moments;
}

std::uint8_t to_byte(double value) {
  return static_cast<std::uint8_t>(std::clamp(std::lround(value), 0L, 255L));
}

}  // namespace

ClassPictures class_pictures(const Dataset& dataset) {
  const PictureShape& shape = dataset.images.shape();
  const auto samples = samples_by_class(dataset);
  std::vector<Sums> sums(samples.size(), Sums(shape.size()));
  const std::size_t strips = (shape.size() + kStrip - 1) / kStrip;
  parallel_tasks(strips * samples.size(), [&](std::size_t task) {
    const std::size_t begin = task % strips * kStrip;
    const std::size_t c = task / strips;
    add_samples(dataset.images, samples[c], begin, std::min(begin + kStrip, shape.size()), sums[c]);
  });

  ClassPictures result;
  result.shape = shape;
  Sums total(shape.size());
  for (std::size_t c = 0; c < samples.size(); ++c) {
    result.classes.push_back(moments_of(sums[c], samples[c].size()));
    for (std::size_t j = 0; j < shape.size(); ++j) {
      total.values[j] += sums[c].values[j];
      total.squares[j] += sums[c].squares[j];
    }
  }
  result.overall = moments_of(total, dataset.size());
  return result;
}

Picture mean_picture(const ClassPictures& pictures, const PixelMoments& moments) {
  Picture picture(pictures.shape);
  std::ranges::transform(moments.mean, picture.pixels.begin(), to_byte);
  return picture;
}

Picture deviation_picture(const ClassPictures& pictures, const PixelMoments& moments) {
  Picture picture(pictures.shape);
  const double largest = largest_deviation(pictures);
  if (largest == 0) return picture;
  std::ranges::transform(moments.variance, picture.pixels.begin(), [&](double variance) {
    return to_byte(255 * std::sqrt(variance) / largest);
  });
  return picture;
}

double largest_deviation(const ClassPictures& pictures) {
  double variance = 0;
  const auto look_at = [&](const PixelMoments& moments) {
    for (const double value : moments.variance) variance = std::max(variance, value);
  };
  look_at(pictures.overall);
  for (const PixelMoments& moments : pictures.classes) look_at(moments);
  return std::sqrt(variance);
}

}  // namespace thimble
