// What was found out about a data set, as a report.

#pragma once

#include <cstddef>
#include <string>

#include "data/splits.hpp"
#include "exploration/exploration.hpp"
#include "report/document.hpp"

namespace thimble::report {

struct ExplorationReportOptions {
  std::string command;     ///< that made the report, for its notes; empty: not said
  bool published = false;  ///< the data set is the published one, checked by its content
  std::uint64_t seed = 1;  ///< of the samples shown
};

/// Pictures that the maps should have at most, so that the page stays small.
std::size_t map_pictures(const PictureShape& shape);

/// Sections from the counts of pictures to suspicious labels, each with what it found in a
/// sentence.
/// @param found  explore() of `splits`
Report exploration_report(const DatasetSplits& splits, const Exploration& found,
                          const ExplorationReportOptions& options = {});

}  // namespace thimble::report
