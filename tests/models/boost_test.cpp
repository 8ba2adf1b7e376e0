#include "models/boost.hpp"

#include <cmath>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/error.hpp"
#include "data/split.hpp"
#include "data/synthetic.hpp"
#include "models/recipe.hpp"

namespace thimble {
namespace {

using nlohmann::json;
using testing::HasSubstr;

constexpr std::size_t kSide = 12;

const Dataset& pictures() {
  static const Dataset dataset = make_synthetic({300, 10, 5, {kSide, kSide, 1}}).train;
  return dataset;
}

classical::Features features() {
  return classical::Features(pictures().images.pixels(), kSide * kSide, 1.0F / 255);
}

const json& small_table() {
  static const json table = {{"n_estimators", 3}, {"max_depth", 3}, {"max_bin", 32}};
  return table;
}

/// A trained estimator's part of a model file.
const ModelFile& trained_file() {
  static const ModelFile file = [] {
    const classical::Features all = features();
    const classical::Samples samples{all, pictures().labels, pictures().classes.size()};
    BoostEstimator estimator(small_table(), 1);
    Progress progress;
    (void)estimator.fit(samples, nullptr, progress);
    ModelFile saved;
    estimator.save(saved);
    return saved;
  }();
  return file;
}

std::unique_ptr<BoostEstimator> load(const ModelFile& file) {
  auto estimator = std::make_unique<BoostEstimator>(small_table(), 1);
  estimator->load(file, "shoe.safetensors", kSide * kSide, pictures().classes.size());
  return estimator;
}

Probabilities predict(const BoostEstimator& estimator) {
  Probabilities out(pictures().size(), pictures().classes.size());
  estimator.predict_proba(features(), out);
  return out;
}

TEST(BoostEstimator, SpellsOutItsSettings) {
  const json settings = BoostEstimator(small_table(), 1).settings();
  EXPECT_EQ(settings.at("n_estimators"), 3);
  EXPECT_EQ(settings.at("learning_rate"), 0.3);
  EXPECT_EQ(settings.at("grow_policy"), "depthwise");
  EXPECT_EQ(settings.size(), 15U);
  EXPECT_EQ(BoostEstimator(settings, 1).settings(), settings);
}

TEST(BoostEstimator, RefusesWhatItDoesNotKnow) {
  const auto refused = [](const json& model) {
    try {
      const BoostEstimator estimator(model, 1);
    } catch (const UsageError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_THAT(refused({{"max_dept", 3}}), HasSubstr("did you mean 'model.max_depth'"));
  EXPECT_THAT(refused({{"max_bin", 1}}), HasSubstr("model.max_bin is 1"));
  EXPECT_THAT(refused({{"subsample", "half"}}), HasSubstr("model.subsample"));
}

TEST(BoostEstimator, ReportsItsFit) {
  const TrainValidation parts = split_validation(pictures(), 60, 1);
  const classical::Features train(parts.train.images.pixels(), kSide * kSide, 1);
  const classical::Features held_out(parts.validation.images.pixels(), kSide * kSide, 1);
  const std::size_t classes = pictures().classes.size();
  const classical::Samples samples{train, parts.train.labels, classes};
  const classical::Samples validation{held_out, parts.validation.labels, classes};
  Progress progress;

  BoostEstimator patient(small_table(), 1);
  const FitReport report = patient.fit(samples, &validation, progress);
  EXPECT_EQ(report.stopped_because, "all 3 rounds done");
  EXPECT_EQ(report.details.at("rounds"), 3);
  EXPECT_EQ(report.details.at("best_iteration"), 2);
  EXPECT_GT(report.details.at("validation_loss"), 0);
  EXPECT_THAT(patient.summary(), HasSubstr("3 rounds of 10 trees"));

  json hasty_table = small_table();
  hasty_table.update({{"n_estimators", 100}, {"learning_rate", 1}, {"early_stopping_rounds", 2}});
  BoostEstimator hasty(hasty_table, 1);
  const FitReport stopped = hasty.fit(samples, &validation, progress);
  EXPECT_EQ(stopped.stopped_because, "validation loss no better for 2 rounds");
  EXPECT_EQ(stopped.details.at("rounds"), stopped.details.at("best_iteration").get<int>() + 3);
}

TEST(BoostEstimator, ComesBackFromItsFile) {
  const auto loaded = load(trained_file());
  const Probabilities p = predict(*loaded);
  std::size_t right = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    const auto row = p[i];
    const auto best = std::max_element(row.begin(), row.end()) - row.begin();
    right += best == pictures().labels[i] ? 1 : 0;
  }
  EXPECT_GT(static_cast<double>(right), 0.8 * static_cast<double>(p.size()));
  ModelFile again;
  loaded->save(again);
  for (const auto& [name, tensor] : trained_file().tensors) {
    EXPECT_EQ(again.tensors.at(name).data, tensor.data) << name;
  }
}

TEST(BoostEstimator, RefusesIncompleteFiles) {
  for (const auto& [name, tensor] : trained_file().tensors) {
    ModelFile missing = trained_file();
    missing.tensors.erase(name);
    EXPECT_THROW((void)load(missing), DataError) << name;
    ModelFile shorter = trained_file();
    Tensor& cut = shorter.tensors.at(name);
    cut.shape[0] -= 1;
    cut.data.resize(cut.data.size() - element_size(cut.type));
    EXPECT_THROW((void)load(shorter), DataError) << name;
    ModelFile other = trained_file();
    other.tensors.at(name) = Tensor::from(std::vector<std::int64_t>{1}, {1});
    EXPECT_THROW((void)load(other), DataError) << name;
    ModelFile scalar = trained_file();
    scalar.tensors.at(name).shape = {};
    EXPECT_THROW((void)load(scalar), DataError) << name;
  }
  BoostEstimator narrow(small_table(), 1);
  EXPECT_THROW(narrow.load(trained_file(), "file", 5, 10), DataError);
  EXPECT_THROW(narrow.load(trained_file(), "file", kSide * kSide, 9), DataError);
}

TEST(BoostEstimator, SurvivesTamperedFiles) {
  EXPECT_TRUE(rc::check([](std::uint32_t where, std::uint32_t bits) {
    ModelFile file = trained_file();
    auto tensor = file.tensors.begin();
    std::advance(tensor, static_cast<std::ptrdiff_t>(where % file.tensors.size()));
    std::vector<std::byte>& data = tensor->second.data;
    const std::size_t at = where / file.tensors.size() % (data.size() / 4) * 4;
    for (std::size_t b = 0; b < 4; ++b) data[at + b] ^= static_cast<std::byte>(bits >> (8 * b));
    try {
      const Probabilities p = predict(*load(file));
      for (const float value : p.values()) RC_ASSERT(value >= 0 && value <= 1);
    } catch (const DataError& error) {
      RC_ASSERT(std::string(error.what()).starts_with("shoe.safetensors: "));
    }
  }));
}

}  // namespace
}  // namespace thimble
