#include "comparison/comparison.hpp"

#include <algorithm>
#include <utility>

#include "base/shipped.hpp"
#include "comparison/contrast.hpp"
#include "comparison/disagreement.hpp"
#include "models/description.hpp"

namespace thimble {
namespace {

using nlohmann::json;

constexpr int kFormat = 1;
constexpr std::size_t kListedSamples = 100;  // of each list of test pictures in the JSON

ComparedModel judged(FinishedCell cell, const Dataset& test) {
  ComparedModel model;
  model.name = cell.result.model;
  model.measured = std::move(cell.result);
  model.evaluation = evaluate(cell.probabilities, test.labels, test.classes);
  model.predicted.reserve(test.size());
  for (std::size_t i = 0; i < test.size(); ++i) {
    model.predicted.push_back(static_cast<std::int32_t>(predicted_class(cell.probabilities[i])));
  }
  model.probabilities = std::move(cell.probabilities);
  return model;
}

std::vector<ModelPair> tested_pairs(const std::vector<ComparedModel>& models,
                                    std::span<const std::int32_t> labels) {
  std::vector<ModelPair> pairs;
  std::vector<double> p_values;
  for (std::size_t a = 0; a < models.size(); ++a) {
    for (std::size_t b = a + 1; b < models.size(); ++b) {
      ModelPair pair;
      pair.first = a;
      pair.second = b;
      pair.counts = paired_counts(models[a].predicted, models[b].predicted, labels);
      pair.p = mcnemar_test(pair.counts);
      pair.difference = models[a].evaluation.accuracy - models[b].evaluation.accuracy;
      pair.interval = accuracy_difference_interval(pair.counts);
      p_values.push_back(pair.p);
      pairs.push_back(pair);
    }
  }
  const std::vector<double> adjusted = holm_adjusted(p_values);
  for (std::size_t i = 0; i < pairs.size(); ++i) pairs[i].p_adjusted = adjusted[i];
  return pairs;
}

json interval_json(const Interval& interval) { return {interval.low, interval.high}; }

json model_json(const ComparedModel& model) {
  json figures = to_json(model.evaluation);
  for (const char* key : {"model", "data", "samples"}) figures.erase(key);
  json all = to_json(model.measured);
  all.update(figures);
  return all;
}

json pair_json(const ModelPair& pair, const DataComparison& data) {
  return {{"first", data.models[pair.first].name},
          {"second", data.models[pair.second].name},
          {"difference", pair.difference},
          {"difference_interval", interval_json(pair.interval)},
          {"only_first_right", pair.counts.only_first},
          {"only_second_right", pair.counts.only_second},
          {"p", pair.p},
          {"p_adjusted", pair.p_adjusted},
          {"real", pair.is_real()}};
}

json first_of(std::span<const std::size_t> samples) {
  json list = json::array();
  for (const std::size_t i : samples.first(std::min(kListedSamples, samples.size()))) {
    list.push_back(i);
  }
  return list;
}

json disagreement_json(const DataComparison& data) {
  const Disagreement found = find_disagreement(data);
  json only = json::object();
  for (std::size_t m = 0; m < data.models.size(); ++m) {
    only[data.models[m].name] = {{"count", found.only_right_by[m].size()},
                                 {"first", first_of(found.only_right_by[m])}};
  }
  return {{"right_by", found.right_by},
          {"most_divided", first_of(found.most_divided)},
          {"all_wrong", {{"count", found.all_wrong.size()}, {"first", first_of(found.all_wrong)}}},
          {"only_right_by", std::move(only)}};
}

json data_json(const DataComparison& data) {
  json models = json::array();
  for (const ComparedModel& model : data.models) models.push_back(model_json(model));
  json pairs = json::array();
  for (const ModelPair& pair : data.pairs) pairs.push_back(pair_json(pair, data));
  return {{"name", data.name},
          {"test", to_json(data.test.provenance)},
          {"test_samples", data.test.size()},
          {"training_samples", data.training_samples},
          {"notes", data.notes},
          {"models", std::move(models)},
          {"pairs", std::move(pairs)},
          {"disagreement", disagreement_json(data)}};
}

}  // namespace

const ModelPair& DataComparison::pair(std::size_t a, std::size_t b) const {
  if (a > b) std::swap(a, b);
  // Rows of a triangle, each one shorter than that before it.
  return pairs.at(a * (2 * models.size() - a - 1) / 2 + (b - a - 1));
}

DataComparison compare_models(std::string name, Dataset test, std::vector<FinishedCell> cells) {
  DataComparison data;
  data.name = std::move(name);
  data.test = std::move(test);
  for (FinishedCell& cell : cells) data.models.push_back(judged(std::move(cell), data.test));
  std::ranges::stable_sort(data.models, [](const ComparedModel& a, const ComparedModel& b) {
    return a.evaluation.accuracy > b.evaluation.accuracy;
  });
  data.pairs = tested_pairs(data.models, data.test.labels);
  return data;
}

json to_json(const Comparison& comparison) {
  json data = json::array();
  for (const DataComparison& one : comparison.data) data.push_back(data_json(one));
  json all = {{"format", kFormat},
              {"program_version", program_version()},
              {"quick", comparison.quick},
              {"seed", comparison.seed ? json(*comparison.seed) : json()},
              {"seconds", comparison.seconds},
              {"data", std::move(data)}};
  if (const auto contrast = find_contrast(comparison)) {
    json pairs = json::array();
    for (const Contrast::HiddenPair& pair : contrast->hidden_pairs) {
      pairs.push_back({{"first", pair.first},
                       {"second", pair.second},
                       {"difference_on_easier", pair.difference_on_easier},
                       {"difference_on_harder", pair.difference_on_harder}});
    }
    all["contrast"] = {{"easier", comparison.data[contrast->easier].name},
                       {"harder", comparison.data[contrast->harder].name},
                       {"models", contrast->models},
                       {"half_within_on_easier", contrast->half_within_on_easier},
                       {"half_within_on_harder", contrast->half_within_on_harder},
                       {"real_on_easier", contrast->real_on_easier},
                       {"real_on_harder", contrast->real_on_harder},
                       {"hidden_pairs", std::move(pairs)}};
  }
  return all;
}

}  // namespace thimble
