#include "classical/boosting.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/random.hpp"

namespace thimble::classical {
namespace {

using nlohmann::json;
using testing::HasSubstr;

/// On one thread: on a busy machine XGBoost's threads wait long for each other.
class GradientBoosting : public testing::Test {
 protected:
  void SetUp() override { set_thread_count(1); }
  void TearDown() override { set_thread_count(threads_); }
  int threads_ = thread_count();
};

/// Samples with an owner.
struct Data {
  std::vector<std::uint8_t> bytes;
  Features features;
  std::vector<std::int32_t> labels;
  std::size_t classes = 0;

  Samples samples() const { return {features, labels, classes}; }
};

/// Features 0 and 1 tell most of the class, the others are noise and one constant.
Data make_data(std::size_t n, std::size_t dims, std::size_t classes, std::uint64_t seed,
               float scale = 1) {
  Data data;
  Random random(seed);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t label = random.below(classes);
    data.labels.push_back(static_cast<std::int32_t>(label));
    for (std::size_t j = 0; j < dims; ++j) {
      const double centre =
          j < 2 ? 30.0 + 200.0 * static_cast<double>(label ^ j) / static_cast<double>(classes)
                : 128;
      const double value = j == 2 ? 9 : centre + 40 * random.normal();
      data.bytes.push_back(static_cast<std::uint8_t>(std::clamp(value, 0.0, 255.0)));
    }
  }
  data.features = Features(data.bytes, dims, scale);
  data.classes = classes;
  return data;
}

BoostingOptions small_options() {
  BoostingOptions options;
  options.n_estimators = 5;
  return options;
}

std::vector<float> probabilities(const Boosting& model, const Features& features,
                                 std::size_t classes) {
  std::vector<float> out(features.size() * classes);
  predict_proba(model, features, classes, out);
  return out;
}

Boosting fit(const Data& data, const BoostingOptions& options, BoostingReport* report = nullptr) {
  Progress progress;
  return fit_boosting(data.samples(), nullptr, options, progress, report);
}

// ---- against XGBoost itself, tests/reference/make_boost_reference.py

Features reference_features(const json& rows, bool bytes, std::vector<std::uint8_t>& owner) {
  const std::size_t n = rows.size(), d = rows[0].size();
  linalg::Matrix values(n, d);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < d; ++j) {
      values[i][j] = rows[i][j].get<float>();
      if (bytes) owner.push_back(rows[i][j].get<std::uint8_t>());
    }
  }
  return bytes ? Features(owner, d, 1.0F / 255) : Features(std::move(values));
}

BoostingOptions reference_options(const json& table) {
  BoostingOptions o;
  const auto read = [&](const char* key, auto& member) {
    if (table.contains(key)) table.at(key).get_to(member);
  };
  read("n_estimators", o.n_estimators);
  read("learning_rate", o.learning_rate);
  read("max_depth", o.max_depth);
  read("max_leaves", o.max_leaves);
  read("min_child_weight", o.min_child_weight);
  read("subsample", o.subsample);
  read("colsample_bytree", o.colsample_bytree);
  read("colsample_bylevel", o.colsample_bylevel);
  read("colsample_bynode", o.colsample_bynode);
  read("reg_lambda", o.reg_lambda);
  read("reg_alpha", o.reg_alpha);
  read("gamma", o.gamma);
  read("max_bin", o.max_bin);
  read("grow_policy", o.grow_policy);
  read("early_stopping_rounds", o.early_stopping_rounds);
  read("seed", o.seed);
  return o;
}

class BoostingReference : public testing::TestWithParam<json> {};

TEST_P(BoostingReference, GivesXgboostsProbabilities) {
  const SerialScope serial;
  const json& one = GetParam();
  const bool bytes = one.at("kind") == "bytes";
  const auto classes = one.at("classes").get<std::size_t>();
  std::vector<std::uint8_t> train_bytes, held_out_bytes;
  const Features train = reference_features(one.at("train"), bytes, train_bytes);
  const Features held_out = reference_features(one.at("held_out"), bytes, held_out_bytes);
  const auto labels = one.at("labels").get<std::vector<std::int32_t>>();
  const auto held_out_labels = one.at("held_out_labels").get<std::vector<std::int32_t>>();
  const Samples train_samples{train, labels, classes};
  const Samples validation{held_out, held_out_labels, classes};

  Progress progress;
  BoostingReport report;
  const Boosting model = fit_boosting(train_samples, &validation,
                                      reference_options(one.at("options")), progress, &report);
  EXPECT_EQ(report.rounds, one.at("rounds"));
  EXPECT_EQ(report.best_iteration, one.at("best_iteration"));
  EXPECT_NEAR(*report.validation_loss, one.at("validation_loss").get<double>(), 1e-6);
  EXPECT_NEAR(*report.validation_error, one.at("validation_error").get<double>(), 1e-9);
  const std::vector<float> got = probabilities(model, held_out, classes);
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double expected = one.at("probabilities")[i / classes][i % classes];
    EXPECT_NEAR(got[i], expected, 1e-6) << "probability " << i;
  }
}

