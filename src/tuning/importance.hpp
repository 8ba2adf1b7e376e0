// Which settings mattered in a study.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tuning/sampler.hpp"
#include "tuning/search_space.hpp"

namespace thimble::tuning {

struct Importance {
  std::string key;
  double share = 0;      ///< of the variance that the setting explains by itself; 0 to 1
  double deviation = 0;  ///< between the trees of the forest
};

/// Functional ANOVA of a random forest that is fitted to the observations (Hutter, Hoos,
/// Leyton-Brown, "An efficient approach for assessing hyperparameter importance", ICML 2014): exact
/// marginals of each tree's partition of the space. A parameter that is not in force has a place of
/// its own beside its range, as wide as an even draw has it out of force; what such a place
/// explains as well as the setting that decides over it counts for the latter. Largest first.
///
/// @param observations  values at equal numbers of epochs; fewer than 4, or all alike: empty result
std::vector<Importance> importance(const SearchSpace& space,
                                   std::span<const Observation> observations, std::uint64_t seed);

}  // namespace thimble::tuning
