#include "classical/boosting.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/random.hpp"
#include "classical/xgboost_booster.hpp"

namespace thimble::classical {
namespace {

/// Samples whose losses are added up in one go: the sums do not depend on the number of threads.
constexpr std::size_t kBlock = 2048;
/// XGBoost's base score for this objective; any other gives the same probabilities.
constexpr float kBaseScore = 0.5F;

/// Labels as the numbers of the trees' outputs; -1 where a class has none.
std::vector<std::int32_t> output_labels(const Samples& samples,
                                        const std::vector<std::int32_t>& classes) {
  std::vector<std::int32_t> output_of(samples.classes, -1);
  for (std::size_t k = 0; k < classes.size(); ++k) {
    output_of[static_cast<std::size_t>(classes[k])] = static_cast<std::int32_t>(k);
  }
  std::vector<std::int32_t> labels;
  for (const std::int32_t label : samples.labels) {
    labels.push_back(output_of[static_cast<std::size_t>(label)]);
  }
  return labels;
}

struct Losses {
  double cross_entropy = 0;
  double errors = 0;
};

/// Mean cross-entropy and share of errors of rows of probabilities, as XGBoost's metrics mlogloss
/// and merror: -log(max(p, 1e-16)), of equal probabilities the first counts.
class LossSum {
 public:
  explicit LossSum(std::size_t n) : n_(n), blocks_((n + kBlock - 1) / kBlock) {}

  void add(std::size_t block, std::span<const float> probabilities, std::int32_t label) {
    constexpr float kLeast = 1e-16F;
    const float p = label < 0 ? 0.0F : probabilities[static_cast<std::size_t>(label)];
    const auto best = std::max_element(probabilities.begin(), probabilities.end());
    blocks_[block].cross_entropy -= std::log(static_cast<double>(std::max(p, kLeast)));
    blocks_[block].errors += best - probabilities.begin() == label ? 0 : 1;
  }

  Losses mean() const {
    Losses sum;
    for (const Losses& block : blocks_) {
      sum.cross_entropy += block.cross_entropy;
      sum.errors += block.errors;
    }
    return {sum.cross_entropy / static_cast<double>(n_), sum.errors / static_cast<double>(n_)};
  }

 private:
  std::size_t n_;
  std::vector<Losses> blocks_;
};

/// Calls row(block, i) for every sample, blocks in parallel.
template <class Row>
void for_each_sample(std::size_t n, const Row& row) {
  parallel_tasks((n + kBlock - 1) / kBlock, [&](std::size_t block) {
    const std::size_t end = std::min(n, (block + 1) * kBlock);
    for (std::size_t i = block * kBlock; i < end; ++i) row(block, i);
  });
}

/// exp(margin) / sum, to the last bit as XGBoost's objective computes it: it subtracts the largest
/// margin only where that is positive.
void objective_softmax(std::span<const float> margins, std::span<float> out) {
  // Below this, exponentials of margins could all be 0.
  constexpr float kLowestPlain = -80;
  float largest = *std::max_element(margins.begin(), margins.end());
  if (largest > kLowestPlain) largest = std::max(largest, std::numeric_limits<float>::min());
  double sum = 0;
  for (std::size_t k = 0; k < margins.size(); ++k) {
    out[k] = std::exp(margins[k] - largest);
    sum += static_cast<double>(out[k]);
  }
  for (float& p : out) p /= static_cast<float>(sum);
}

/// First and second derivatives of the cross-entropy by the margins, as XGBoost's objective
/// multi:softprob has them, on a grid on which sums over all samples are exact.
class Derivatives {
 public:
  Derivatives(std::size_t n, std::size_t outputs)
      : n_(n),
        outputs_(outputs),
        // Sums stay below 2^width, so float64 holds them exactly in steps of 2^(width - 52);
        // adding and taking away 1.5 * 2^width rounds to that.
        rounder_(std::ldexp(1.5, static_cast<int>(std::bit_width(n)))),
        gradient_(n * outputs),
        hessian_(n * outputs) {}

  /// Returns the losses at these margins.
  Losses compute(std::span<const float> margins, std::span<const std::int32_t> labels) {
    LossSum losses(n_);
    for_each_sample(n_, [&](std::size_t block, std::size_t i) {
      const std::span<float> p = std::span(gradient_).subspan(i * outputs_, outputs_);
      const std::span<float> h = std::span(hessian_).subspan(i * outputs_, outputs_);
      objective_softmax(margins.subspan(i * outputs_, outputs_), p);
      losses.add(block, p, labels[i]);
      for (std::size_t k = 0; k < outputs_; ++k) h[k] = on_grid(2.0F * p[k] * (1.0F - p[k]));
      p[static_cast<std::size_t>(labels[i])] -= 1.0F;
      for (float& g : p) g = on_grid(g);
    });
    return losses.mean();
  }

