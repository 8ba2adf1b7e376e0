#include "exploration/label_audit.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "base/error.hpp"
#include "evaluation/evaluation.hpp"
#include "exploration/out_of_fold.hpp"

namespace thimble {
namespace {

/// Says which of several recipes is at work.
class RecipeProgress : public Progress {
 public:
  RecipeProgress(Progress& progress, std::size_t recipes)
      : progress_(progress), recipes_(recipes) {}

  void begin(const std::string& name, std::size_t index) {
    name_ = name;
    index_ = index;
  }
  void update(std::uint64_t done, std::uint64_t total, const std::string& detail) override {
    progress_.update(
        index_ * total + done, recipes_ * total,
        fmt::format("{}, fold {} of {}  {}", name_, std::min(done + 1, total), total, detail));
  }
  bool stop_requested() const override { return progress_.stop_requested(); }

 private:
  Progress& progress_;
  std::size_t recipes_;
  std::string name_;
  std::size_t index_ = 0;
};

void require_enough(const Dataset& dataset) {
  const std::vector<std::size_t> counts = dataset.class_counts();
  const auto usable = std::ranges::count_if(counts, [](std::size_t count) { return count >= 2; });
  if (usable >= 2) return;
  throw DataError(
      fmt::format("suspicious labels in {}: {} of {} classes have two samples or more, expected "
                  "two such classes, as models must learn from some and judge the others",
                  dataset.provenance.name, usable, counts.size()));
}

/// Mean probability of each class over the samples that carry its label.
std::vector<double> class_thresholds(const Probabilities& probabilities,
                                     std::span<const std::int32_t> labels) {
  std::vector<double> sums(probabilities.classes());
  std::vector<std::size_t> counts(probabilities.classes());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto label = static_cast<std::size_t>(labels[i]);
    sums[label] += static_cast<double>(probabilities[i][label]);
    ++counts[label];
  }
  for (std::size_t k = 0; k < sums.size(); ++k) {
    sums[k] = counts[k] > 0 ? sums[k] / static_cast<double>(counts[k])
                            : std::numeric_limits<double>::quiet_NaN();
  }
  return sums;
}

/// The likeliest of the classes whose probability reaches their threshold, or `label` if none does.
std::size_t confident_class(std::span<const float> probabilities,
                            std::span<const double> thresholds, std::size_t label) {
  std::size_t best = label;
  float most = -1;
  for (std::size_t k = 0; k < thresholds.size(); ++k) {
    // Comparisons with a threshold that is not a number are false.
    if (static_cast<double>(probabilities[k]) >= thresholds[k] && probabilities[k] > most) {
      best = k;
      most = probabilities[k];
    }
  }
  return best;
}

/// Equation 3: each row of the counts brought to its label's share of the samples.
std::vector<double> calibrated_joint(std::span<const std::uint64_t> counts,
                                     std::span<const std::int32_t> labels, std::size_t classes) {
  std::vector<double> of_label(classes);
  for (const std::int32_t label : labels) of_label[static_cast<std::size_t>(label)] += 1;
  std::vector<double> joint(classes * classes);
  const auto n = static_cast<double>(labels.size());
  for (std::size_t i = 0; i < classes; ++i) {
    double sum = 0;
    for (std::size_t j = 0; j < classes; ++j) sum += static_cast<double>(counts[i * classes + j]);
    for (std::size_t j = 0; j < classes; ++j) {
      if (sum > 0) {
        joint[i * classes + j] =
            static_cast<double>(counts[i * classes + j]) / sum * of_label[i] / n;
      }
    }
    if (!(sum > 0) && of_label[i] > 0) joint[i * classes + i] = of_label[i] / n;
  }
  return joint;
}

std::size_t likeliest_other(std::span<const float> probabilities, std::size_t label) {
  std::size_t best = label == 0 ? 1 : 0;
  for (std::size_t k = 0; k < probabilities.size(); ++k) {
    if (k != label && probabilities[k] > probabilities[best]) best = k;
  }
  return best;
}

/// Finite where a model rules a class out.
double log_odds(float probability, float against) {
  constexpr double kLeast = 1e-6;
  return std::log((static_cast<double>(probability) + kLeast) /
                  (static_cast<double>(against) + kLeast));
}

}  // namespace

