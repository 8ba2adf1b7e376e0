#include "exploration/out_of_fold.hpp"

#include <algorithm>
#include <memory>
#include <numeric>
#include <string>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/random.hpp"
#include "evaluation/prediction.hpp"

namespace thimble {
namespace {

/// Tells one progress of folds, each of which reports in units of its own.
class FoldProgress : public Progress {
 public:
  FoldProgress(Progress& progress, int folds) : progress_(progress), folds_(folds) {}

  void begin(int fold) {
    fold_ = fold;
    update(0, 0, "");
  }
  void update(std::uint64_t, std::uint64_t, const std::string& detail) override {
    progress_.update(static_cast<std::uint64_t>(fold_), static_cast<std::uint64_t>(folds_), detail);
  }
  bool stop_requested() const override { return progress_.stop_requested(); }

 private:
  Progress& progress_;
  int folds_;
  int fold_ = 0;
};

}  // namespace

std::vector<int> stratified_folds(std::span<const std::int32_t> labels, std::size_t classes,
                                  int folds, std::uint64_t seed) {
  if (folds < 2) throw UsageError(fmt::format("folds: {}, expected 2 or more", folds));
  std::vector<std::vector<std::size_t>> by_class(classes);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    by_class.at(static_cast<std::size_t>(labels[i])).push_back(i);
  }
  std::vector<int> fold_of(labels.size());
  // Each class goes on where the last one stopped, so that small classes do not all fill fold 0.
  std::size_t next = 0;
  for (std::size_t k = 0; k < classes; ++k) {
    Random(hash_seed(seed, k)).shuffle(std::span(by_class[k]));
    for (const std::size_t i : by_class[k]) {
      fold_of[i] = static_cast<int>(next++ % static_cast<std::size_t>(folds));
    }
  }
  return fold_of;
}

Probabilities out_of_fold_probabilities(const Dataset& dataset, const Recipe& recipe,
                                        std::span<const int> fold_of, Progress* progress) {
  if (fold_of.size() != dataset.size()) {
    throw ShapeError(fmt::format("out_of_fold_probabilities: {} folds for {} samples",
                                 fold_of.size(), dataset.size()));
  }
  Probabilities all(dataset.size(), dataset.classes.size());
  if (dataset.size() == 0) return all;
  const int folds = *std::ranges::max_element(fold_of) + 1;
  Progress silent;
  FoldProgress of_folds(progress != nullptr ? *progress : silent, folds);
  for (int fold = 0; fold < folds; ++fold) {
    of_folds.begin(fold);
    std::vector<std::size_t> learned, judged;
    for (std::size_t i = 0; i < fold_of.size(); ++i) {
      (fold_of[i] == fold ? judged : learned).push_back(i);
    }
    if (judged.empty()) continue;
    const std::unique_ptr<Classifier> model = make_classifier(recipe);
    FitOptions fit;
    fit.progress = &of_folds;
    model->fit(dataset.select(learned), fit);
    PredictionOptions prediction;
    prediction.progress = &of_folds;
    const Probabilities some = predict(*model, dataset.images.select(judged), prediction);
    for (std::size_t j = 0; j < judged.size(); ++j) {
      std::ranges::copy(some[j], all[judged[j]].begin());
    }
  }
  return all;
}

}  // namespace thimble
