#include "comparison/contrast.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace thimble {
namespace {

double accuracy(const DataComparison& data, const std::string& model) {
  return data.models[*place_of(data, model)].evaluation.accuracy;
}

double mean_accuracy(const DataComparison& data) {
  double sum = 0;
  for (const ComparedModel& model : data.models) sum += model.evaluation.accuracy;
  return data.models.empty() ? 0 : sum / static_cast<double>(data.models.size());
}

double half_within(const DataComparison& data, const std::vector<std::string>& models) {
  std::vector<double> accuracies;
  for (const std::string& model : models) accuracies.push_back(accuracy(data, model));
  std::ranges::sort(accuracies, std::greater<>());
  return accuracies.front() - accuracies[(accuracies.size() - 1) / 2];
}

}  // namespace

std::optional<std::size_t> place_of(const DataComparison& data, const std::string& model) {
  for (std::size_t i = 0; i < data.models.size(); ++i) {
    if (data.models[i].name == model) return i;
  }
  return std::nullopt;
}

std::optional<Contrast> find_contrast(const Comparison& comparison) {
  if (comparison.data.size() < 2) return std::nullopt;
  Contrast contrast;
  const auto less_accurate = [](const DataComparison& a, const DataComparison& b) {
    return mean_accuracy(a) < mean_accuracy(b);
  };
  const auto [hardest, easiest] = std::ranges::minmax_element(comparison.data, less_accurate);
  contrast.easier = static_cast<std::size_t>(easiest - comparison.data.begin());
  contrast.harder = static_cast<std::size_t>(hardest - comparison.data.begin());
  const DataComparison& easier = *easiest;
  const DataComparison& harder = *hardest;
  for (const ComparedModel& model : harder.models) {
    if (place_of(easier, model.name)) contrast.models.push_back(model.name);
  }
  if (contrast.models.size() < 2 || contrast.easier == contrast.harder) return std::nullopt;

  contrast.half_within_on_easier = half_within(easier, contrast.models);
  contrast.half_within_on_harder = half_within(harder, contrast.models);
  for (std::size_t i = 0; i < contrast.models.size(); ++i) {
    for (std::size_t j = i + 1; j < contrast.models.size(); ++j) {
      const std::string& first = contrast.models[i];
      const std::string& second = contrast.models[j];
      const bool on_easier =
          easier.pair(*place_of(easier, first), *place_of(easier, second)).is_real();
      const bool on_harder =
          harder.pair(*place_of(harder, first), *place_of(harder, second)).is_real();
      ++contrast.pairs;
      contrast.real_on_easier += on_easier ? 1u : 0u;
      contrast.real_on_harder += on_harder ? 1u : 0u;
      if (on_easier || !on_harder) continue;
      contrast.hidden_pairs.push_back({first, second,
                                       accuracy(easier, first) - accuracy(easier, second),
                                       accuracy(harder, first) - accuracy(harder, second)});
    }
  }
  std::ranges::stable_sort(contrast.hidden_pairs, [](const auto& a, const auto& b) {
    return a.difference_on_harder > b.difference_on_harder;
  });
  return contrast;
}

}  // namespace thimble
