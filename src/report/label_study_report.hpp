// What a trained network is worth where few pictures have labels, as a report.

#pragma once

#include <string>

#include "comparison/label_study.hpp"
#include "report/document.hpp"

namespace thimble::report {

/// @param command  that was given, for "How this was made"
Report label_study_report(const LabelStudy& study, const std::string& command);

}  // namespace thimble::report
