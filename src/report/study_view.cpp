#include "report/study_view.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include <fmt/format.h>

#include "base/text.hpp"

namespace thimble::report {
namespace {

using tuning::Parameter;
using tuning::Trial;

/// Trials that are compared after an equal number of epochs: at least so many, and so many for each
/// parameter, if there are.
constexpr std::size_t kFewestCompared = 10;
constexpr std::size_t kComparedForEach = 3;

/// The poorest value on an axis is so many times as far from the best as the middle one.
constexpr double kFarthest = 4;

std::map<std::string, std::string> short_names(const tuning::SearchSpace& space) {
  std::map<std::string, int> used;
  // "name" says nothing without its table.
  const auto last = [](const std::string& key) {
    const std::size_t dot = key.rfind('.');
    if (dot == std::string::npos) return key;
    const std::string part = key.substr(dot + 1);
    return part == "name" ? key : part;
  };
  for (const Parameter& parameter : space.parameters()) ++used[last(parameter.key)];
  std::map<std::string, std::string> names;
  for (const Parameter& parameter : space.parameters()) {
    const std::string name = last(parameter.key);
    names[parameter.key] = used[name] == 1 ? name : parameter.key;
  }
  return names;
}

EqualEpochs compare_at_equal_epochs(const tuning::Study& study, std::size_t parameters) {
  std::vector<std::size_t> lengths;
  for (const Trial& trial : study.trials) {
    if (!trial.curve.empty()) lengths.push_back(trial.curve.size());
  }
  if (lengths.empty()) return {};
  std::sort(lengths.rbegin(), lengths.rend());
  const std::size_t wanted =
      std::min(lengths.size(), std::max(kFewestCompared, kComparedForEach * parameters));
  const std::size_t epochs = lengths[wanted - 1];
  EqualEpochs equal;
  equal.epochs = static_cast<int>(epochs);
  for (const Trial& trial : study.trials) {
    if (trial.curve.size() < epochs || !std::isfinite(trial.curve[epochs - 1])) continue;
    equal.observations.push_back({trial.settings, trial.curve[epochs - 1], equal.epochs});
  }
  return equal;
}

}  // namespace

StudyView::StudyView(const tuning::Study& study)
    : study_(study),
      space_(tuning::SearchSpace::parse(study.plan.space_toml, "the study's space")),
      names_(short_names(space_)),
      winner_(tuning::winner(study)),
      equal_epochs_(compare_at_equal_epochs(study, space_.parameters().size())),
      importance_(tuning::importance(space_, equal_epochs_.observations, study.plan.seed)) {}

std::string StudyView::text(double value) const {
  return by_loss() ? fmt::format("{:.4f}", -value) : fmt::format("{:.2f} %", 100 * value);
}

std::string StudyView::gain_text(double gain) const {
  return by_loss() ? fmt::format("{:.4f} of loss", gain) : fmt::format("{:.2f} points", 100 * gain);
}

Axis StudyView::value_axis() const {
  if (by_loss()) return {.title = "Validation loss", .unit = "nats"};
  return {.title = "Validation accuracy", .unit = "%"};
}

StudyView::Clipped StudyView::clipped_axis() const {
  Clipped clipped{value_axis(), std::nullopt};
  std::vector<double> values;
  for (const Trial& trial : study_.trials) {
    if (!trial.curve.empty()) values.push_back(trial.value);
  }
  if (values.empty()) return clipped;
  std::sort(values.begin(), values.end());
  const double best = values.back();
  const double bound = best - kFarthest * (best - values[values.size() / 2]);
  if (bound >= best || values.front() >= bound) return clipped;
  // A whole percent or a tenth of loss, away from the good ones.
  const double unit = by_loss() ? 0.1 : 0.01;
  clipped.bound = std::floor(bound / unit) * unit;
  (by_loss() ? clipped.axis.max : clipped.axis.min) = shown(*clipped.bound);
  return clipped;
}

Axis StudyView::axis_of(const Parameter& parameter) const {
  Axis axis{.title = name(parameter.key)};
  if (parameter.kind == Parameter::Kind::choice) {
    axis.scale = Axis::Scale::category;
    for (const nlohmann::json& value : parameter.choices) {
      axis.categories.push_back(setting_text(value));
    }
    return axis;
  }
  axis.scale = parameter.log ? Axis::Scale::log : Axis::Scale::linear;
  axis.min = parameter.low;
  axis.max = parameter.high;
  return axis;
}

double StudyView::place_of(const Parameter& parameter, const Trial& trial) const {
  const auto found = trial.settings.find(parameter.key);
  if (found == trial.settings.end()) return std::numeric_limits<double>::quiet_NaN();
  if (parameter.kind != Parameter::Kind::choice) return found->second.get<double>();
  return tuning::to_unit(parameter, found->second);
}

std::vector<const Parameter*> StudyView::parameters() const {
  std::vector<const Parameter*> sorted;
  for (const tuning::Importance& one : importance_) sorted.push_back(&space_.parameter(one.key));
  if (!sorted.empty()) return sorted;
  for (const Parameter& parameter : space_.parameters()) sorted.push_back(&parameter);
  return sorted;
}

std::size_t StudyView::count(Trial::State state) const {
  return static_cast<std::size_t>(
      std::count_if(study_.trials.begin(), study_.trials.end(),
                    [&](const Trial& trial) { return trial.state == state; }));
}

std::string trial_name(const Trial& trial) {
  return trial.number == 0 ? "The recipe as it was" : fmt::format("Trial {}", trial.number);
}

std::string setting_text(const nlohmann::json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_float()) return fmt::format("{:.4g}", value.get<double>());
  if (!value.is_array()) return value.dump();
  std::string text;
  for (const nlohmann::json& one : value) text += (text.empty() ? "" : ", ") + setting_text(one);
  return "[" + text + "]";
}

}  // namespace thimble::report
