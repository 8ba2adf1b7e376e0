// What a study tries next.

#pragma once

#include <optional>
#include <span>
#include <vector>

#include "tuning/sampler.hpp"
#include "tuning/search_space.hpp"
#include "tuning/study.hpp"

namespace thimble::tuning {

/// What a sampler is told of the trials that ended, the baseline among them where the space has its
/// settings. A failed one counts as worse than all others and no further than any.
/// @param max_epochs  of a whole trial; 1 for models that learn in one go
std::vector<Observation> observations_of(const Study& study, int max_epochs);

/// Settings for the trial of this number: the sampler's, unless it comes up with nothing new, then
/// any of the space.
/// @param running  settings of the trials under way
/// @return         nothing if, as it seems, all settings of the space were tried
std::optional<Assignment> untried_settings(const Sampler& sampler, const SearchSpace& space,
                                           const Study& study, std::span<const Assignment> running,
                                           int number, int max_epochs);

}  // namespace thimble::tuning
