#include "data/split.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/random.hpp"
#include "base/text.hpp"

namespace thimble {
namespace {

std::size_t spared_by(std::size_t samples) { return samples > 0 ? samples - 1 : 0; }

std::size_t most_validation(const std::vector<std::vector<std::size_t>>& by_class) {
  std::size_t most = 0;
  for (const auto& samples : by_class) most += spared_by(samples.size());
  return most;
}

std::vector<std::vector<std::size_t>> group_by_class(std::span<const std::int32_t> labels,
                                                     std::size_t classes) {
  std::vector<std::vector<std::size_t>> by_class(classes);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    by_class.at(static_cast<std::size_t>(labels[i])).push_back(i);
  }
  return by_class;
}

/// Samples each class gives up: its share of `count`, rounded so that the sum is `count`
/// (Hamilton's method), at most what it can spare. What a class cannot give, those with the most
/// left do.
std::vector<std::size_t> quotas(const std::vector<std::vector<std::size_t>>& by_class,
                                std::size_t n, std::size_t count) {
  const std::size_t classes = by_class.size();
  std::vector<std::size_t> quota(classes);
  std::vector<std::size_t> remainder(classes);  // in units of 1/n of a sample
  std::size_t given = 0;
  for (std::size_t k = 0; k < classes; ++k) {
    const std::size_t share = by_class[k].size() * count;
    quota[k] = std::min(share / n, spared_by(by_class[k].size()));
    remainder[k] = share % n;
    given += quota[k];
  }
  std::vector<std::size_t> order(classes);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(
      order, [&](std::size_t a, std::size_t b) { return remainder[a] > remainder[b]; });
  while (given < count) {
    for (const std::size_t k : order) {
      if (given < count && quota[k] < spared_by(by_class[k].size())) {
        ++quota[k];
        ++given;
      }
    }
  }
  return quota;
}

}  // namespace

SplitIndices stratified_split(std::span<const std::int32_t> labels, std::size_t classes,
                              std::size_t count, std::uint64_t seed) {
  std::vector<std::vector<std::size_t>> by_class = group_by_class(labels, classes);
  const std::size_t most = most_validation(by_class);
  if (count > most) {
    throw UsageError(fmt::format(
        "validation: {} samples asked for, but of {} no more than {} can be spared if each class "
        "is to keep one",
        format_count(count), format_count(labels.size()), format_count(most)));
  }
  SplitIndices split;
  const std::vector<std::size_t> quota =
      labels.empty() ? std::vector<std::size_t>(classes) : quotas(by_class, labels.size(), count);
  for (std::size_t k = 0; k < classes; ++k) {
    std::vector<std::size_t>& samples = by_class[k];
    Random(hash_seed(seed, k)).shuffle(std::span(samples));
    const auto middle = samples.begin() + static_cast<std::ptrdiff_t>(quota[k]);
    split.validation.insert(split.validation.end(), samples.begin(), middle);
    split.train.insert(split.train.end(), middle, samples.end());
  }
  std::ranges::sort(split.train);
  std::ranges::sort(split.validation);
  return split;
}

TrainValidation split_validation(const Dataset& dataset, std::size_t count, std::uint64_t seed) {
  const SplitIndices split = stratified_split(dataset.labels, dataset.classes.size(), count, seed);
  TrainValidation result{dataset.select(split.train), dataset.select(split.validation)};
  result.train.provenance.split = "train";
  result.validation.provenance.split = "validation";
  return result;
}

TrainValidation split_validation_fraction(const Dataset& dataset, double fraction,
                                          std::uint64_t seed) {
  if (!(fraction >= 0 && fraction < 1)) {
    throw UsageError(fmt::format(
        "validation: {} of the training set, expected a share from 0 to less than 1", fraction));
  }
  const std::size_t most = most_validation(group_by_class(dataset.labels, dataset.classes.size()));
  const auto wanted =
      static_cast<std::size_t>(std::llround(fraction * static_cast<double>(dataset.size())));
  return split_validation(dataset, std::min(wanted, most), seed);
}

}  // namespace thimble
