// The sections that an evaluation's report is made of.

#pragma once

#include <string>

#include "report/document.hpp"
#include "report/evaluation_report.hpp"

namespace thimble::report {

/// "picture", or "pictures" unless there is exactly one.
std::string plural(const std::string& noun, std::uint64_t count);

Section summary_section(const JudgedModel& judged);

// evaluation_mistakes.cpp
Section confusion_section(const JudgedModel& judged, PictureAtlas& atlas);
/// The same without pictures.
Section confusion_section(const Evaluation& evaluation);
Section confused_pairs_section(const Evaluation& evaluation);
Section pictures_section(const JudgedModel& judged, PictureAtlas& atlas);

// evaluation_classes.cpp
Section classes_section(const JudgedModel& judged);
/// The same without what takes probabilities.
Section classes_section(const Evaluation& evaluation);
Section ranking_section(const JudgedModel& judged);

// evaluation_certainty.cpp
Section calibration_section(const JudgedModel& judged);
Section coverage_section(const JudgedModel& judged);

// evaluation_training.cpp
Section learning_curves_section(const JudgedModel& judged);
/// The cost must have been measured.
Section cost_section(const JudgedModel& judged);

}  // namespace thimble::report
