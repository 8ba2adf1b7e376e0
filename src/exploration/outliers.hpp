// Pictures unlike the rest of their class.

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/progress.hpp"
#include "exploration/neighborhood.hpp"

namespace thimble {

/// A sample and how far it lies from its own class.
struct Outlier {
  SampleId sample;
  std::int32_t label = 0;
  /// Local outlier factor among the samples of its class in both splits: how many times sparser the
  /// class is around it than around its neighbours; about 1 inside.
  double factor = 0;
  /// Mean root mean square difference to its nearest samples of the class, grey levels.
  double distance = 0;
  /// That distance divided by the median of it over the class.
  double relative_distance = 0;
  /// The class that most of its neighbours of any class have; of equally frequent ones that of the
  /// nearest. Another than `label`: it looks like that class rather than like nothing.
  std::int32_t neighbors_class = 0;
  double neighbors_share = 0;  ///< share of its neighbours that have that class
};

struct OutlierOptions {
  /// Samples of the class around each: Breunig et al. advise at least 10, scikit-learn takes 20. Of
  /// a smaller class all others.
  std::size_t neighbors = 20;
  /// Samples listed at most.
  std::size_t limit = 1000;
};

struct Outliers {
  OutlierOptions options;
  std::vector<double> factors;  ///< of every sample, by position; 1 for the only one of its class
  std::vector<Outlier> ranked;  ///< largest factor first, then by position
  /// Samples whose factor is above kOutlierFactor.
  std::size_t clear = 0;
};

/// Above this a sample counts as a clear outlier: half as dense as its neighbourhood. (A factor has
/// no fixed scale; Breunig et al. look at those from about 1.5 on.)
inline constexpr double kOutlierFactor = 1.5;

/// The local outlier factor of M. M. Breunig, H.-P. Kriegel, R. T. Ng, J. Sander: "LOF: Identifying
/// Density-Based Local Outliers", SIGMOD 2000, within each class; as scikit-learn's
/// LocalOutlierFactor. Copies count as neighbours at distance 0.
///
/// Parallel; the result does not depend on the number of threads.
/// @param neighborhood  of `splits`, for neighbors_class
/// @throws ShapeError  if it is of another number of samples
/// @throws UsageError  if `options.neighbors` is 0
/// @throws Cancelled   if `progress` asked to stop
Outliers find_outliers(const DatasetSplits& splits, const Neighborhood& neighborhood,
                       Progress& progress, const OutlierOptions& options = {});

}  // namespace thimble
