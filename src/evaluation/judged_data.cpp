#include "evaluation/judged_data.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "data/split.hpp"
#include "evaluation/prediction.hpp"
#include "models/description.hpp"

namespace thimble {
namespace {

/// How the training kept validation samples aside.
struct ValidationRule {
  double fraction = 0;  ///< 0: none
  std::uint64_t seed = 1;
};

ValidationRule validation_rule(const ModelDescription& model) {
  ValidationRule rule;
  if (!model.recipe.is_object()) return rule;
  const auto training = model.recipe.find("training");
  if (training == model.recipe.end() || !training->is_object()) return rule;
  const auto fraction = training->find("validation_fraction");
  const auto seed = training->find("seed");
  if (fraction != training->end() && fraction->is_number()) rule.fraction = *fraction;
  if (seed != training->end() && seed->is_number_integer()) rule.seed = *seed;
  return rule;
}

bool trained_on(const ModelDescription& model, const Dataset& dataset) {
  return !dataset.provenance.fingerprint.empty() &&
         dataset.provenance.fingerprint == model.trained_on.fingerprint;
}

void note_seen(JudgedData& judged, const std::string& what) {
  judged.seen_in_training = true;
  judged.notes.push_back(what +
                         ": these figures are too good to be true of new pictures and are no test "
                         "figures");
}

JudgedData judge_test(DatasetSplits splits) {
  if (!splits.test) {
    throw UsageError(
        fmt::format("{}: there is no test split; '--split train' judges all {} samples",
                    splits.train.provenance.name, format_count(splits.train.size())));
  }
  return {std::move(*splits.test), false, {}};
}

JudgedData judge_validation(const DatasetSplits& splits, const ModelDescription& model) {
  const ValidationRule rule = validation_rule(model);
  if (rule.fraction <= 0) {
    throw UsageError(
        fmt::format("the model '{}' was trained without a validation split", model.name));
  }
  TrainValidation parts = split_validation_fraction(splits.train, rule.fraction, rule.seed);
  const bool kept_aside = trained_on(model, parts.train);
  JudgedData judged{std::move(parts.validation), false, {}};
  if (kept_aside) {
    judged.notes.push_back(
        "the training was steered by these samples: these figures are for choosing between models, "
        "not test figures");
  } else if (trained_on(model, splits.train)) {
    note_seen(judged, "the model was trained on all of the training split, these samples too");
  } else {
    judged.notes.push_back(
        "the model was trained on other data than this: these are not the samples that its "
        "training kept aside");
  }
  return judged;
}

// The samples that trained the model, where that can be told, else all of the training set.
JudgedData judge_train(DatasetSplits splits, const ModelDescription& model) {
  const ValidationRule rule = validation_rule(model);
  if (rule.fraction > 0 && !trained_on(model, splits.train)) {
    TrainValidation parts = split_validation_fraction(splits.train, rule.fraction, rule.seed);
    if (trained_on(model, parts.train)) return {std::move(parts.train), false, {}};
  }
  return {std::move(splits.train), false, {}};
}

JudgedData judge_everything(DatasetSplits splits, const ModelDescription& model) {
  const ValidationRule rule = validation_rule(model);
  const bool part_of_it =
      rule.fraction > 0 &&
      trained_on(model, split_validation_fraction(splits.train, rule.fraction, rule.seed).train);
  JudgedData judged{std::move(splits.train), false, {}};
  if (part_of_it) note_seen(judged, "the model was trained on most of these samples");
  judged.notes.push_back(fmt::format("{} has no test split: all its samples are judged",
                                     judged.dataset.provenance.name));
  return judged;
}

JudgedData choose(DatasetSplits splits, std::optional<JudgedSplit> split,
                  const ModelDescription& model) {
  if (!split && !splits.test) return judge_everything(std::move(splits), model);
  switch (split.value_or(JudgedSplit::test)) {
    case JudgedSplit::test:
      return judge_test(std::move(splits));
    case JudgedSplit::validation:
      return judge_validation(splits, model);
    case JudgedSplit::train:
      return judge_train(std::move(splits), model);
  }
  throw UsageError("unknown split");
}

// The first few of many names.
std::string listed(std::span<const std::string> names) {
  constexpr std::size_t kMost = 10;
  return names.size() <= kMost ? fmt::format("{}", fmt::join(names, ", "))
                               : fmt::format("{}, ...", fmt::join(names.first(kMost), ", "));
}

}  // namespace

std::optional<std::string> align_classes(Dataset& dataset, std::span<const std::string> classes) {
  if (std::equal(dataset.classes.begin(), dataset.classes.end(), classes.begin(), classes.end())) {
    return std::nullopt;
  }
  std::vector<std::int32_t> number_of;
  std::vector<std::string> unknown;
  for (const std::string& name : dataset.classes) {
    const auto found = std::find(classes.begin(), classes.end(), name);
    if (found == classes.end()) unknown.push_back(name);
    number_of.push_back(static_cast<std::int32_t>(found - classes.begin()));
  }
  std::optional<std::string> note;
  if (unknown.empty()) {
    for (std::int32_t& label : dataset.labels) label = number_of[static_cast<std::size_t>(label)];
  } else if (dataset.classes.size() == classes.size()) {
    note = fmt::format(
        "the classes of the data ({}) are not named as the model's ({}); they were matched by "
        "their order",
        listed(dataset.classes), listed(classes));
  } else {
    throw DataError(fmt::format("{}: {} classes ({}), but the model knows {} ({}), and not {}",
                                dataset.provenance.name, dataset.classes.size(),
                                listed(dataset.classes), classes.size(), listed(classes),
                                listed(unknown)));
  }
  dataset.classes.assign(classes.begin(), classes.end());
  return note;
}

nlohmann::json judged_model_json(const ModelDescription& model, const std::string& file,
                                 bool flip_tta) {
  return {{"file", file},
          {"name", model.name},
          {"family", model.family},
          {"trained_on", to_json(model.trained_on)},
          {"program_version", model.program_version},
          {"test_time_augmentation", flip_tta ? "flip" : "none"}};
}

nlohmann::json judged_data_json(const JudgedData& judged) {
  nlohmann::json data = to_json(judged.dataset.provenance);
  data["seen_in_training"] = judged.seen_in_training;
  data["notes"] = judged.notes;
  return data;
}

Dataset held_out_samples(const DatasetSplits& splits, const ModelDescription& model) {
  const ValidationRule rule = validation_rule(model);
  if (rule.fraction <= 0) {
    throw UsageError(fmt::format(
        "the model '{}' was trained without a validation split, so there are no samples to fit a "
        "temperature on; train it with --set training.validation_fraction=0.1",
        model.name));
  }
  TrainValidation parts = split_validation_fraction(splits.train, rule.fraction, rule.seed);
  if (!trained_on(model, parts.train)) {
    throw UsageError(
        fmt::format("the model '{}' was not trained on {}, so the validation samples of its "
                    "training cannot be told; use the --data that it was trained on ({})",
                    model.name, splits.train.provenance.name,
                    model.trained_on.name.empty() ? "unknown" : model.trained_on.name));
  }
  return std::move(parts.validation);
}

JudgedData choose_judged_data(DatasetSplits splits, std::optional<JudgedSplit> split,
                              const ModelDescription& model) {
  if (splits.train.images.shape() != model.input) {
    throw DataError(fmt::format(
        "{}: the pictures are {}, but the model '{}' takes {}", splits.train.provenance.name,
        to_string(splits.train.images.shape()), model.name, to_string(model.input)));
  }
  JudgedData judged = choose(std::move(splits), split, model);
  if (trained_on(model, judged.dataset)) {
    note_seen(judged, "the model was trained on these very samples");
  }
  if (auto note = align_classes(judged.dataset, model.classes)) judged.notes.push_back(*note);
  if (answers_by_votes(model)) {
    judged.notes.push_back(
        "the probabilities are shares of votes and do not say how sure an answer is, so loss and "
        "calibration say little; training with model.probability=true gives probabilities");
  }
  return judged;
}

}  // namespace thimble
