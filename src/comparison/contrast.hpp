// What an easy data set hides and a harder one shows.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "comparison/comparison.hpp"

namespace thimble {

/// Two of the data sets, by their places in Comparison::data, over the models that were compared
/// on both.
struct Contrast {
  /// Two models that cannot be told apart on the easier data set, but on the harder one.
  struct HiddenPair {
    std::string first;  ///< the better on the harder data set
    std::string second;
    double difference_on_easier = 0;  ///< accuracy of `first` less that of `second`, of 1
    double difference_on_harder = 0;
  };

  std::size_t easier = 0;  ///< the one with the higher mean accuracy
  std::size_t harder = 0;
  std::vector<std::string> models;  ///< best on the harder one first
  /// How far half of the models (rounded up) come to the best: its accuracy less that of the last
  /// among them, of 1. A weak baseline, bad on everything, does not decide it.
  double half_within_on_easier = 0;
  double half_within_on_harder = 0;
  std::size_t real_on_easier = 0;  ///< pairs of `models` with a real difference
  std::size_t real_on_harder = 0;
  std::size_t pairs = 0;
  std::vector<HiddenPair> hidden_pairs;  ///< the largest difference on the harder one first
};

/// The easiest data set beside the hardest; nothing if fewer than two data sets share two models.
std::optional<Contrast> find_contrast(const Comparison& comparison);

/// The place of a model in DataComparison::models; nothing if it was not compared there.
std::optional<std::size_t> place_of(const DataComparison& data, const std::string& model);

}  // namespace thimble
