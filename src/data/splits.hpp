// A data set as it is published: a training set and, mostly, a test set kept apart from it.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/dataset.hpp"

namespace thimble {

/// Both sets have the same picture shape and the same classes in the same order.
///
/// Where the source has no test set of its own (one CSV file, class folders without train/ and
/// test/ above them), `test` is empty and `train` holds everything, with provenance.split "all".
struct DatasetSplits {
  Dataset train;
  std::optional<Dataset> test;
  /// What whoever named the source may want to know: folders that were not read, …
  std::vector<std::string> notes = {};
};

/// Throws DataError unless each set is valid and the two agree in shape and classes.
/// `place` starts the message.
void validate(const DatasetSplits& splits, const std::string& place);

}  // namespace thimble
