// How far those who are neighbours on a map are neighbours in truth.

#pragma once

#include <cstddef>

#include "classical/features.hpp"
#include "exploration/tsne.hpp"

namespace thimble {

/// 1 if every point's k nearest on the map are its k nearest samples; near 0.5 by chance. What a
/// neighbour on the map costs is the number of samples that are nearer, beyond k.
///
/// J. Venna, S. Kaski: "Neighborhood preservation in nonlinear projection methods: an experimental
/// study", ICANN 2001, section 3. As scikit-learn's; of equally near samples the lower index counts
/// as the nearer one.
///
/// @param k            1 to below n / 2
/// @throws UsageError  if it is not
/// @throws ShapeError  if there are not as many points as samples
double trustworthiness(const classical::Features& samples, const MapPoints& map, std::size_t k);

/// The k nearest points of each on the map.
/// @param k  at most map.size() - 1
classical::Neighbors map_neighbors(const MapPoints& map, std::size_t k);

}  // namespace thimble
