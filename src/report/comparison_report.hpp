// A comparison of models as a report.

#pragma once

#include <string>

#include "comparison/comparison.hpp"
#include "report/document.hpp"

namespace thimble::report {

/// For each data set: the table, accuracy with its intervals, accuracy against training time and
/// against size, which differences are real, recall by class, where the models disagree; then one
/// data set against the other.
/// @param command  what makes this comparison again, for the notes
Report comparison_report(const Comparison& comparison, const std::string& command);

}  // namespace thimble::report
