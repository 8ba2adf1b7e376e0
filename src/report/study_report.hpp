// A search for better settings as a report: what was found, how the search went, which settings
// mattered, and the winner's recipe.

#pragma once

#include <string>

#include "report/document.hpp"
#include "tuning/study.hpp"

namespace thimble::report {

/// The report of a study as it stands; one that is not finished yet has what there is.
/// @param command  that was given, for "How this was made"
/// @throws UsageError  if the plan's space or recipe cannot be read
Report study_report(const tuning::Study& study, const std::string& command);

}  // namespace thimble::report
