// How likely features are under the classes of the training samples.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/progress.hpp"
#include "classical/features.hpp"
#include "linalg/matrix.hpp"
#include "models/model_file.hpp"

namespace thimble {

/// Every class is a normal distribution in the directions in which all samples vary most, and
/// spread evenly over the others: a mixture of probabilistic principal component analysers (M.
/// Tipping, C. Bishop, Neural Computation 11, 1999) with one subspace for all. The energy of a
/// sample is the least of its classes' -2 log density, but for a constant. What lies outside of the
/// subspace counts as as many dimensions as the subspace has: its own number would drown the
/// rest, and both parts are needed (H. Wang et al.: "ViM: Out-Of-Distribution with Virtual-logit
/// Matching", CVPR 2022).
///
/// Thread safety: const functions may be called from several threads at once.
class NoveltyDensity {
 public:
  /// An empty one, of no use.
  NoveltyDensity() = default;

  /// Deterministic, whatever the number of threads.
  /// @param samples    n > 0
  /// @throws Cancelled  if `progress` asked to stop
  static NoveltyDensity fit(const classical::Samples& samples, Progress& progress);

  std::size_t dims() const { return mean_.size(); }

  /// The energies of samples, at least 0; on the calling thread.
  /// @param samples  float32 [n, dims()]; of no use afterwards
  /// @param out      float32 [n]
  void energies(std::span<float> samples, std::span<float> out) const;

  /// Adds the tensors "novelty.…".
  void save(ModelFile& file) const;
  /// @throws DataError  naming `place` and the tensor that is missing or of no use
  static NoveltyDensity load(const ModelFile& file, const std::string& place, std::size_t dims);

 private:
  struct Projected;

  std::size_t components() const { return directions_.rows(); }
  /// Centres the samples where they are.
  Projected project(std::span<float> samples) const;
  void fit_subspace(const classical::Features& features, Progress& progress);
  void fit_classes(const Projected& samples, std::span<const std::int32_t> labels,
                   std::span<const std::int32_t> classes);

  std::vector<float> mean_;              ///< [d]
  linalg::Matrix directions_;            ///< [k, d], unit length
  linalg::Matrix factors_;               ///< [f * k, k]: the covariances' inverse Cholesky factors,
                                         ///< one for each class, or one for all
  linalg::Matrix centers_;               ///< [classes, k], the means times their factors
  std::vector<float> offsets_;           ///< [classes], added to the energy; the least is 0
  std::vector<float> residual_weights_;  ///< [classes], by the squared length outside
};

}  // namespace thimble
