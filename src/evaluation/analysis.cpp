#include "evaluation/analysis.hpp"

#include <string>
#include <utility>
#include <vector>

namespace thimble {
namespace {

nlohmann::json or_null(const std::optional<double>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json();
}

nlohmann::json calibration_json(const Analysis& analysis) {
  nlohmann::json json = {{"mean_confidence", analysis.reliability.mean_confidence},
                         {"brier_score", analysis.brier_score},
                         {"equal_width", to_json(analysis.reliability)},
                         {"equal_mass", to_json(analysis.reliability_equal_mass)}};
  if (analysis.temperature) {
    const TemperatureScaling& scaled = *analysis.temperature;
    json["temperature_scaling"] = {{"temperature", scaled.temperature},
                                   {"validation_samples", scaled.validation_samples},
                                   {"loss", scaled.loss},
                                   {"brier_score", scaled.brier_score},
                                   {"equal_width", to_json(scaled.reliability)}};
  }
  return json;
}

}  // namespace

Analysis analyse(const Probabilities& probabilities, std::span<const std::int32_t> labels) {
  return {one_vs_rest_curves(probabilities, labels),
          reliability(probabilities, labels, Binning::equal_width),
          reliability(probabilities, labels, Binning::equal_mass),
          brier_score(probabilities, labels), CoverageCurve(probabilities, labels)};
}

TemperatureScaling judge_temperature(const Probabilities& probabilities,
                                     std::span<const std::int32_t> labels, double temperature,
                                     std::uint64_t validation_samples) {
  const Probabilities scaled = with_temperature(probabilities, temperature);
  double loss = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    loss += cross_entropy_of(scaled[i], static_cast<std::size_t>(labels[i]));
  }
  return {temperature, validation_samples, loss / static_cast<double>(labels.size()),
          brier_score(scaled, labels), reliability(scaled, labels)};
}

void add_json(const Analysis& analysis, bool points, nlohmann::json& evaluation) {
  nlohmann::json& classes = evaluation.at("classes");
  std::vector<std::string> names;
  for (std::size_t c = 0; c < analysis.curves.classes.size(); ++c) {
    classes.at(c)["average_precision"] = or_null(analysis.curves.classes[c].average_precision);
    classes.at(c)["roc_auc"] = or_null(analysis.curves.classes[c].roc_auc);
    names.push_back(classes.at(c).at("name"));
  }
  evaluation.at("macro")["average_precision"] = or_null(analysis.curves.macro_average_precision);
  evaluation.at("macro")["roc_auc"] = or_null(analysis.curves.macro_roc_auc);
  evaluation["calibration"] = calibration_json(analysis);
  evaluation["coverage"] = to_json(analysis.coverage);
  if (points) {
    evaluation["curves"] = to_json(analysis.curves, names);
  } else {
    evaluation["coverage"].erase("curve");
  }
  if (analysis.learning_curves) {
    evaluation["learning_curves"] = to_json(*analysis.learning_curves);
  }
  if (analysis.cost) evaluation["cost"] = to_json(*analysis.cost);
}

}  // namespace thimble
