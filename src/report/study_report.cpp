#include "report/study_report.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.hpp"
#include "report/study_sections.hpp"
#include "report/words.hpp"

namespace thimble::report {
namespace {

using tuning::Trial;

std::string method_text(const tuning::StudyPlan& plan) {
  const std::string sampler = plan.sampler == "tpe"      ? "the tree-structured Parzen estimator"
                              : plan.sampler == "random" ? "random draws"
                                                         : plan.sampler;
  const std::string stopping = plan.stopping == "hyperband" ? "poor trials stopped by Hyperband"
                               : plan.stopping == "halving"
                                   ? "poor trials stopped by successive halving"
                                   : "every trial to its end";
  return sampler + ", " + stopping;
}

/// When the last of the trials ended, since the study began.
double seconds_of(const tuning::Study& study) {
  double seconds = study.baseline ? study.baseline->started_s + study.baseline->seconds : 0;
  for (const Trial& trial : study.trials) {
    seconds = std::max(seconds, trial.started_s + trial.seconds);
  }
  return seconds;
}

std::string states_text(const StudyView& view) {
  std::vector<std::string> parts;
  const auto add = [&](Trial::State state, const char* word) {
    const std::size_t count = view.count(state);
    if (count > 0) parts.push_back(fmt::format("{} {}", format_count(count), word));
  };
  add(Trial::State::finished, "finished");
  add(Trial::State::stopped, "stopped early");
  add(Trial::State::failed, "failed");
  return listed(parts);
}

bool has_baseline(const tuning::Study& study) {
  return study.baseline && study.baseline->state == Trial::State::finished;
}

std::string summary_finding(const StudyView& view) {
  const tuning::Study& study = view.study();
  const std::string trials = counted(study.trials.size(), "trial", "trials");
  const Trial* winner = view.winner();
  if (winner == nullptr) return fmt::format("After {} none has finished yet.", trials);
  if (winner->number == 0) {
    return fmt::format("None of {} was better than the recipe as it was ({}).", trials,
                       view.text(winner->value));
  }
  const std::string reached =
      fmt::format("The best of {} reached {} on validation", trials, view.text(winner->value));
  if (!has_baseline(study)) return reached + ".";
  return fmt::format("{}, {} better than the recipe as it was ({}).", reached,
                     view.gain_text(winner->value - study.baseline->value),
                     view.text(study.baseline->value));
}

Fact test_fact(const tuning::Refit& refit) {
  Fact fact{"Test accuracy", fmt::format("{:.2f} %", 100 * *refit.test_accuracy), ""};
  if (refit.test_accuracy_low && refit.test_accuracy_high) {
    fact.note = fmt::format("{:.2f} to {:.2f} % with 95 % confidence; ",
                            100 * *refit.test_accuracy_low, 100 * *refit.test_accuracy_high);
  }
  fact.note += fmt::format("trained on {} pictures, tested once", format_count(refit.pictures));
  return fact;
}

Section summary_section(const StudyView& view) {
  const tuning::Study& study = view.study();
  Facts facts;
  const std::string metric = view.by_loss() ? "validation loss" : "validation accuracy";
  if (const Trial* winner = view.winner()) {
    facts.facts.push_back({"Best", view.text(winner->value),
                           fmt::format("{}, {}", metric, to_lower(trial_name(*winner)))});
    if (has_baseline(study)) {
      facts.facts.push_back(
          {"As it was", view.text(study.baseline->value), metric + " of the recipe before"});
      facts.facts.push_back({"Gain", view.gain_text(winner->value - study.baseline->value),
                             "on the same validation pictures"});
    }
  }
  facts.facts.push_back({"Trials", format_count(study.trials.size()), states_text(view)});
  facts.facts.push_back({"Time", format_duration(seconds_of(study)), "for all trials"});
  if (study.refit && study.refit->test_accuracy) facts.facts.push_back(test_fact(*study.refit));
  Section section{"summary", "In short", summary_finding(view), {}};
  section.blocks.emplace_back(std::move(facts));
  section.blocks.emplace_back(
      Paragraph{"The best of many trials looks a little better on the pictures that it was chosen "
                "by than on new ones. The test pictures had no part in the choice."});
  return section;
}

std::vector<std::string> notes_of(const StudyView& view, const std::string& command) {
  const tuning::StudyPlan& plan = view.study().plan;
  std::vector<std::string> notes;
  notes.push_back(fmt::format("Data: {}; fingerprint {}.", plan.data, plan.data_fingerprint));
  notes.push_back(
      fmt::format("All trials are judged by the same {} of the training pictures, which none of "
                  "them learns from.",
                  percentage(plan.validation_fraction)));
  notes.push_back(fmt::format("Search by {}; seed {}.", method_text(plan), plan.seed));
  if (const auto& refit = view.study().refit) {
    notes.push_back(fmt::format("Winner's model: {}, trained in {}.", refit->model,
                                format_duration(refit->seconds)));
  }
  notes.push_back(fmt::format("Made by thimble {}{}", plan.program_version,
                              command.empty() ? "." : ": " + command));
  return notes;
}

}  // namespace

Report study_report(const tuning::Study& study, const std::string& command) {
  const StudyView view(study);
  Report report;
  report.title = fmt::format("{} tuned on {}", study.plan.recipe.name, study.plan.data);
  report.lead = fmt::format(
      "{} of {} tried on validation pictures: what was found, how the search went, which settings "
      "mattered, and the recipe that came out.",
      counted(view.space().parameters().size(), "setting", "settings"), study.plan.recipe.name);
  report.notes = notes_of(view, command);
  report.sections.push_back(summary_section(view));
  if (view.winner() != nullptr) report.sections.push_back(winner_section(view));
  if (!study.trials.empty()) {
    report.sections.push_back(history_section(view));
    if (view.equal_epochs().epochs > 0) {
      const bool in_epochs = std::any_of(study.trials.begin(), study.trials.end(),
                                         [](const Trial& trial) { return trial.curve.size() > 1; });
      if (in_epochs) report.sections.push_back(curves_section(view));
      report.sections.push_back(importance_section(view));
      report.sections.push_back(parallel_section(view));
      report.sections.push_back(slices_section(view));
    }
    report.sections.push_back(trials_section(view));
  }
  return report;
}

}  // namespace thimble::report