  std::span<float> gradient() { return gradient_; }
  std::span<float> hessian() { return hessian_; }

 private:
  float on_grid(float value) const {
    return static_cast<float>((static_cast<double>(value) + rounder_) - rounder_);
  }

  std::size_t n_;
  std::size_t outputs_;
  double rounder_;
  std::vector<float> gradient_;
  std::vector<float> hessian_;
};

Losses judge(std::span<const float> margins, std::span<const std::int32_t> labels) {
  const std::size_t n = labels.size();
  const std::size_t outputs = margins.size() / n;
  std::vector<float> probabilities(margins.begin(), margins.end());
  LossSum losses(n);
  for_each_sample(n, [&](std::size_t block, std::size_t i) {
    const std::span<float> row = std::span(probabilities).subspan(i * outputs, outputs);
    softmax(row);
    losses.add(block, row, labels[i]);
  });
  return losses.mean();
}

void require(bool sensible, const char* option, double value, const char* wanted) {
  if (!sensible) {
    throw UsageError(fmt::format("{} is {}, expected {}", option, value, wanted));
  }
}

/// XGBoost takes NaN for a missing value and infinity for the largest bin, without a word.
void check_finite(const Features& features) {
  if (features.is_bytes()) return;
  const std::span<const float> values = features.values().values();
  const auto odd =
      std::find_if(values.begin(), values.end(), [](float x) { return !std::isfinite(x); });
  if (odd == values.end()) return;
  const auto i = static_cast<std::size_t>(odd - values.begin());
  throw DataError(fmt::format("boosting: feature {} of sample {} is {}", i % features.dims(),
                              i / features.dims(), *odd));
}

XgboostBooster::Parameters library_parameters(const BoostingOptions& o, std::size_t outputs) {
  const auto number = [](double value) { return fmt::format("{}", value); };
  // XGBoost's seeds are 31 bits wide; those that fit stay as they are.
  const std::uint64_t seed = o.seed >> 31 == 0 ? o.seed : mix64(o.seed) >> 33;
  return {{"booster", "gbtree"},
          {"tree_method", "hist"},
          {"objective", "multi:softprob"},
          {"num_class", std::to_string(outputs)},
          {"base_score", number(static_cast<double>(kBaseScore))},
          {"eta", number(o.learning_rate)},
          {"max_depth", std::to_string(o.max_depth)},
          {"max_leaves", std::to_string(o.max_leaves)},
          {"min_child_weight", number(o.min_child_weight)},
          {"subsample", number(o.subsample)},
          {"colsample_bytree", number(o.colsample_bytree)},
          {"colsample_bylevel", number(o.colsample_bylevel)},
          {"colsample_bynode", number(o.colsample_bynode)},
          {"lambda", number(o.reg_lambda)},
          {"alpha", number(o.reg_alpha)},
          {"gamma", number(o.gamma)},
          {"max_bin", std::to_string(o.max_bin)},
          {"grow_policy", o.grow_policy},
          {"seed", std::to_string(seed)}};
}

/// The rounds of one boosting.
class Rounds {
 public:
  Rounds(const Samples& train, const Samples* validation, const std::vector<std::int32_t>& classes,
         const BoostingOptions& options)
      : options_(options),
        outputs_(classes.size()),
        labels_(output_labels(train, classes)),
        train_(XgboostMatrix::binned(train.features, options.max_bin)),
        derivatives_(train.size(), classes.size()) {
    std::vector<XgboostMatrix> matrices{train_};
    if (validation) {
      validation_ = XgboostMatrix::plain(validation->features);
      validation_labels_ = output_labels(*validation, classes);
      matrices.push_back(*validation_);
    }
    booster_.emplace(library_parameters(options, outputs_), matrices);
  }

  BoostingReport run(Progress& progress) {
    const auto total = static_cast<std::uint64_t>(options_.n_estimators);
    while (report_.rounds < options_.n_estimators && !report_.stopped_early) {
      if (progress.stop_requested()) throw Cancelled("boosting: stopped");
      const std::string detail = one_round();
      progress.update(static_cast<std::uint64_t>(report_.rounds), total, detail);
    }
    return report_;
  }

  TreeArrays trees(float scale) const { return booster_->trees(report_.best_iteration + 1, scale); }

