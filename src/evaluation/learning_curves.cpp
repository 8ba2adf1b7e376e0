#include "evaluation/learning_curves.hpp"

#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "base/error.hpp"

namespace thimble {
namespace {

double number(const nlohmann::json& line, const char* key, const std::string& place) {
  const auto value = line.find(key);
  if (value == line.end()) throw DataError(fmt::format("{}: no '{}'", place, key));
  // JSON knows no infinity and no NaN; the writer leaves null.
  if (value->is_null()) return std::numeric_limits<double>::quiet_NaN();
  if (!value->is_number()) {
    throw DataError(
        fmt::format("{}: '{}' is a {}, expected a number", place, key, value->type_name()));
  }
  return value->get<double>();
}

}  // namespace

LearningCurves learning_curves(std::span<const nlohmann::json> history, const std::string& place) {
  LearningCurves curves;
  const bool validated = !history.empty() && history.front().contains("validation_loss");
  for (std::size_t i = 0; i < history.size(); ++i) {
    const nlohmann::json& line = history[i];
    const std::string where = fmt::format("{}, line {}", place, i + 1);
    curves.epoch.push_back(number(line, "epoch", where));
    curves.loss.push_back(number(line, "loss", where));
    curves.accuracy.push_back(number(line, "accuracy", where));
    curves.learning_rate.push_back(number(line, "learning_rate", where));
    curves.seconds.push_back(number(line, "seconds", where));
    if (!validated) continue;
    curves.validation_loss.push_back(number(line, "validation_loss", where));
    curves.validation_accuracy.push_back(number(line, "validation_accuracy", where));
  }
  return curves;
}

std::optional<std::size_t> best_epoch(const LearningCurves& curves) {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < curves.validation_loss.size(); ++i) {
    if (std::isnan(curves.validation_loss[i])) continue;
    if (!best || curves.validation_loss[i] < curves.validation_loss[*best]) best = i;
  }
  return best;
}

nlohmann::json to_json(const LearningCurves& curves) {
  nlohmann::json json = {{"epoch", curves.epoch},
                         {"loss", curves.loss},
                         {"accuracy", curves.accuracy},
                         {"learning_rate", curves.learning_rate},
                         {"seconds", curves.seconds}};
  if (curves.has_validation()) {
    json["validation_loss"] = curves.validation_loss;
    json["validation_accuracy"] = curves.validation_accuracy;
  }
  return json;
}

}  // namespace thimble
