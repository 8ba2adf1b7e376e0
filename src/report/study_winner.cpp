// The recipe that came out, and the trials one by one.

#include <fmt/format.h>

#include "base/text.hpp"
#include "report/study_sections.hpp"
#include "report/words.hpp"
#include "tuning/winner.hpp"

namespace thimble::report {
namespace {

using tuning::Trial;

/// A recipe's value, "optimizer.learning_rate"; nothing if it is not there.
std::optional<nlohmann::json> setting_of(const nlohmann::json& settings, const std::string& key) {
  const nlohmann::json* place = &settings;
  for (const std::string& part : split(key, '.')) {
    if (!place->is_object() || !place->contains(part)) return std::nullopt;
    place = &place->at(part);
  }
  return *place;
}

struct ChangedSetting {
  std::string key;
  std::string before;
  std::string after;
};

std::vector<ChangedSetting> changed_settings(const StudyView& view) {
  std::vector<ChangedSetting> changed;
  for (const auto& [key, value] : view.winner()->settings) {
    const auto before = setting_of(view.study().plan.recipe.settings, key);
    const std::string text = before ? setting_text(*before) : "";
    if (text != setting_text(value)) changed.push_back({key, text, setting_text(value)});
  }
  return changed;
}

Table changes_table(const std::vector<ChangedSetting>& changed) {
  Table table;
  table.caption = "What the winner changes";
  table.columns = {{"Setting"}, {"As it was"}, {"Winner"}};
  for (const ChangedSetting& one : changed) {
    table.rows.push_back({one.key, one.before.empty() ? Cell{} : Cell{one.before}, one.after});
  }
  return table;
}

std::string state_text(Trial::State state) {
  switch (state) {
    case Trial::State::finished:
      return "finished";
    case Trial::State::stopped:
      return "stopped";
    case Trial::State::failed:
      break;
  }
  return "failed";
}

Cell setting_cell(const Trial& trial, const std::string& key) {
  const auto found = trial.settings.find(key);
  if (found == trial.settings.end()) return {};
  if (found->second.is_number()) return found->second.get<double>();
  return setting_text(found->second);
}

std::vector<Cell> trial_row(const StudyView& view, const Trial& trial) {
  const bool failed = trial.state == Trial::State::failed;
  std::vector<Cell> row{trial.number == 0 ? "as it was" : fmt::format("{}", trial.number),
                        state_text(trial.state)};
  // Accuracy, loss and epochs.
  if (!view.by_loss()) row.push_back(failed ? Cell{} : Cell{trial.value});
  row.push_back(failed ? Cell{} : Cell{trial.loss});
  row.push_back(failed ? Cell{} : Cell{static_cast<double>(trial.curve.size())});
  row.emplace_back(trial.seconds);
  for (const tuning::Parameter* parameter : view.parameters()) {
    row.push_back(trial.number == 0 ? Cell{} : setting_cell(trial, parameter->key));
  }
  if (view.count(Trial::State::failed) > 0) row.push_back(failed ? Cell{trial.reason} : Cell{});
  return row;
}

std::string trials_finding(const StudyView& view) {
  for (const Trial& trial : view.study().trials) {
    if (trial.state != Trial::State::failed) continue;
    const std::size_t failed = view.count(Trial::State::failed);
    return fmt::format("{} failed; trial {}: {}{}", counted(failed, "trial", "trials"),
                       trial.number, trial.reason, trial.reason.ends_with('.') ? "" : ".");
  }
  return "No trial failed; click a column's head to sort by it.";
}

}  // namespace

Section winner_section(const StudyView& view) {
  const std::vector<ChangedSetting> changed = changed_settings(view);
  Section section{"winner", "The recipe that came out", "", {}};
  if (changed.empty()) {
    section.finding = "The recipe as it was is the best that was found.";
  } else {
    std::vector<std::string> names;
    for (const ChangedSetting& one : changed) names.push_back(view.name(one.key));
    section.finding =
        fmt::format("The winner, trial {}, changes {}.", view.winner()->number, listed(names));
    section.blocks.emplace_back(changes_table(changed));
  }
  section.blocks.emplace_back(Code{"winner-recipe", "The whole recipe, every setting spelled out",
                                   "winner.toml", to_toml(tuning::winner_recipe(view.study()))});
  return section;
}

Section trials_section(const StudyView& view) {
  using Format = Column::Format;
  Table table;
  table.caption = "Trials. Empty settings were not in force";
  table.columns = {{"Trial"}, {"State"}};
  if (!view.by_loss()) table.columns.push_back({"Accuracy", Format::percent});
  table.columns.push_back({"Loss", Format::decimal});
  table.columns.push_back({"Epochs", Format::integer});
  table.columns.push_back({"Time", Format::seconds});
  for (const tuning::Parameter* parameter : view.parameters()) {
    table.columns.push_back({view.name(parameter->key)});
  }
  if (view.count(Trial::State::failed) > 0) table.columns.push_back({"Why it failed"});
  if (view.study().baseline) table.rows.push_back(trial_row(view, *view.study().baseline));
  for (const Trial& trial : view.study().trials) table.rows.push_back(trial_row(view, trial));
  return {"trials", "Trial by trial", trials_finding(view), {std::move(table)}};
}

}  // namespace thimble::report
