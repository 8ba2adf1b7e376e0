#include "models/neural_data.hpp"

#include <algorithm>
#include <cmath>

#include "base/parallel.hpp"

namespace thimble {

void DatasetSource::fill(std::span<const std::size_t> indices, std::optional<std::uint64_t> epoch,
                         std::span<std::uint8_t> pictures, std::span<std::int32_t> labels) const {
  for (std::size_t i = 0; i < indices.size(); ++i) labels[i] = dataset_.labels[indices[i]];
  if (augmentation_ != nullptr && epoch) {
    augmentation_->apply(dataset_.images, indices, *epoch, pictures);
    return;
  }
  const std::size_t picture = dataset_.images.shape().size();
  constexpr std::size_t kGrainBytes = 32768;
  parallel_for(indices.size(), 1 + kGrainBytes / picture, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      std::ranges::copy(dataset_.images[indices[i]], pictures.begin() + i * picture);
    }
  });
}

PixelStatistics pixel_statistics(const Images& images) {
  const auto channels = static_cast<std::size_t>(images.shape().channels);
  // Counts of the 256 levels are exact, whatever the order of the sum.
  std::vector<std::uint64_t> counts(channels * 256);
  const auto pixels = images.pixels();
  for (std::size_t i = 0; i < pixels.size(); ++i) ++counts[(i % channels) * 256 + pixels[i]];

  PixelStatistics statistics;
  for (std::size_t c = 0; c < channels; ++c) {
    double n = 0, sum = 0, squares = 0;
    for (std::size_t level = 0; level < 256; ++level) {
      const auto count = static_cast<double>(counts[c * 256 + level]);
      const double value = static_cast<double>(level) / 255.0;
      n += count;
      sum += count * value;
      squares += count * value * value;
    }
    const double mean = n > 0 ? sum / n : 0;
    statistics.mean.push_back(mean);
    statistics.deviation.push_back(n > 0 ? std::sqrt(std::max(0.0, squares / n - mean * mean)) : 0);
  }
  return statistics;
}

nn::InputScaling input_scaling(const std::string& scaling, const PixelStatistics& statistics) {
  nn::InputScaling result;
  for (std::size_t c = 0; c < statistics.mean.size(); ++c) {
    // A channel that never changes says nothing; any finite scale will do.
    const double deviation = statistics.deviation[c] > 0 ? statistics.deviation[c] : 1.0;
    const bool standardize = scaling == "standardize";
    result.scale.push_back(static_cast<float>(1.0 / 255.0 / (standardize ? deviation : 1.0)));
    result.shift.push_back(static_cast<float>(standardize ? -statistics.mean[c] / deviation : 0.0));
  }
  return result;
}

std::vector<float> balanced_class_weights(const Dataset& dataset) {
  const auto counts = dataset.class_counts();
  std::vector<float> weights;
  for (const std::size_t count : counts) {
    weights.push_back(count == 0 ? 0.0f
                                 : static_cast<float>(static_cast<double>(dataset.size()) /
                                                      static_cast<double>(counts.size()) /
                                                      static_cast<double>(count)));
  }
  return weights;
}

}  // namespace thimble
