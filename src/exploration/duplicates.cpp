#include "exploration/duplicates.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include "base/parallel.hpp"
#include "base/random.hpp"

namespace thimble {
namespace {

constexpr std::size_t kGrain = 256;

std::uint64_t hash_of(std::span<const std::uint8_t> picture) {
  std::uint64_t hash = picture.size();
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < picture.size(); ++i) {
    word = word << 8 | picture[i];
    if (i % 8 == 7) hash = mix64(hash ^ word);
  }
  return mix64(hash ^ word);
}

/// Disjoint sets of positions; each set is named by its first.
class Sets {
 public:
  explicit Sets(std::size_t n) : parent_(n) { std::iota(parent_.begin(), parent_.end(), 0u); }

  std::size_t find(std::size_t x) {
    while (parent_[x] != x) x = parent_[x] = parent_[parent_[x]];
    return x;
  }
  void join(std::size_t a, std::size_t b) {
    a = find(a);
    b = find(b);
    parent_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::vector<std::size_t> parent_;
};

/// Positions of the same pictures, by the first; only those that are there twice.
using Copies = std::map<std::size_t, std::vector<std::size_t>>;

Copies find_copies(const AllSamples& samples) {
  std::vector<std::uint64_t> hashes(samples.size());
  parallel_for(samples.size(), kGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) hashes[i] = hash_of(samples.picture(i));
  });
  std::vector<std::size_t> order(samples.size());
  std::iota(order.begin(), order.end(), 0u);
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return hashes[i]; });

  Copies copies;
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    while (end < order.size() && hashes[order[end]] == hashes[order[begin]]) ++end;
    // Pictures of one hash are nearly always the same; else each kind has its own first.
    std::vector<std::size_t> firsts;
    for (std::size_t at = begin; at < end; ++at) {
      const auto first = std::ranges::find_if(firsts, [&](std::size_t candidate) {
        return std::ranges::equal(samples.picture(candidate), samples.picture(order[at]));
      });
      if (first == firsts.end()) {
        firsts.push_back(order[at]);
      } else {
        auto& members = copies[*first];
        if (members.empty()) members.push_back(*first);
        members.push_back(order[at]);
      }
    }
  }
  return copies;
}

struct NearPair {
  std::size_t first;
  std::size_t second;
  double squared_distance;
};

/// Squared distance of a picture to the flat one of its own mean.
double energy(std::span<const std::uint8_t> picture) {
  std::uint64_t sum = 0;
  std::uint64_t squares = 0;
  for (const std::uint8_t x : picture) {
    sum += x;
    squares += std::uint64_t{x} * x;
  }
  const auto total = static_cast<double>(sum);
  return std::max(
      0.0, static_cast<double>(squares) - total * total / static_cast<double>(picture.size()));
}

std::vector<NearPair> find_near_pairs(const AllSamples& samples, const Neighborhood& neighborhood,
                                      const DuplicateOptions& options) {
  std::vector<NearPair> pairs;
  if (neighborhood.k == 0) return pairs;
  std::vector<double> energies(samples.size());
  parallel_for(samples.size(), kGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) energies[i] = energy(samples.picture(i));
  });
  const double relative = options.relative_difference * options.relative_difference;
  const double local = options.local_difference * options.local_difference;
  const auto limit = [&](std::size_t i) {
    return std::min(relative * energies[i], local * neighborhood.distances(i).back());
  };
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto neighbors = neighborhood.neighbors(i);
    const auto distances = neighborhood.distances(i);
    for (std::size_t j = 0; j < neighbors.size() && distances[j] <= limit(i); ++j) {
      const auto other = static_cast<std::size_t>(neighbors[j]);
      if (distances[j] > 0 && distances[j] <= limit(other)) {
        pairs.push_back({i, other, distances[j]});
      }
    }
  }
  return pairs;
}

/// @param positions  ascending
DuplicateGroup group_of(const AllSamples& samples, std::span<const std::size_t> positions,
                        double squared_difference) {
  DuplicateGroup group;
  for (const std::size_t position : positions) {
    group.members.push_back(samples.id(position));
    group.labels_agree &= samples.label(position) == samples.label(positions.front());
  }
  group.across_splits = group.members.front().split != group.members.back().split;
  group.difference = rms_difference(squared_difference, samples.shape());
  return group;
}

std::vector<DuplicateGroup> near_groups(const AllSamples& samples, const Copies& copies,
                                        std::span<const NearPair> pairs) {
  Sets sets(samples.size());
  for (const NearPair& pair : pairs) sets.join(pair.first, pair.second);
  for (const auto& [first, members] : copies) {
    for (const std::size_t member : members) sets.join(first, member);
  }
  std::map<std::size_t, double> largest;
  for (const NearPair& pair : pairs) {
    double& distance = largest[sets.find(pair.first)];
    distance = std::max(distance, pair.squared_distance);
  }
  std::map<std::size_t, std::vector<std::size_t>> members;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (largest.contains(sets.find(i))) members[sets.find(i)].push_back(i);
  }
  std::vector<DuplicateGroup> groups;
  for (const auto& [first, positions] : members) {
    groups.push_back(group_of(samples, positions, largest.at(first)));
  }
  std::ranges::stable_sort(groups, {}, &DuplicateGroup::difference);
  return groups;
}

DuplicateCounts count(std::span<const DuplicateGroup> groups) {
  DuplicateCounts counts;
  counts.groups = groups.size();
  for (const DuplicateGroup& group : groups) {
    const auto train = static_cast<std::size_t>(
        std::ranges::count(group.members, SampleId::Split::train, &SampleId::split));
    const std::size_t test = group.members.size() - train;
    counts.samples += group.members.size();
    counts.train_surplus += train > 1 ? train - 1 : 0;
    counts.test_surplus += test > 1 ? test - 1 : 0;
    counts.test_in_train += train > 0 ? test : 0;
    counts.across_groups += group.across_splits ? 1 : 0;
    if (group.labels_agree) continue;
    ++counts.conflicting_groups;
    counts.conflicting_samples += group.members.size();
  }
  return counts;
}

}  // namespace

Duplicates find_duplicates(const DatasetSplits& splits, const Neighborhood& neighborhood,
                           const DuplicateOptions& options) {
  const AllSamples samples(splits);
  check_neighborhood(neighborhood, samples);
  const Copies copies = find_copies(samples);
  Duplicates result;
  for (const auto& [first, members] : copies) {
    result.exact.push_back(group_of(samples, members, 0));
  }
  std::ranges::stable_sort(result.exact, std::ranges::greater{},
                           [](const DuplicateGroup& group) { return group.members.size(); });
  result.near = near_groups(samples, copies, find_near_pairs(samples, neighborhood, options));
  result.exact_counts = count(result.exact);
  result.near_counts = count(result.near);
  return result;
}

}  // namespace thimble
