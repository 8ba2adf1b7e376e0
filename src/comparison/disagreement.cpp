#include "comparison/disagreement.hpp"

#include <algorithm>
#include <cmath>

namespace thimble {
namespace {

std::size_t label_of(const DataComparison& data, std::size_t sample) {
  return static_cast<std::size_t>(data.test.labels[sample]);
}

std::vector<double> agreements(const DataComparison& data) {
  const std::size_t models = data.models.size();
  std::vector<double> shares(models * models, 1.0);
  for (std::size_t a = 0; a < models; ++a) {
    for (std::size_t b = a + 1; b < models; ++b) {
      std::size_t same = 0;
      for (std::size_t i = 0; i < data.test.size(); ++i) {
        same += data.models[a].predicted[i] == data.models[b].predicted[i] ? 1u : 0u;
      }
      shares[a * models + b] = shares[b * models + a] =
          static_cast<double>(same) / static_cast<double>(data.test.size());
    }
  }
  return shares;
}

/// Sorts samples by a key of each, largest first.
template <class Key>
void sort_largest_first(std::vector<std::size_t>& samples, const std::vector<Key>& keys) {
  std::ranges::stable_sort(samples,
                           [&](std::size_t a, std::size_t b) { return keys[a] > keys[b]; });
}

}  // namespace

Vote vote_on(const DataComparison& data, std::size_t sample) {
  std::vector<std::size_t> votes(data.test.classes.size());
  for (const ComparedModel& model : data.models) {
    ++votes[static_cast<std::size_t>(model.predicted[sample])];
  }
  Vote vote;
  const auto largest = std::ranges::max_element(votes);
  vote.winner = static_cast<std::size_t>(largest - votes.begin());
  vote.count = *largest;
  const auto models = static_cast<double>(data.models.size());
  for (const ComparedModel& model : data.models) {
    vote.probability += static_cast<double>(model.probabilities[sample][vote.winner]) / models;
  }
  for (const std::size_t count : votes) {
    const double share = static_cast<double>(count) / models;
    if (count > 0) vote.entropy -= share * std::log(share);
  }
  return vote;
}

Disagreement find_disagreement(const DataComparison& data) {
  const std::size_t models = data.models.size();
  const std::size_t samples = data.test.size();
  Disagreement found;
  found.right_by.resize(models + 1);
  found.only_right_by.resize(models);
  found.agreement = agreements(data);
  std::vector<Vote> votes;
  std::vector<double> entropies;
  std::vector<double> unanimity;
  std::vector<float> sureness(samples);
  for (std::size_t i = 0; i < samples; ++i) {
    votes.push_back(vote_on(data, i));
    entropies.push_back(votes.back().entropy);
    // The mean probability, below 1 at any rate, decides between equal numbers of votes.
    unanimity.push_back(static_cast<double>(votes.back().count) + 0.999 * votes.back().probability);
    std::size_t right = 0;
    std::size_t last_right = 0;
    for (std::size_t m = 0; m < models; ++m) {
      if (data.models[m].predicted[i] != data.test.labels[i]) continue;
      ++right;
      last_right = m;
    }
    ++found.right_by[right];
    if (entropies.back() > 0) found.most_divided.push_back(i);
    if (right == 0) found.all_wrong.push_back(i);
    if (right == 1 && models > 1) {
      found.only_right_by[last_right].push_back(i);
      sureness[i] = data.models[last_right].probabilities[i][label_of(data, i)];
    }
  }
  sort_largest_first(found.most_divided, entropies);
  sort_largest_first(found.all_wrong, unanimity);
  for (auto& list : found.only_right_by) sort_largest_first(list, sureness);
  return found;
}

}  // namespace thimble