std::vector<Recipe> default_audit_recipes(const Dataset& dataset) {
  // The network's convolutions and poolings leave nothing of smaller pictures.
  constexpr int kLeastSide = 10;
  const PictureShape& shape = dataset.images.shape();
  if (std::min(shape.height, shape.width) < kLeastSide) return {load_recipe("logistic")};
  // Long training learns wrong labels by heart; few pictures need more rounds to learn at all.
  constexpr std::size_t kLeastEpochs = 5;
  constexpr std::size_t kMostEpochs = 40;
  constexpr std::size_t kPicturesSeen = 128'000;
  const std::size_t epochs = std::clamp(kPicturesSeen / std::max<std::size_t>(dataset.size(), 1),
                                        kLeastEpochs, kMostEpochs);
  Recipe network = load_recipe("keras-cnn");
  override_setting(network, fmt::format("training.epochs={}", epochs));
  return {network};
}

LabelAudit judge_labels(const Probabilities& probabilities, std::span<const std::int32_t> labels) {
  if (probabilities.size() != labels.size()) {
    throw ShapeError(fmt::format("judge_labels: {} rows of probabilities for {} labels",
                                 probabilities.size(), labels.size()));
  }
  const std::size_t classes = probabilities.classes();
  LabelAudit audit;
  audit.thresholds = class_thresholds(probabilities, labels);
  audit.confident_joint.resize(classes * classes);
  std::size_t right = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::span<const float> row = probabilities[i];
    const auto label = static_cast<std::size_t>(labels[i]);
    right += predicted_class(row) == label ? 1U : 0U;
    const std::size_t confident = confident_class(row, audit.thresholds, label);
    if (confident != label || static_cast<double>(row[label]) >= audit.thresholds[label]) {
      ++audit.confident_joint[label * classes + confident];
    }
    JudgedLabel& judged = audit.ranking.emplace_back();
    const std::size_t other = likeliest_other(row, label);
    judged.index = i;
    judged.given = labels[i];
    judged.suggested = static_cast<std::int32_t>(other);
    judged.given_probability = row[label];
    judged.suggested_probability = row[other];
    judged.score = log_odds(row[other], row[label]);
    judged.is_error = confident != label;
  }
  audit.joint = calibrated_joint(audit.confident_joint, labels, classes);
  double off_diagonal = 0;
  for (std::size_t i = 0; i < classes; ++i) {
    for (std::size_t j = 0; j < classes; ++j) {
      if (i != j) off_diagonal += audit.joint[i * classes + j];
    }
  }
  const auto n = static_cast<double>(labels.size());
  audit.estimated_errors = off_diagonal * n;
  audit.accuracy = labels.empty() ? 0 : static_cast<double>(right) / n;
  std::ranges::stable_sort(
      audit.ranking, [](const JudgedLabel& a, const JudgedLabel& b) { return a.score > b.score; });
  return audit;
}

LabelAudit audit_labels(const Dataset& dataset, const LabelAuditOptions& options,
                        Progress* progress) {
  const auto start = std::chrono::steady_clock::now();
  require_enough(dataset);
  const std::vector<Recipe> recipes =
      options.recipes.empty() ? default_audit_recipes(dataset) : options.recipes;
  const std::vector<int> fold_of =
      stratified_folds(dataset.labels, dataset.classes.size(), options.folds, options.seed);
  Progress silent;
  RecipeProgress of_recipes(progress != nullptr ? *progress : silent, recipes.size());
  Probabilities mean(dataset.size(), dataset.classes.size());
  for (std::size_t r = 0; r < recipes.size(); ++r) {
    of_recipes.begin(recipes[r].name, r);
    const Probabilities one = out_of_fold_probabilities(dataset, recipes[r], fold_of, &of_recipes);
    for (std::size_t i = 0; i < one.values().size(); ++i) {
      mean.values()[i] += one.values()[i] / static_cast<float>(recipes.size());
    }
  }
  LabelAudit audit = judge_labels(mean, dataset.labels);
  for (const Recipe& recipe : recipes) audit.recipes.push_back(recipe.name);
  audit.folds = options.folds;
  audit.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return audit;
}

}  // namespace thimble