std::vector<json> reference_cases() {
  std::ifstream stream(std::string(THIMBLE_TEST_DATA) + "/boost_reference.json");
  return json::parse(stream).at("cases").get<std::vector<json>>();
}

std::string case_name(const testing::TestParamInfo<json>& info) {
  std::string name = info.param.at("name");
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); },
      '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Cases, BoostingReference, testing::ValuesIn(reference_cases()), case_name);

// ---- determinism

TEST_F(GradientBoosting, DoesNotDependOnTheNumberOfThreads) {
  const Data data = make_data(1500, 8, 3, 1);
  BoostingOptions options = small_options();
  options.n_estimators = 2;
  options.subsample = 0.7;
  options.colsample_bynode = 0.6;
  std::vector<std::vector<float>> values;
  std::vector<std::vector<float>> predicted;
  for (const int threads : {1, 2, 5}) {
    set_thread_count(threads);
    const Boosting model = fit(data, options);
    EXPECT_EQ(thread_count(), threads);
    values.push_back(model.trees.arrays().value);
    predicted.push_back(probabilities(model, data.features, data.classes));
  }
  EXPECT_EQ(values[0], values[1]);
  EXPECT_EQ(values[0], values[2]);
  EXPECT_EQ(predicted[0], predicted[1]);
  EXPECT_EQ(predicted[0], predicted[2]);
}

TEST_F(GradientBoosting, SeedChoosesTheSamples) {
  const Data data = make_data(500, 6, 3, 2);
  BoostingOptions options = small_options();
  options.subsample = 0.5;
  const Boosting first = fit(data, options);
  EXPECT_EQ(first.trees.arrays().value, fit(data, options).trees.arrays().value);
  // XGBoost itself would take the lowest bits only.
  options.seed = (std::uint64_t{1} << 40) + 1;
  EXPECT_NE(first.trees.arrays().value, fit(data, options).trees.arrays().value);
}

TEST_F(GradientBoosting, ScaleOfBytesMakesNoDifference) {
  const Data plain = make_data(400, 6, 3, 3), scaled = make_data(400, 6, 3, 3, 1.0F / 255);
  const Boosting a = fit(plain, small_options()), b = fit(scaled, small_options());
  EXPECT_EQ(probabilities(a, plain.features, 3), probabilities(b, scaled.features, 3));
  // And the model of scaled bytes knows the same numbers as floats.
  linalg::Matrix values(scaled.features.size(), 6);
  scaled.features.copy(0, scaled.features.size(), values.data());
  const Features as_floats(std::move(values));
  EXPECT_EQ(probabilities(b, scaled.features, 3), probabilities(b, as_floats, 3));
}

// ---- odd data

TEST_F(GradientBoosting, ClassesWithoutSamplesGetNothing) {
  Data data = make_data(300, 5, 3, 4);
  for (auto& label : data.labels) label = std::array{1, 3, 6}[static_cast<std::size_t>(label)];
  data.classes = 8;
  BoostingReport report;
  const Boosting model = fit(data, small_options(), &report);
  EXPECT_THAT(model.classes, testing::ElementsAre(1, 3, 6));
  EXPECT_EQ(report.rounds, 5);
  const std::vector<float> p = probabilities(model, data.features, 8);
  for (std::size_t i = 0; i < 300; ++i) {
    for (const std::size_t c : {0U, 2U, 4U, 5U, 7U}) EXPECT_EQ(p[i * 8 + c], 0.0F);
    EXPECT_NEAR(p[i * 8 + 1] + p[i * 8 + 3] + p[i * 8 + 6], 1, 1e-5);
  }
}

TEST_F(GradientBoosting, ValidationMayHoldClassesThatTrainingLacks) {
  Data train = make_data(200, 4, 2, 5), validation = make_data(60, 4, 3, 6);
  train.classes = 3;
  const Samples held_out = validation.samples();
  Progress progress;
  BoostingReport report;
  (void)fit_boosting(train.samples(), &held_out, small_options(), progress, &report);
  EXPECT_TRUE(std::isfinite(*report.validation_loss));
  EXPECT_GT(*report.validation_error, 0.1);
}

