// Which settings were tried, and which mattered.

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "base/text.hpp"
#include "report/study_sections.hpp"
#include "report/words.hpp"

namespace thimble::report {
namespace {

using tuning::Importance;
using tuning::Parameter;
using tuning::Trial;

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();
/// A share of the variance that is worth a word.
constexpr double kWorthSaying = 0.05;

std::string epochs_text(const StudyView& view) {
  return counted(static_cast<std::size_t>(view.equal_epochs().epochs), "epoch", "epochs");
}

bool learns_in_one_go(const StudyView& view) {
  return std::all_of(view.study().trials.begin(), view.study().trials.end(),
                     [](const Trial& trial) { return trial.curve.size() <= 1; });
}

std::string importance_finding(const StudyView& view) {
  const std::vector<Importance>& found = view.importance();
  if (found.empty()) {
    return "The trials are too few, or too much alike, to tell which settings mattered.";
  }
  std::string text = fmt::format(
      "{} mattered most: by itself it explains {} of the differences "
      "between trials",
      view.name(found[0].key), percentage(found[0].share));
  std::vector<std::string> others;
  for (std::size_t i = 1; i < found.size(); ++i) {
    if (found[i].share < kWorthSaying) break;
    others.push_back(fmt::format("{} {}", view.name(found[i].key), percentage(found[i].share)));
  }
  if (!others.empty()) text += ", " + listed(others);
  const std::size_t rest = found.size() - 1 - others.size();
  if (rest == 0) return text + ".";
  return fmt::format("{}; {} hardly any.", text,
                     rest == 1 ? "the other" : fmt::format("the other {}", rest));
}

Chart importance_chart(const StudyView& view) {
  Chart chart;
  chart.id = "importance";
  chart.title = "What each setting explains by itself";
  chart.description =
      "A bar for each setting: its share of the variance between trials, with the spread between "
      "the trees of the model that it was taken from";
  chart.kind = Chart::Kind::bars;
  chart.horizontal = true;
  chart.x = {.title = "Share of the variance", .unit = "%", .min = 0, .max = 100};
  chart.y = {.title = "", .scale = Axis::Scale::category};
  Series series;
  series.name = "Share";
  for (const Importance& one : view.importance()) {
    chart.y.categories.push_back(view.name(one.key));
    series.y.push_back(100 * one.share);
    series.low.push_back(100 * std::max(0.0, one.share - one.deviation));
    series.high.push_back(100 * std::min(1.0, one.share + one.deviation));
  }
  chart.series.push_back(std::move(series));
  return chart;
}

/// The trials, poor ones first and the winner last; failed ones before all others.
std::vector<const Trial*> drawing_order(const StudyView& view) {
  std::vector<const Trial*> order;
  for (const Trial& trial : view.study().trials) order.push_back(&trial);
  const auto height = [&](const Trial* trial) {
    if (trial == view.winner()) return std::numeric_limits<double>::infinity();
    return trial->state == Trial::State::failed ? -std::numeric_limits<double>::infinity()
                                                : trial->value;
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](const Trial* a, const Trial* b) { return height(a) < height(b); });
  return order;
}

ParallelLines parallel_lines(const StudyView& view) {
  std::vector<const Parameter*> parameters = view.parameters();
  // The most important beside the value.
  std::reverse(parameters.begin(), parameters.end());
  ParallelLines parallel;
  for (const Parameter* parameter : parameters) {
    parallel.axes.push_back({view.axis_of(*parameter), "not used"});
  }
  parallel.axes.push_back({view.value_axis(), "failed"});
  const std::vector<const Trial*> order = drawing_order(view);
  const auto failed = static_cast<double>(view.count(Trial::State::failed));
  const double ranks = static_cast<double>(order.size()) - failed - 1;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Trial& trial = *order[i];
    const bool has_value = trial.state != Trial::State::failed;
    ParallelLines::Line line{trial_name(trial), {}, kNothing};
    for (const Parameter* parameter : parameters) {
      line.values.push_back(view.place_of(*parameter, trial));
    }
    line.values.push_back(has_value ? view.shown(trial.value) : kNothing);
    // By rank: a few very poor trials would make all others alike.
    if (has_value) line.shade = ranks > 0 ? (static_cast<double>(i) - failed) / ranks : 1;
    if (&trial == view.winner()) {
      line.name += ", the best";
      parallel.marked = i;
    }
    parallel.lines.push_back(std::move(line));
  }
  return parallel;
}

