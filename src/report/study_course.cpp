// How a search went: what each trial reached, and how it learned.

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include <fmt/format.h>

#include "base/text.hpp"
#include "report/study_sections.hpp"
#include "report/words.hpp"

namespace thimble::report {
namespace {

using tuning::Trial;

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

/// Whether a value is on the axis.
bool is_on(const StudyView::Clipped& clipped, double value) {
  return std::isfinite(value) && (!clipped.bound || value >= *clipped.bound);
}

Series trial_points(const StudyView& view, const StudyView::Clipped& clipped, Trial::State state,
                    const std::string& name) {
  Series series;
  series.name = name;
  series.style = Series::Style::points;
  for (const Trial& trial : view.study().trials) {
    if (trial.state != state) continue;
    series.x.push_back(trial.number);
    series.y.push_back(is_on(clipped, trial.value) ? view.shown(trial.value) : kNothing);
    series.labels.push_back(fmt::format("{}, {} {}", trial_name(trial), trial.curve.size(),
                                        trial.curve.size() == 1 ? "epoch" : "epochs"));
  }
  return series;
}

/// The best finished trial up to each one.
Series best_so_far(const StudyView& view, const StudyView::Clipped& clipped) {
  Series series;
  series.name = "Best so far";
  series.style = Series::Style::step;
  double best = -std::numeric_limits<double>::infinity();
  for (const Trial& trial : view.study().trials) {
    const bool better = trial.state == Trial::State::finished && trial.value > best;
    if (better) best = trial.value;
    const bool last = &trial == &view.study().trials.back();
    if ((!better && !last) || !is_on(clipped, best)) continue;
    series.x.push_back(trial.number);
    series.y.push_back(view.shown(best));
  }
  return series;
}

/// A note on trials too poor for the axis; nothing if there is none.
std::optional<Paragraph> off_axis_note(const StudyView& view, const StudyView::Clipped& clipped) {
  if (!clipped.bound) return std::nullopt;
  const auto& trials = view.study().trials;
  const auto off = std::count_if(trials.begin(), trials.end(), [&](const Trial& trial) {
    return !trial.curve.empty() && !is_on(clipped, trial.value);
  });
  return Paragraph{fmt::format(
      "Not on the chart: {} with {} {}.", counted(static_cast<std::size_t>(off), "trial", "trials"),
      view.by_loss() ? "a loss above" : "less than", view.text(*clipped.bound))};
}

std::string history_finding(const StudyView& view) {
  const tuning::Study& study = view.study();
  const Trial* winner = view.winner();
  if (winner == nullptr) return "No trial has finished yet.";
  if (winner->number == 0) return "No trial was better than the recipe as it was.";
  std::string text =
      fmt::format("The best, trial {} of {}, came {} after the beginning", winner->number,
                  study.trials.size(), format_duration(winner->started_s + winner->seconds));
  if (!study.baseline || study.baseline->state != Trial::State::finished) return text + ".";
  const auto better =
      std::count_if(study.trials.begin(), study.trials.end(), [&](const Trial& trial) {
        return trial.state == Trial::State::finished && trial.value > study.baseline->value;
      });
  return fmt::format("{}; {} of {} that went to their end were better than the recipe as it was.",
                     text, better, view.count(Trial::State::finished));
}

/// All curves but the winner's in one series, with gaps between.
Series all_curves(const StudyView& view) {
  Series series;
  series.name = "Trials";
  series.style = Series::Style::faint;
  for (const Trial& trial : view.study().trials) {
    if (&trial == view.winner() || trial.curve.size() < 2) continue;
    if (!series.y.empty()) {
      series.x.push_back(1);
      series.y.push_back(kNothing);
    }
    for (std::size_t i = 0; i < trial.curve.size(); ++i) {
      series.x.push_back(static_cast<double>(i + 1));
      series.y.push_back(view.shown(trial.curve[i]));
    }
  }
  return series;
}

Series stopping_points(const StudyView& view, const StudyView::Clipped& clipped) {
  Series series;
  series.name = "Stopped there";
  series.style = Series::Style::points;
  for (const Trial& trial : view.study().trials) {
    if (trial.state != Trial::State::stopped || trial.curve.empty()) continue;
    series.x.push_back(static_cast<double>(trial.curve.size()));
    series.y.push_back(is_on(clipped, trial.value) ? view.shown(trial.value) : kNothing);
    series.labels.push_back(trial_name(trial));
  }
  return series;
}

Series curve_of(const StudyView& view, const Trial& trial, Series::Style style) {
  Series series;
  series.name = trial_name(trial);
  series.style = style;
  for (std::size_t i = 0; i < trial.curve.size(); ++i) {
    series.x.push_back(static_cast<double>(i + 1));
    series.y.push_back(view.shown(trial.curve[i]));
  }
  return series;
}

std::size_t longest_curve(const tuning::Study& study) {
  std::size_t longest = study.baseline ? study.baseline->curve.size() : 0;
  for (const Trial& trial : study.trials) longest = std::max(longest, trial.curve.size());
  return longest;
}

std::string curves_finding(const StudyView& view) {
  const tuning::Study& study = view.study();
  const std::size_t stopped = view.count(Trial::State::stopped);
  if (stopped == 0) return "Every trial went to its end.";
  std::map<std::size_t, std::size_t> stops;
  std::size_t trained = 0;
  for (const Trial& trial : study.trials) {
    trained += trial.curve.size();
    if (trial.state == Trial::State::stopped) ++stops[trial.curve.size()];
  }
  const auto most = std::max_element(
      stops.begin(), stops.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  const std::size_t all =
      longest_curve(study) * (study.trials.size() - view.count(Trial::State::failed));
  return fmt::format(
      "{} were stopped early, {} of them after {}; that left out {} of the epochs "
      "that all to their end would have taken.",
      counted(stopped, "trial", "trials"), most->second, counted(most->first, "epoch", "epochs"),
      percentage(1 - static_cast<double>(trained) / static_cast<double>(all)));
}

}  // namespace

Section history_section(const StudyView& view) {
  const tuning::Study& study = view.study();
  const StudyView::Clipped clipped = view.clipped_axis();
  Chart chart;
  chart.id = "history";
  chart.title = "What each trial reached";
  chart.description =
      "A point for each trial by its number; the line is the best that any trial before had "
      "reached "
      "at its end";
  chart.x = {.title = "Trial", .min = 1, .max = std::max(2, study.trials.back().number)};
  chart.y = clipped.axis;
  Series finished = trial_points(view, clipped, Trial::State::finished, "To the end");
  Series stopped = trial_points(view, clipped, Trial::State::stopped, "Stopped early");
  if (!stopped.y.empty()) chart.series.push_back(std::move(stopped));
  if (!finished.y.empty()) chart.series.push_back(std::move(finished));
  chart.series.push_back(best_so_far(view, clipped));
  if (study.baseline && is_on(clipped, study.baseline->value) &&
      study.baseline->state == Trial::State::finished) {
    chart.references.push_back({ReferenceLine::Kind::horizontal, view.shown(study.baseline->value),
                                "the recipe as it was"});
  }
  Section section{"course", "How the search went", history_finding(view), {}};
  section.blocks.emplace_back(std::move(chart));
  if (auto note = off_axis_note(view, clipped)) section.blocks.emplace_back(std::move(*note));
  return section;
}

Section curves_section(const StudyView& view) {
  const tuning::Study& study = view.study();
  const StudyView::Clipped clipped = view.clipped_axis();
  Chart chart;
  chart.id = "validation-curves";
  chart.title = view.value_axis().title + " by epoch";
  chart.description = "A line for each trial, with a point where it was stopped early";
  chart.x = {.title = "Epoch", .min = 1, .max = static_cast<double>(longest_curve(study))};
  chart.y = clipped.axis;
  if (Series stops = stopping_points(view, clipped); !stops.y.empty()) {
    chart.series.push_back(std::move(stops));
  }
  if (view.winner() != nullptr && view.winner()->number != 0) {
    Series best = curve_of(view, *view.winner(), Series::Style::line);
    best.name += ", the best";
    chart.series.push_back(std::move(best));
  }
  if (study.baseline && study.baseline->state == Trial::State::finished) {
    chart.series.push_back(curve_of(view, *study.baseline, Series::Style::dashed));
  }
  if (Series curves = all_curves(view); !curves.y.empty()) {
    chart.series.push_back(std::move(curves));
  }
  Section section{"curves", "How the trials learned", curves_finding(view), {}};
  section.blocks.emplace_back(std::move(chart));
  return section;
}

}  // namespace thimble::report