TEST_F(GradientBoosting, OneClassNeedsNoTree) {
  Data data = make_data(20, 4, 2, 7);
  std::fill(data.labels.begin(), data.labels.end(), 1);
  BoostingReport report;
  const Boosting model = fit(data, small_options(), &report);
  EXPECT_EQ(model.trees.trees(), 0U);
  EXPECT_EQ(report.rounds, 0);
  const std::vector<float> p = probabilities(model, data.features, 2);
  EXPECT_EQ(p[0], 0.0F);
  EXPECT_EQ(p[1], 1.0F);
}

TEST_F(GradientBoosting, LearnsFromConstantsAndFewSamples) {
  Data constant = make_data(30, 3, 2, 8);
  std::fill(constant.bytes.begin(), constant.bytes.end(), std::uint8_t{5});
  const Boosting model = fit(constant, small_options());
  EXPECT_EQ(model.trees.leaves(), model.trees.trees());

  const Data tiny = make_data(2, 3, 2, 9);
  for (const float p : probabilities(fit(tiny, small_options()), tiny.features, 2)) {
    EXPECT_TRUE(p >= 0 && p <= 1);
  }
}

TEST_F(GradientBoosting, NeedsSamples) {
  Data none = make_data(0, 3, 2, 1);
  EXPECT_THROW((void)fit(none, small_options()), DataError);
}

TEST_F(GradientBoosting, InfiniteFeaturesAreADataError) {
  linalg::Matrix values(4, 2);
  values[1][0] = INFINITY;
  Data data;
  data.features = Features(std::move(values));
  data.labels = {0, 1, 0, 1};
  data.classes = 2;
  EXPECT_THROW((void)fit(data, small_options()), DataError);
}

// ---- options, early stopping, progress

TEST_F(GradientBoosting, RefusesWhatMakesNoSense) {
  const auto refused = [](auto change) {
    BoostingOptions options;
    change(options);
    try {
      check_options(options);
    } catch (const UsageError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(refused([](auto&) {}), "");
  EXPECT_EQ(refused([](auto& o) { o.max_bin = 1; }), "max_bin is 1, expected 2 to 65536");
  EXPECT_THAT(refused([](auto& o) { o.subsample = 0; }), HasSubstr("subsample is 0"));
  EXPECT_THAT(refused([](auto& o) { o.n_estimators = 0; }), HasSubstr("n_estimators"));
  EXPECT_THAT(refused([](auto& o) { o.learning_rate = 0; }), HasSubstr("learning_rate"));
  EXPECT_THAT(refused([](auto& o) { o.max_depth = 0; }), HasSubstr("max_leaves"));
  EXPECT_THAT(refused([](auto& o) { o.grow_policy = "best"; }), HasSubstr("lossguide"));
  EXPECT_THAT(refused([](auto& o) { o.reg_lambda = -1; }), HasSubstr("reg_lambda"));
}

TEST_F(GradientBoosting, EarlyStoppingNeedsValidation) {
  BoostingOptions options = small_options();
  options.early_stopping_rounds = 2;
  EXPECT_THROW((void)fit(make_data(30, 3, 2, 1), options), UsageError);
}

/// Counts rounds and asks to stop at the given one.
class Watcher : public Progress {
 public:
  explicit Watcher(std::uint64_t stop_at) : stop_at_(stop_at) {}
  void update(std::uint64_t done, std::uint64_t total, const std::string& detail) override {
    done_ = done;
    total_ = total;
    details_.push_back(detail);
  }
  bool stop_requested() const override { return done_ >= stop_at_; }

  std::uint64_t done_ = 0, total_ = 0, stop_at_;
  std::vector<std::string> details_;
};

TEST_F(GradientBoosting, TellsItsProgressAndStops) {
  const Data train = make_data(200, 4, 3, 1), held_out = make_data(50, 4, 3, 2);
  const Samples validation = held_out.samples();
  Watcher whole(100);
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  (void)fit_boosting(train.samples(), &validation, small_options(), whole);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(whole.done_, 5U);
  EXPECT_EQ(whole.total_, 5U);
  EXPECT_THAT(whole.details_.back(), HasSubstr("validation loss 0."));

  Watcher impatient(2);
  EXPECT_THROW((void)fit_boosting(train.samples(), &validation, small_options(), impatient),
               Cancelled);
  EXPECT_EQ(impatient.done_, 2U);
}

}  // namespace
}  // namespace thimble::classical
