#include "evaluation/certainty.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "base/error.hpp"
#include "data/split.hpp"
#include "evaluation/calibration.hpp"
#include "evaluation/evaluation.hpp"
#include "imaging/picture_style.hpp"
#include "models/novelty.hpp"

namespace thimble {
namespace {

using nlohmann::json;

/// Validation samples without which a temperature says more about chance than about the model.
constexpr std::size_t kFewestSamples = 50;
/// Kept aside for the detector's threshold where the recipe keeps nothing aside.
constexpr double kHeldOutFraction = 0.1;

json certainty_figures(const Probabilities& probabilities, const Dataset& data) {
  return {{"expected_error", reliability(probabilities, data.labels).expected_error},
          {"loss", evaluate(probabilities, data.labels, data.classes).loss}};
}

struct Confidences {
  std::vector<double> all;
  std::vector<double> right;  ///< of the right answers
};

Confidences confidences_of(const Probabilities& probabilities, const Dataset& data) {
  Confidences confidences;
  for (std::size_t i = 0; i < data.size(); ++i) {
    const std::size_t answer = predicted_class(probabilities[i]);
    confidences.all.push_back(static_cast<double>(probabilities[i][answer]));
    if (answer == static_cast<std::size_t>(data.labels[i])) {
      confidences.right.push_back(confidences.all.back());
    }
  }
  return confidences;
}

double fit_unsure_below(std::vector<double> right) {
  const auto place = right.begin() + static_cast<std::ptrdiff_t>(kRightButUnsure *
                                                                 static_cast<double>(right.size()));
  std::ranges::nth_element(right, place);
  return std::min(*place, kHighestUnsure);
}

double share_above_one(std::span<const float> scores) {
  const auto above = std::ranges::count_if(scores, [](float score) { return score > 1; });
  return static_cast<double>(above) / static_cast<double>(scores.size());
}

void fit_novelty(ModelDescription& model, const TrainingSamples& samples, Progress* progress,
                 std::vector<std::string>& notes) {
  try {
    if (samples.validation.size() > 0) {
      model.novelty = std::make_shared<const NoveltyDetector>(
          NoveltyDetector::fit(samples.train, samples.validation, progress));
      model.metrics["validation"]["unfamiliar"] =
          share_above_one(model.novelty->scores(samples.validation.images));
      return;
    }
    const TrainValidation parts =
        split_validation_fraction(samples.train, kHeldOutFraction, training_seed(model));
    model.novelty = std::make_shared<const NoveltyDetector>(
        NoveltyDetector::fit(parts.train, parts.validation, progress));
  } catch (const DataError& error) {
    notes.push_back(
        fmt::format("the model cannot tell unfamiliar pictures from those it was trained on ({})",
                    error.what()));
  }
}

}  // namespace

std::vector<std::string> fit_confidence(ModelDescription& model, const Dataset& data,
                                        const Probabilities& probabilities) {
  const Confidences before = confidences_of(probabilities, data);
  if (data.size() < kFewestSamples || before.right.empty() ||
      before.right.size() == before.all.size()) {
    return {fmt::format(
        "the probabilities were not calibrated: {} validation pictures, {} of them classified "
        "wrongly, say too little about how sure the model may be",
        data.size(), before.all.size() - before.right.size())};
  }
  model.temperature = fit_temperature(probabilities, data.labels);
  const Probabilities calibrated = with_temperature(probabilities, model.temperature);
  const Confidences after = confidences_of(calibrated, data);
  model.unsure_below = fit_unsure_below(after.right);
  const auto unsure = std::ranges::count_if(
      after.all, [&](double confidence) { return confidence < model.unsure_below; });
  model.metrics["validation"]["calibration"] = {
      {"before", certainty_figures(probabilities, data)},
      {"after", certainty_figures(calibrated, data)},
      {"unsure", static_cast<double>(unsure) / static_cast<double>(data.size())}};
  return {};
}

std::vector<std::string> fit_certainty(Classifier& classifier, const TrainingSamples& samples,
                                       const Probabilities& validation, Progress* progress) {
  ModelDescription& model = classifier.description();
  const ModelDescription fresh;
  model.temperature = fresh.temperature;
  model.unsure_below = fresh.unsure_below;
  model.novelty = nullptr;
  model.style = measure_style(samples.train.images);
  std::vector<std::string> notes;
  if (validation.size() > 0) notes = fit_confidence(model, samples.validation, validation);
  fit_novelty(model, samples, progress, notes);
  return notes;
}

std::string certainty_text(const ModelDescription& model) {
  std::string text =
      model.style.kind == PictureStyle::Kind::cut_out
          ? fmt::format("one light object on black, its longer side {:.0f} % of the picture",
                        100 * model.style.extent)
          : std::string("whole pictures");
  const json* calibration = nullptr;
  const json::json_pointer place("/validation/calibration");
  if (model.metrics.is_object() && model.metrics.contains(place)) {
    calibration = &model.metrics.at(place);
  }
  text += fmt::format("; temperature {:.2f}", model.temperature);
  if (calibration != nullptr) {
    text += fmt::format(" (calibration error {:.2f} % before, {:.2f} % after)",
                        100 * calibration->value("/before/expected_error"_json_pointer, 0.0),
                        100 * calibration->value("/after/expected_error"_json_pointer, 0.0));
  }
  return text + fmt::format("; unsure below {:.0f} %; {}", 100 * model.unsure_below,
                            model.novelty ? "tells unfamiliar pictures"
                                          : "cannot tell unfamiliar pictures");
}

}  // namespace thimble