/// What the better of the trials have in common: the range of the most important number that holds
/// the best tenth, or the choice that most of them made.
std::string parallel_finding(const StudyView& view) {
  constexpr std::size_t kFewest = 10;  // trials
  const std::vector<Trial>& trials = view.study().trials;
  std::vector<const Trial*> good;
  for (const Trial& trial : trials) {
    if (trial.state != Trial::State::failed) good.push_back(&trial);
  }
  if (good.size() < kFewest) return "Every line is a trial; the stronger, the better it was.";
  std::stable_sort(good.begin(), good.end(),
                   [](const Trial* a, const Trial* b) { return a->value > b->value; });
  good.resize(std::max<std::size_t>(3, good.size() / 10));
  const Parameter& parameter = *view.parameters().front();
  const Axis axis = view.axis_of(parameter);
  std::vector<double> places;
  for (const Trial* trial : good) {
    const double place = view.place_of(parameter, *trial);
    if (std::isfinite(place)) places.push_back(place);
  }
  if (places.empty()) {
    return fmt::format("None of the best {} trials uses {}.", good.size(), axis.title);
  }
  if (axis.scale == Axis::Scale::category) {
    std::vector<std::size_t> counts(axis.categories.size());
    for (const double place : places) ++counts[static_cast<std::size_t>(place)];
    const auto most = std::max_element(counts.begin(), counts.end());
    return fmt::format("Of the best {} trials {} have {} {}.", good.size(), *most, axis.title,
                       axis.categories[static_cast<std::size_t>(most - counts.begin())]);
  }
  const auto [low, high] = std::minmax_element(places.begin(), places.end());
  return fmt::format("The best {} trials have {} between {} and {}.", good.size(), axis.title,
                     setting_text(*low), setting_text(*high));
}

Series slice_points(const StudyView& view, const StudyView::Clipped& clipped,
                    const Parameter& parameter, Trial::State state, const std::string& name) {
  Series series;
  series.name = name;
  series.style = Series::Style::points;
  for (const Trial& trial : view.study().trials) {
    const double place = view.place_of(parameter, trial);
    const bool on = !clipped.bound || trial.value >= *clipped.bound;
    if (trial.state != state || !std::isfinite(place) || !on) continue;
    series.x.push_back(place);
    series.y.push_back(view.shown(trial.value));
    series.labels.push_back(trial_name(trial));
  }
  return series;
}

Chart slice_chart(const StudyView& view, const StudyView::Clipped& clipped,
                  const Parameter& parameter) {
  Chart chart;
  chart.id = "slice-" + file_name_for(parameter.key);
  chart.title = view.name(parameter.key);
  chart.description = "A point for each trial that has the setting in force";
  chart.kind = Chart::Kind::points;
  chart.x = view.axis_of(parameter);
  chart.x.title = parameter.key;
  chart.y = clipped.axis;
  for (const auto& [state, name] : {std::pair(Trial::State::stopped, "Stopped early"),
                                    std::pair(Trial::State::finished, "To the end")}) {
    Series series = slice_points(view, clipped, parameter, state, name);
    if (!series.y.empty()) chart.series.push_back(std::move(series));
  }
  return chart;
}

std::string slices_finding(const StudyView& view) {
  const Trial* winner = view.winner();
  if (winner == nullptr || winner->number == 0)
    return "Each setting by itself, the others as tried.";
  const Parameter& parameter = *view.parameters().front();
  const auto found = winner->settings.find(parameter.key);
  const std::string name = view.name(parameter.key);
  if (found == winner->settings.end()) return fmt::format("The best trial does not use {}.", name);
  const std::string value = setting_text(found->second);
  if (parameter.kind == Parameter::Kind::choice) {
    return fmt::format("The best trial has {} {}.", name, value);
  }
  // Near an end of the range the best may lie outside of it.
  constexpr double kNear = 0.05;
  const double place = tuning::to_unit(parameter, found->second);
  if (place > kNear && place < 1 - kNear) {
    return fmt::format("The best trial has {} {}, well inside its range.", name, value);
  }
  return fmt::format(
      "The best trial has {} {}, at the {} end of its range: a wider one may hold a "
      "better value.",
      name, value, place <= kNear ? "lower" : "upper");
}

}  // namespace

Section importance_section(const StudyView& view) {
  Section section{
      "importance-of-settings", "Which settings mattered", importance_finding(view), {}};
  if (view.importance().empty()) return section;
  section.blocks.emplace_back(importance_chart(view));
  std::string compared;
  if (!learns_in_one_go(view)) {
    compared =
        fmt::format(" Compared are the {} trials that got to {}, by what they reached there.",
                    view.equal_epochs().observations.size(), epochs_text(view));
  }
  section.blocks.emplace_back(Paragraph{
      "Functional analysis of variance of a random forest that was fitted to the trials: how much "
      "the value changes with one setting, on average over all others. What the bars lack to 100 % "
      "is the work of several settings together. Ranges count: a setting that was varied little "
      "explains little." +
      compared});
  return section;
}

Section parallel_section(const StudyView& view) {
  Chart chart;
  chart.id = "all-trials";
  chart.title = "All trials: the stronger a line, the better; orange is the best";
  chart.description =
      "A line for each trial across an axis for each setting, the most important one last, and one "
      "for what it reached; failed trials are dashed";
  chart.kind = Chart::Kind::parallel;
  chart.parallel = parallel_lines(view);
  return {"trials-by-settings", "All trials at once", parallel_finding(view), {std::move(chart)}};
}

Section slices_section(const StudyView& view) {
  const StudyView::Clipped clipped = view.clipped_axis();
  SideBySide charts;
  for (const Parameter* parameter : view.parameters()) {
    charts.blocks.emplace_back(slice_chart(view, clipped, *parameter));
  }
  return {"slices", "Each setting by itself", slices_finding(view), {std::move(charts)}};
}

}  // namespace thimble::report
