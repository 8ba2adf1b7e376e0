#include "report/model_report.hpp"

#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.hpp"
#include "evaluation/evaluation.hpp"
#include "evaluation/interval.hpp"
#include "imaging/images.hpp"
#include "models/description.hpp"
#include "models/onnx_classifier.hpp"
#include "report/evaluation_sections.hpp"
#include "report/words.hpp"

namespace thimble::report {
namespace {

using nlohmann::json;

/// Figures measured on one split, as far as the file has them.
struct Measured {
  std::string split;  ///< "test", "validation"
  double accuracy = 0;
  std::optional<double> loss;
  std::uint64_t samples = 0;
  std::optional<Interval> interval;
  std::optional<Evaluation> evaluation;  ///< where the counts are there
};

std::optional<double> number(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number()) return std::nullopt;
  return found->get<double>();
}

/// The counts of a file are free-form: what is no matrix of the model's classes is not shown.
std::optional<ConfusionMatrix> confusion_from(const json& metrics, std::size_t classes) {
  const auto rows = metrics.find("confusion");
  if (rows == metrics.end() || !rows->is_array() || rows->size() != classes) return std::nullopt;
  ConfusionMatrix counts(classes);
  for (std::size_t truth = 0; truth < classes; ++truth) {
    const json& row = (*rows)[truth];
    if (!row.is_array() || row.size() != classes) return std::nullopt;
    for (std::size_t c = 0; c < classes; ++c) {
      if (!row[c].is_number_integer() || row[c] < 0) return std::nullopt;
      counts.add(truth, c, row[c].get<std::uint64_t>());
    }
  }
  if (counts.total() == 0) return std::nullopt;
  return counts;
}

std::optional<Measured> measured_on(const char* split, const ModelDescription& model) {
  if (!model.metrics.is_object() || !model.metrics.contains(split)) return std::nullopt;
  const json& metrics = model.metrics.at(split);
  if (!metrics.is_object()) return std::nullopt;
  Measured measured;
  measured.split = split;
  measured.loss = number(metrics, "loss");
  if (const auto counts = confusion_from(metrics, model.classes.size())) {
    measured.evaluation = evaluate(*counts, model.classes);
    measured.accuracy = measured.evaluation->accuracy;
    measured.interval = measured.evaluation->accuracy_interval;
    measured.samples = measured.evaluation->samples;
    return measured;
  }
  const auto accuracy = number(metrics, "accuracy");
  if (!accuracy) return std::nullopt;
  measured.accuracy = *accuracy;
  if (const auto samples = number(metrics, "samples"); samples && *samples >= 1) {
    measured.samples = static_cast<std::uint64_t>(*samples);
    const double right = *accuracy * *samples;
    measured.interval = wilson_interval(static_cast<std::uint64_t>(right + 0.5), measured.samples);
  }
  return measured;
}

/// What the figures are of: "test pictures".
std::string pictures_of(const Measured& measured) { return measured.split + " pictures"; }

std::string interval_text(const Measured& measured) {
  if (!measured.interval) return "how many pictures it was measured on is not known";
  return fmt::format("{:.2f} to {:.2f} % with 95 % confidence", 100 * measured.interval->low,
                     100 * measured.interval->high);
}

std::string data_text(const Provenance& data) {
  if (data.name.empty()) return "unknown data";
  return data.name + (data.synthetic ? " (synthetic pictures, drawn by Thimble)" : "");
}

std::string summary_finding(const std::optional<Measured>& measured) {
  if (!measured) return "How good it is was never measured.";
  if (measured->samples == 0) {
    return fmt::format("It names {} of its {} right.", percentage(measured->accuracy),
                       pictures_of(*measured));
  }
  return fmt::format("Of {} {} it names {} right ({} to {} with 95 % confidence).",
                     format_count(measured->samples), pictures_of(*measured),
                     percentage(measured->accuracy), percentage(measured->interval->low),
                     percentage(measured->interval->high));
}

void add_measured(const Measured& measured, Facts& facts) {
  const bool tested = measured.split == "test";
  facts.facts.push_back({tested ? "Accuracy" : "Accuracy on validation",
                         fmt::format("{:.2f} %", 100 * measured.accuracy),
                         interval_text(measured)});
  if (!tested) return;
  if (measured.evaluation) {
    facts.facts.push_back({"Macro F1", fmt::format("{:.4f}", measured.evaluation->macro.f1),
                           "mean over the classes"});
  }
  if (measured.loss) {
    facts.facts.push_back(
        {"Loss", fmt::format("{:.4f}", *measured.loss), "mean cross-entropy, nats"});
  }
  if (measured.samples > 0) {
    facts.facts.push_back(
        {"Pictures", format_count(measured.samples), "in the test, which trained nothing"});
  }
}

Section summary(const ModelDescription& model, const std::optional<Measured>& test,
                const std::optional<Measured>& validation) {
  Facts facts;
  if (test) add_measured(*test, facts);
  if (validation) add_measured(*validation, facts);
  facts.facts.push_back({"Family", model.family, model.name});
  facts.facts.push_back(
      {"Input", to_string(model.input), counted(model.classes.size(), "class", "classes")});
  facts.facts.push_back({"Trained on", data_text(model.trained_on)});
  return {"summary", "In short", summary_finding(test ? test : validation), {std::move(facts)}};
}

Section missing(const std::optional<Measured>& measured) {
  const std::string how =
      "thimble evaluate MODEL --report report.html measures it on the test pictures and shows the "
      "pictures behind every figure.";
  return {"missing",
          "What its file does not tell",
          measured ? "The file holds the accuracy alone: which classes are mistaken for which is "
                     "not in it."
                   : "The file holds no figures.",
          {Paragraph{how}}};
}

/// A number of metrics.validation; `place` is a JSON pointer in it.
std::optional<double> of_validation(const ModelDescription& model, const char* place) {
  const json::json_pointer pointer(std::string("/validation") + place);
  if (!model.metrics.contains(pointer) || !model.metrics.at(pointer).is_number()) {
    return std::nullopt;
  }
  return model.metrics.at(pointer).get<double>();
}

Section calibration(const ModelDescription& model) {
  Section section{"calibration", "Does it know how sure it is?", "", {}};
  Facts facts;
  if (model.temperature == 1) {
    section.finding = "Its probabilities are given as the model computes them";
    section.finding +=
        model.family == kOnnxFamily
            ? "."
            : "; thimble model calibrate fits how sure it is to validation pictures.";
  } else {
    section.finding = fmt::format(
        "By itself it is too {}: its logits are divided by {:.2f}, which was fitted on validation "
        "pictures.",
        model.temperature > 1 ? "sure" : "cautious", model.temperature);
    facts.facts.push_back({"Temperature", fmt::format("{:.3f}", model.temperature),
                           "above 1: it claims too much by itself"});
  }
  if (const auto after = of_validation(model, "/calibration/after/expected_error")) {
    const auto before = of_validation(model, "/calibration/before/expected_error");
    facts.facts.push_back(
        {"Calibration error", percentage(*after),
         "how far its claims are from its accuracy on validation pictures, on average" +
             (before ? fmt::format("; {} without the temperature", percentage(*before)) : "")});
  }
  if (const auto unsure = of_validation(model, "/calibration/unsure")) {
    facts.facts.push_back(
        {"Unsure answers", percentage(*unsure),
         fmt::format("of validation pictures: below {}", percentage(model.unsure_below))});
  }
  if (const auto unfamiliar = of_validation(model, "/unfamiliar")) {
    facts.facts.push_back({"Called unfamiliar", percentage(*unfamiliar),
                           "of validation pictures, all of which are of its classes"});
  }
  if (!facts.facts.empty()) section.blocks.emplace_back(std::move(facts));
  return section;
}

Section limits(const ModelDescription& model) {
  Section section{"limits",
                  "What it is not for",
                  fmt::format("It knows {} and nothing else.",
                              counted(model.classes.size(), "class", "classes")),
                  {}};
  const auto say = [&](std::string text) {
    section.blocks.emplace_back(Paragraph{std::move(text)});
  };
  say(fmt::format("The classes: {}.", listed(model.classes, model.classes.size())));
  say(model.novelty
          ? "A picture of something else is told by its score of novelty, most of the time; where "
            "it is not, the model names the class that comes nearest."
          : "Of a picture of something else it names the class that comes nearest, at times with "
            "confidence: the file has no detector of novelty.");
  if (model.trained_on.synthetic) {
    say("It was trained on pictures drawn by Thimble, to try the program with. What it says about "
        "photos means nothing.");
  } else if (model.style.kind == PictureStyle::Kind::cut_out) {
    say("It has seen single objects, light on black and upright. A photo is brought to that form "
        "first; one with several objects, a person in it or a restless background may not survive "
        "it. Look at the picture as the model saw it.");
  } else {
    say(
        fmt::format("A picture of another size is scaled to {}. What does not look like the "
                    "training pictures then is a guess.",
                    to_string(model.input)));
  }
  say("The figures are of pictures of the same origin as the training pictures. Of others it gets "
      "fewer right.");
  return section;
}

}  // namespace

Report model_report(const ModelDescription& model, const std::string& version) {
  const auto test = measured_on("test", model);
  const auto validation = measured_on("validation", model);
  const auto& best = test ? test : validation;
  Report report;
  report.title = fmt::format("How good {} is", model.name);
  report.lead = "The figures that were measured when the model was made, as its file holds them.";
  report.notes.push_back(fmt::format("Model: {} ({}), made by {}, trained on {}.", model.name,
                                     model.family, made_by(model), data_text(model.trained_on)));
  if (!version.empty()) report.notes.push_back(fmt::format("Version of the file: {}.", version));
  if (!model.trained_on.fingerprint.empty()) {
    report.notes.push_back(
        fmt::format("Training data: fingerprint {}.", model.trained_on.fingerprint));
  }
  report.sections.push_back(summary(model, test, validation));
  if (best && best->evaluation) {
    report.sections.push_back(confusion_section(*best->evaluation));
    report.sections.push_back(confused_pairs_section(*best->evaluation));
    report.sections.push_back(classes_section(*best->evaluation));
  } else {
    report.sections.push_back(missing(best));
  }
  report.sections.push_back(calibration(model));
  report.sections.push_back(limits(model));
  return report;
}

}  // namespace thimble::report
