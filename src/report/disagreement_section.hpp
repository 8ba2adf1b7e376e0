// Where compared models disagree, with the pictures.

#pragma once

#include <string>

#include "comparison/comparison.hpp"
#include "report/document.hpp"

namespace thimble::report {

/// How many models get a picture right, how alike they answer, and the pictures that divide them,
/// that only one gets right, that none does.
/// @param data      two models or more
/// @param suffix    ends the ids of the section and its figures
/// @param pictures  the report's; grows by those that are shown
Section disagreement_section(const DataComparison& data, const std::string& suffix,
                             PictureAtlas& pictures);

}  // namespace thimble::report
