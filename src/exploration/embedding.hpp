// A map of the pictures: those that look alike lie together.

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/progress.hpp"
#include "data/dataset.hpp"
#include "exploration/tsne.hpp"

namespace thimble {

struct EmbeddingOptions {
  std::size_t samples = 6000;   ///< pictures on the map, at most; every class keeps its share
  std::size_t components = 50;  ///< principal components that t-SNE looks at
  double perplexity = 30;       ///< how many neighbours count; less where there are few samples
  int iterations = 750;
  std::uint64_t seed = 1;  ///< of the choice of pictures
};

/// The first principal components of all pictures, and the chosen ones on two maps.
struct Embedding {
  std::vector<std::size_t> indices;  ///< of the pictures on the maps, ascending
  std::vector<std::int32_t> labels;  ///< theirs

  MapPoints pca;   ///< first two principal components, in grey levels of 0 to 1
  MapPoints tsne;  ///< the unit has no meaning

  /// Share of the variance of all pictures along each component, largest first, [components].
  std::vector<double> explained_variance_ratio;

  double perplexity = 0;     ///< that was used
  double kl_divergence = 0;  ///< nats, of the t-SNE map
  /// How far neighbours on the map are neighbours among the pictures: 1 at best, near 0.5 by chance
  /// (exploration/trustworthiness.hpp, with kTrustNeighbors).
  double pca_trustworthiness = 0;
  double tsne_trustworthiness = 0;

  /// Which classes lie beside each other: of the kTrustNeighbors nearest points on the t-SNE map
  /// of class i's points (row), the share that is of class j; [classes, classes], row-major. Rows
  /// sum to 1, but for classes without points: 0.
  std::vector<double> neighbor_shares;
};

/// Neighbours on the map that are looked at; fewer where there are fewer than twice as many points.
inline constexpr std::size_t kTrustNeighbors = 12;

/// Principal components of all pictures, and both maps of a sample of them.
///
/// Pictures of more than 1024 values are shrunk first. Deterministic for the seed, whatever the
/// number of threads.
/// @param progress     may ask to stop; may be null
/// @throws UsageError  if samples, components or iterations is 0, or perplexity is below 1
/// @throws DataError   if there are fewer than 5 pictures
/// @throws Cancelled   if `progress` asked to stop
Embedding embed(const Dataset& dataset, const EmbeddingOptions& options, Progress* progress);

}  // namespace thimble
