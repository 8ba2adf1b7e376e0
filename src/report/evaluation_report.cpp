#include "report/evaluation_report.hpp"

#include <fmt/format.h>

#include "base/shipped.hpp"
#include "base/text.hpp"
#include "models/description.hpp"
#include "report/evaluation_sections.hpp"
#include "report/words.hpp"

namespace thimble::report {
namespace {

std::string data_text(const Provenance& data) {
  const bool whole = data.split.empty() || data.split == "all";
  return fmt::format("{}{}{}", data.name, whole ? "" : ", " + data.split + " split",
                     data.synthetic ? " (synthetic pictures, drawn by Thimble)" : "");
}

/// Calling pictures new takes a test split that trained nothing.
const char* kind_of_pictures(const JudgedData& judged) {
  if (judged.seen_in_training) return "pictures that trained it";
  return judged.dataset.provenance.split == "validation" ? "validation pictures"
                                                         : "pictures that it never saw";
}

std::string summary_finding(const JudgedModel& judged) {
  const Evaluation& e = judged.evaluation;
  const auto pairs = e.confusion_matrix.most_confused(1);
  const std::uint64_t mistakes = e.samples - e.confusion_matrix.correct();
  std::string text =
      fmt::format("Of {} {} the model names {} right ({} to {} with 95 % confidence)",
                  format_count(e.samples), kind_of_pictures(judged.judged), percentage(e.accuracy),
                  percentage(e.accuracy_interval.low), percentage(e.accuracy_interval.high));
  if (pairs.empty()) return text + "; it makes no mistake.";
  return text + fmt::format("; {} of its {} {} are between {} and {}.",
                            format_count(pairs.front().count), format_count(mistakes),
                            plural("mistake", mistakes), e.classes[pairs.front().first].name,
                            e.classes[pairs.front().second].name);
}

std::vector<std::string> notes_of(const JudgedModel& judged) {
  const ModelDescription& model = judged.model;
  const Provenance& data = judged.judged.dataset.provenance;
  std::vector<std::string> notes = judged.judged.notes;
  notes.push_back(fmt::format(
      "Model: {} ({}), made by {}, trained on {}.", model.name, model.family, made_by(model),
      model.trained_on.name.empty() ? "unknown data" : data_text(model.trained_on)));
  notes.push_back(fmt::format("Data: {}; fingerprint {}.", data_text(data), data.fingerprint));
  if (judged.evaluation.model.is_object() &&
      judged.evaluation.model.value("test_time_augmentation", "none") == "flip") {
    notes.push_back("Each answer is the mean over the picture and its mirror image.");
  }
  notes.push_back(fmt::format("Made by thimble {}{}", program_version(),
                              judged.command.empty() ? "." : ": " + judged.command));
  return notes;
}

}  // namespace

std::string plural(const std::string& noun, std::uint64_t count) {
  return count == 1 ? noun : noun + "s";
}

Section summary_section(const JudgedModel& judged) {
  const Evaluation& e = judged.evaluation;
  const Analysis& analysis = judged.analysis;
  Facts facts;
  facts.facts.push_back(
      {"Accuracy", fmt::format("{:.2f} %", 100 * e.accuracy),
       fmt::format("{:.2f} to {:.2f} % with 95 % confidence", 100 * e.accuracy_interval.low,
                   100 * e.accuracy_interval.high)});
  if (e.top_k.size() > 2) {
    facts.facts.push_back({"Top 2", fmt::format("{:.2f} %", 100 * e.top_k[1]),
                           "right with the first or the second guess"});
  }
  facts.facts.push_back({"Macro F1", fmt::format("{:.4f}", e.macro.f1), "mean over the classes"});
  facts.facts.push_back({"Loss", fmt::format("{:.4f}", e.loss), "mean cross-entropy, nats"});
  facts.facts.push_back({"Calibration error",
                         fmt::format("{:.2f} %", 100 * analysis.reliability.expected_error),
                         "how far its claims are from its accuracy, on average"});
  facts.facts.push_back({"Matthews correlation", fmt::format("{:.4f}", e.matthews_correlation),
                         e.cohen_kappa ? fmt::format("Cohen's kappa {:.4f}", *e.cohen_kappa)
                                       : "Cohen's kappa is not defined here"});
  facts.facts.push_back({"Pictures", format_count(e.samples),
                         fmt::format("{}, {} classes", data_text(judged.judged.dataset.provenance),
                                     e.classes.size())});
  return {"summary", "In short", summary_finding(judged), {std::move(facts)}};
}

Report evaluation_report(const JudgedModel& judged) {
  Report report;
  report.title = fmt::format("{} on {}", judged.model.name, judged.judged.dataset.provenance.name);
  report.lead = fmt::format(
      "How good the model is, where it errs, how far its probabilities can be "
      "trusted, and what it costs: judged on {} {} of {}.",
      format_count(judged.evaluation.samples), plural("picture", judged.evaluation.samples),
      data_text(judged.judged.dataset.provenance));
  report.notes = notes_of(judged);
  report.sections.push_back(summary_section(judged));
  report.sections.push_back(confusion_section(judged, report.pictures));
  report.sections.push_back(confused_pairs_section(judged.evaluation));
  report.sections.push_back(pictures_section(judged, report.pictures));
  report.sections.push_back(classes_section(judged));
  report.sections.push_back(calibration_section(judged));
  report.sections.push_back(coverage_section(judged));
  report.sections.push_back(ranking_section(judged));
  report.sections.push_back(learning_curves_section(judged));
  if (judged.analysis.cost) report.sections.push_back(cost_section(judged));
  return report;
}

}  // namespace thimble::report
