// The nearest other pictures of every picture of a data set, searched once and shared by what asks
// for overlap, near duplicates and outliers.

#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/progress.hpp"
#include "data/splits.hpp"

namespace thimble {

/// A sample of one of the splits.
struct SampleId {
  enum class Split : std::uint8_t { train, test };
  Split split = Split::train;
  std::size_t index = 0;  ///< in its split

  auto operator<=>(const SampleId&) const = default;
};

/// Both splits in a row: first the training samples, then the test samples. A position is an index
/// into that row.
class AllSamples {
 public:
  /// Borrows the splits.
  explicit AllSamples(const DatasetSplits& splits) : splits_(&splits) {}

  std::size_t train() const { return splits_->train.size(); }
  std::size_t test() const { return splits_->test ? splits_->test->size() : 0; }
  std::size_t size() const { return train() + test(); }
  const PictureShape& shape() const { return splits_->train.images.shape(); }
  std::span<const std::string> classes() const { return splits_->train.classes; }

  SampleId id(std::size_t position) const {
    return position < train() ? SampleId{SampleId::Split::train, position}
                              : SampleId{SampleId::Split::test, position - train()};
  }
  std::size_t position(const SampleId& id) const {
    return id.split == SampleId::Split::train ? id.index : train() + id.index;
  }
  std::int32_t label(std::size_t position) const {
    return position < train() ? splits_->train.labels[position]
                              : splits_->test->labels[position - train()];
  }
  /// uint8 [shape().size()]
  std::span<const std::uint8_t> picture(std::size_t position) const {
    return position < train() ? splits_->train.images[position]
                              : splits_->test->images[position - train()];
  }

 private:
  const DatasetSplits* splits_;
};

/// For each sample of both splits its k nearest others among both, nearest first, of equally near
/// ones the earlier first. Distances are Euclidean, between all values of the pictures, 0 to 255.
struct Neighborhood {
  std::size_t samples = 0;
  std::size_t k = 0;                      ///< as asked for, or samples - 1 if that is less
  std::vector<std::int32_t> positions;    ///< int32 [samples, k]
  std::vector<double> squared_distances;  ///< float64 [samples, k]

  std::span<const std::int32_t> neighbors(std::size_t position) const {
    return std::span(positions).subspan(position * k, k);
  }
  std::span<const double> distances(std::size_t position) const {
    return std::span(squared_distances).subspan(position * k, k);
  }
};

/// @throws ShapeError  unless the neighborhood is of as many samples
void check_neighborhood(const Neighborhood& neighborhood, const AllSamples& samples);

/// What a squared distance between pictures is as a typical difference between their values: the
/// root mean square, 0 to 255.
double rms_difference(double squared_distance, const PictureShape& shape);

inline constexpr std::size_t kDefaultNeighbors = 10;

/// Exact. Parallel; the result does not depend on the number of threads.
/// @throws DataError  if there is no sample
/// @throws Cancelled  if `progress` asked to stop
Neighborhood find_neighbors(const DatasetSplits& splits, Progress& progress,
                            std::size_t k = kDefaultNeighbors);

/// The same among the pictures `images` alone; positions are indices into them.
Neighborhood find_neighbors(const Images& images, Progress& progress, std::size_t k);

}  // namespace thimble
