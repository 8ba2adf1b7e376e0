#include "evaluation/training_run.hpp"

#include <utility>

#include "base/atomic_file.hpp"
#include "data/split.hpp"
#include "evaluation/analysis.hpp"
#include "evaluation/judged_data.hpp"
#include "evaluation/prediction.hpp"
#include "models/run_folder.hpp"

namespace thimble {
namespace {

using nlohmann::json;

json figures(const Evaluation& evaluation) {
  const ConfusionMatrix& counts = evaluation.confusion_matrix;
  json confusion = json::array();
  for (std::size_t truth = 0; truth < counts.classes(); ++truth) {
    json row = json::array();
    for (std::size_t c = 0; c < counts.classes(); ++c) row.push_back(counts.count(truth, c));
    confusion.push_back(std::move(row));
  }
  const Interval& interval = evaluation.accuracy_interval;
  return {{"accuracy", evaluation.accuracy},
          {"interval", json::array({interval.low, interval.high})},
          {"loss", evaluation.loss},
          {"samples", evaluation.samples},
          {"confusion", std::move(confusion)}};
}

}  // namespace

json training_settings(const ModelDescription& model) {
  return model.recipe.is_object() ? model.recipe.value("training", json::object()) : json::object();
}

std::uint64_t training_seed(const ModelDescription& model) {
  return training_settings(model).value("seed", std::uint64_t{1});
}

TrainingSamples samples_for(const ModelDescription& model, DatasetSplits splits) {
  const double fraction = training_settings(model).value("validation_fraction", 0.0);
  TrainingSamples samples;
  samples.test = std::move(splits.test);
  if (fraction > 0) {
    TrainValidation parts = split_validation_fraction(splits.train, fraction, training_seed(model));
    samples.train = std::move(parts.train);
    samples.validation = std::move(parts.validation);
  } else {
    samples.train = std::move(splits.train);
  }
  return samples;
}

FitReport fit_run(Classifier& classifier, const TrainingSamples& samples,
                  const std::filesystem::path& folder, bool resume, Progress* progress,
                  const std::function<bool(const EpochFigures&)>& epoch_done) {
  FitOptions options;
  options.validation = samples.validation.size() > 0 ? &samples.validation : nullptr;
  options.progress = progress;
  options.run_folder = folder;
  options.resume = resume;
  options.epoch_done = epoch_done;
  return classifier.fit(samples.train, options);
}

std::optional<JudgedValidation> judge_validation(Classifier& classifier,
                                                 const TrainingSamples& samples,
                                                 Progress* progress) {
  if (samples.validation.size() == 0) return std::nullopt;
  const Dataset& data = samples.validation;
  Probabilities probabilities = predict(classifier, data.images, {.progress = progress});
  Evaluation evaluation = evaluate(probabilities, data.labels, data.classes);
  classifier.description().metrics["validation"] = figures(evaluation);
  return JudgedValidation{std::move(evaluation), std::move(probabilities)};
}

JudgedTest judge_test(Classifier& classifier, TrainingSamples& samples,
                      const std::filesystem::path& folder, Progress* progress) {
  DatasetSplits splits{std::move(samples.train), std::move(samples.test)};
  const JudgedData judged =
      choose_judged_data(std::move(splits), JudgedSplit::test, classifier.description());
  const Dataset& data = judged.dataset;
  Probabilities probabilities = predict(classifier, data.images, {.progress = progress});
  Evaluation evaluation = evaluate(probabilities, data.labels, data.classes);
  const RunPaths paths(folder);
  evaluation.model = judged_model_json(classifier.description(), paths.model().string());
  evaluation.data = judged_data_json(judged);
  classifier.description().metrics["test"] = figures(evaluation);
  nlohmann::json json = to_json(evaluation);
  add_json(analyse(probabilities, data.labels), /*points=*/false, json);
  write_file(paths.evaluation(), json.dump(2) + "\n");
  return {std::move(evaluation), std::move(probabilities), judged.notes};
}

}  // namespace thimble