 private:
  /// Returns the figures of the round in words.
  std::string one_round() {
    report_.training_loss = derivatives_.compute(booster_->margins(train_), labels_).cross_entropy;
    booster_->boost(train_, derivatives_.gradient(), derivatives_.hessian());
    const int iteration = report_.rounds++;
    if (!validation_) {
      report_.best_iteration = iteration;
      return fmt::format("loss {:.4f}", report_.training_loss);
    }
    const Losses losses = judge(booster_->margins(*validation_), validation_labels_);
    const bool stops = options_.early_stopping_rounds > 0;
    if (!stops || iteration == 0 || losses.cross_entropy < *report_.validation_loss) {
      report_.best_iteration = iteration;
      report_.validation_loss = losses.cross_entropy;
      report_.validation_error = losses.errors;
    }
    report_.stopped_early =
        stops && iteration - report_.best_iteration >= options_.early_stopping_rounds;
    return fmt::format("loss {:.4f}  validation loss {:.4f}  accuracy {:.4f}",
                       report_.training_loss, losses.cross_entropy, 1 - losses.errors);
  }

  const BoostingOptions& options_;
  std::size_t outputs_;
  std::vector<std::int32_t> labels_;
  XgboostMatrix train_;
  Derivatives derivatives_;
  std::optional<XgboostMatrix> validation_;
  std::vector<std::int32_t> validation_labels_;
  std::optional<XgboostBooster> booster_;
  BoostingReport report_;
};

}  // namespace

void check_options(const BoostingOptions& o) {
  require(o.n_estimators >= 1, "n_estimators", o.n_estimators, "1 or more");
  require(o.learning_rate > 0 && o.learning_rate <= 1, "learning_rate", o.learning_rate,
          "more than 0, at most 1");
  require(o.max_depth >= 0 && o.max_depth <= 64, "max_depth", o.max_depth, "0 to 64");
  require(o.max_leaves >= 0, "max_leaves", o.max_leaves, "0 or more");
  require(o.max_depth > 0 || o.max_leaves > 0, "max_depth", o.max_depth,
          "1 or more where max_leaves is 0");
  require(o.min_child_weight >= 0, "min_child_weight", o.min_child_weight, "0 or more");
  for (const auto& [name, share] :
       {std::pair("subsample", o.subsample), std::pair("colsample_bytree", o.colsample_bytree),
        std::pair("colsample_bylevel", o.colsample_bylevel),
        std::pair("colsample_bynode", o.colsample_bynode)}) {
    require(share > 0 && share <= 1, name, share, "more than 0, at most 1");
  }
  require(o.reg_lambda >= 0, "reg_lambda", o.reg_lambda, "0 or more");
  require(o.reg_alpha >= 0, "reg_alpha", o.reg_alpha, "0 or more");
  require(o.gamma >= 0, "gamma", o.gamma, "0 or more");
  require(o.max_bin >= 2 && o.max_bin <= 65536, "max_bin", o.max_bin, "2 to 65536");
  require(o.early_stopping_rounds >= 0, "early_stopping_rounds", o.early_stopping_rounds,
          "0 or more");
  if (o.grow_policy != "depthwise" && o.grow_policy != "lossguide") {
    throw UsageError("grow_policy is \"" + o.grow_policy + "\", expected depthwise or lossguide");
  }
}

Boosting fit_boosting(const Samples& train, const Samples* validation,
                      const BoostingOptions& options, Progress& progress, BoostingReport* report) {
  if (validation && validation->size() == 0) validation = nullptr;
  check_options(options);
  if (options.early_stopping_rounds > 0 && !validation) {
    throw UsageError(
        "early_stopping_rounds needs validation samples to stop by; keep some aside or set it "
        "to 0");
  }
  Boosting model;
  model.classes = present_classes(train);
  if (model.classes.empty()) throw DataError("boosting: no training sample");
  check_finite(train.features);
  const std::size_t dims = train.features.dims();
  if (model.classes.size() == 1) {
    if (report) *report = {};
    model.trees = BoostedTrees({{0}, {}, {}, {}}, 1, dims, kBaseScore);
    return model;
  }
  Rounds rounds(train, validation, model.classes, options);
  const BoostingReport done = rounds.run(progress);
  if (report) *report = done;
  const float scale = train.features.is_bytes() ? train.features.scale() : 1.0F;
  model.trees = BoostedTrees(rounds.trees(scale), model.classes.size(), dims, kBaseScore);
  return model;
}

void predict_proba(const Boosting& model, const Features& features, std::size_t classes,
                   std::span<float> out) {
  const std::size_t outputs = model.classes.size();
  std::vector<float> margins(features.size() * outputs);
  model.trees.margins(features, margins);
  std::fill(out.begin(), out.end(), 0.0F);
  for (std::size_t i = 0; i < features.size(); ++i) {
    const std::span<float> row = std::span(margins).subspan(i * outputs, outputs);
    softmax(row);
    for (std::size_t k = 0; k < outputs; ++k) {
      out[i * classes + static_cast<std::size_t>(model.classes[k])] = row[k];
    }
  }
}

}  // namespace thimble::classical
