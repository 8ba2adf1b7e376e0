// Data sets as a network sees them: batches, input scaling, class weights.

#pragma once

#include <optional>
#include <vector>

#include "data/dataset.hpp"
#include "imaging/augmentation.hpp"
#include "nn/trainer.hpp"

namespace thimble {

/// Batches of a data set, varied by an augmentation where one is given.
class DatasetSource : public nn::BatchSource {
 public:
  /// Both must outlive the source; `augmentation` may be null.
  DatasetSource(const Dataset& dataset, const Augmentation* augmentation)
      : dataset_(dataset), augmentation_(augmentation) {}

  std::size_t size() const override { return dataset_.size(); }
  void fill(std::span<const std::size_t> indices, std::optional<std::uint64_t> epoch,
            std::span<std::uint8_t> pictures, std::span<std::int32_t> labels) const override;

 private:
  const Dataset& dataset_;
  const Augmentation* augmentation_;
};

/// Mean and standard deviation of the pixels, 0 to 1, by channel.
struct PixelStatistics {
  std::vector<double> mean;
  std::vector<double> deviation;
};

PixelStatistics pixel_statistics(const Images& images);

/// @param scaling  "standardize" or "unit" (models/neural_options.hpp)
nn::InputScaling input_scaling(const std::string& scaling, const PixelStatistics& statistics);

/// Samples / (classes * samples of the class), 0 for a class without samples; float32 [classes].
std::vector<float> balanced_class_weights(const Dataset& dataset);

}  // namespace thimble
