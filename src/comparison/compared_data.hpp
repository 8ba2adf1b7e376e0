// The data sets that models are compared on.

#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "comparison/plan.hpp"
#include "data/splits.hpp"
#include "models/classifier.hpp"

namespace thimble {

/// One data set of a comparison. Not kept in memory: each training loads it anew, so that its
/// memory is that of a training on its own.
struct ComparedData {
  std::string name;    ///< for people: the source's own, or as it was asked for where two share one
  std::string folder;  ///< name of its folder, distinct within the comparison
  std::string source;
  std::filesystem::path data_dir;
  bool quick = false;

  /// The training set, cut down if `quick`, and the whole test set. Where the source has no test
  /// set, a fifth of it is kept aside as one, drawn class by class; a note says so.
  /// @throws UsageError, FileError, DataError  as load_dataset()
  DatasetSplits load() const;
};

/// Finds all data sets of a plan without reading them.
/// @throws UsageError, FileError, DataError  as find_source()
std::vector<ComparedData> find_compared_data(const ComparisonPlan& plan,
                                             const std::filesystem::path& data_dir);

/// Why a trained model cannot be compared on `data`: other picture size or other classes; "" if it
/// can. The order of the classes does not matter.
std::string misfit(const ModelDescription& model, const Dataset& data);

}  // namespace thimble
