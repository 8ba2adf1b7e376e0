// The sections that a study's report is made of.

#pragma once

#include "report/document.hpp"
#include "report/study_view.hpp"

namespace thimble::report {

// study_course.cpp
Section history_section(const StudyView& view);
/// How the trials learned and where they were stopped; for models that learn in epochs.
Section curves_section(const StudyView& view);

// study_settings.cpp
Section importance_section(const StudyView& view);
Section parallel_section(const StudyView& view);
Section slices_section(const StudyView& view);

// study_winner.cpp
/// There must be a winner.
Section winner_section(const StudyView& view);
Section trials_section(const StudyView& view);

}  // namespace thimble::report
