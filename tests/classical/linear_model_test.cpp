#include "classical/linear_model.hpp"

#include <cmath>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "classical/linear_svm.hpp"
#include "classical/logistic.hpp"
#include "linear_samples.hpp"

namespace thimble::classical {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using Penalty = LogisticOptions::Penalty;
using Solver = LogisticOptions::Solver;

constexpr float kScale = 1.0F / 255;

/// Samples that scikit-learn has learned from (tests/reference/make_linear_reference.py).
struct ReferenceCase {
  explicit ReferenceCase(const json& stored)
      : dims(stored.at("dims")),
        classes(stored.at("classes")),
        values(stored.at("values")),
        labels(stored.at("labels")),
        features(values, dims, kScale) {}
  Samples samples() const { return {features, labels, classes}; }

  std::size_t dims;
  std::size_t classes;
  std::vector<std::uint8_t> values;
  std::vector<std::int32_t> labels;
  Features features;
};

const json& reference() {
  static const json stored = json::parse(std::ifstream(THIMBLE_TEST_DATA "/linear_reference.json"));
  return stored;
}

/// Two classes: scikit-learn has one row of weights, for the second class against the first.
void expect_weights(const LinearModel& model, const json& expected, double two_classes,
                    double tolerance, const std::string& what) {
  const std::vector<std::vector<double>> weights = expected.at("weights");
  const std::vector<double> intercepts = expected.at("intercepts");
  const std::size_t first = weights.size() == 1 ? 1 : 0;
  const double factor = weights.size() == 1 ? two_classes : 1;
  double largest = 1;
  for (const auto& row : weights) {
    for (const double w : row) largest = std::max(largest, std::abs(w));
  }
  for (std::size_t c = 0; c < weights.size(); ++c) {
    ASSERT_NEAR(model.intercepts[first + c], factor * intercepts[c], tolerance * largest)
        << what << ", intercept " << c;
    for (std::size_t j = 0; j < model.dims; ++j) {
      ASSERT_NEAR(model.weights[(first + c) * model.dims + j], factor * weights[c][j],
                  tolerance * largest)
          << what << ", weight " << c << ", " << j;
    }
  }
}

std::vector<float> probabilities(const LinearModel& model, const Features& features) {
  std::vector<float> out(features.size() * model.classes);
  predict_softmax(model, features, out);
  return out;
}

LinearModel fit(const Samples& samples, const LogisticOptions& options) {
  Progress progress;
  LinearReport report;
  return fit_logistic(samples, options, progress, report);
}
LinearModel fit(const Samples& samples, const LinearSvmOptions& options) {
  Progress progress;
  LinearReport report;
  return fit_linear_svm(samples, options, progress, report);
}

double accuracy(const LinearModel& model, const LinearSamples& samples) {
  const auto p = probabilities(model, samples.features());
  std::size_t right = 0;
  for (std::size_t i = 0; i < samples.labels.size(); ++i) {
    const auto row = p.begin() + static_cast<std::ptrdiff_t>(i * model.classes);
    right += std::max_element(row, row + static_cast<std::ptrdiff_t>(model.classes)) - row ==
                     samples.labels[i]
                 ? 1
                 : 0;
  }
  return static_cast<double>(right) / static_cast<double>(samples.labels.size());
}

struct Variant {
  const char* name;
  LogisticOptions options;
};

TEST(Logistic, AgreesWithScikitLearn) {
  for (const auto& [name, stored] : reference().items()) {
    const ReferenceCase samples(stored);
    for (const Solver solver : {Solver::newton_cg, Solver::lbfgs}) {
      const double tol = 1e-7;
      const Variant variants[] = {
          {"default", {.tol = tol, .solver = solver}},
          {"weak", {.C = 30, .tol = tol, .solver = solver}},
          {"balanced", {.tol = tol, .balanced = true, .solver = solver}},
          {"no_intercept", {.tol = tol, .fit_intercept = false, .solver = solver}},
      };
      for (const Variant& variant : variants) {
        const json& expected = stored.at("logistic").at(variant.name);
        const LinearModel model = fit(samples.samples(), variant.options);
        const std::string what = name + " " + variant.name;
        expect_weights(model, expected, 0.5, 2e-6, what);
        const auto p = probabilities(model, samples.features);
        const std::vector<double> wanted = expected.at("probabilities");
        for (std::size_t i = 0; i < p.size(); ++i) {
          ASSERT_NEAR(static_cast<double>(p[i]), wanted[i], 2e-5) << what;
        }
      }
    }
  }
}

TEST(Logistic, L1AgreesWithScikitLearn) {
  for (const auto& [name, stored] : reference().items()) {
    const ReferenceCase samples(stored);
    Progress progress;
    LinearReport report;
    const LinearModel model =
        fit_logistic(samples.samples(), {.penalty = Penalty::l1, .tol = 1e-6}, progress, report);
    EXPECT_TRUE(report.converged) << report.stopped_because;
    const json& expected = stored.at("logistic").at("l1");
    // The optimum is unique in what it predicts; intercepts are up to a constant.
    const auto p = probabilities(model, samples.features);
    const std::vector<double> wanted = expected.at("probabilities");
    for (std::size_t i = 0; i < p.size(); ++i) {
      ASSERT_NEAR(static_cast<double>(p[i]), wanted[i], 1e-4) << name;
    }
    std::size_t zeros = 0, expected_zeros = 0;
    const std::vector<std::vector<double>> weights = expected.at("weights");
    for (const double w : model.weights) zeros += w == 0 ? 1 : 0;
    for (const auto& row : weights) {
      for (const double w : row) expected_zeros += std::abs(w) < 1e-6 ? 1 : 0;
    }
    EXPECT_EQ(zeros, expected_zeros * (weights.size() == 1 ? 2 : 1)) << name;
  }
}

TEST(LinearSvm, AgreesWithLiblinear) {
  for (const auto& [name, stored] : reference().items()) {
    const ReferenceCase samples(stored);
    const double tol = 1e-8;
    const std::pair<const char*, LinearSvmOptions> variants[] = {
        {"default", {.tol = tol}},
        {"strong", {.C = 0.03, .tol = tol}},
        {"balanced", {.tol = tol, .balanced = true}},
        {"intercept_scaling", {.tol = tol, .intercept_scaling = 5}},
        {"no_intercept", {.tol = tol, .fit_intercept = false}},
    };
    for (const auto& [variant, options] : variants) {
      expect_weights(fit(samples.samples(), options), stored.at("linear_svm").at(variant), 1, 1e-6,
                     name + " " + variant);
    }
  }
}

TEST(Logistic, SaysWhyItStopped) {
  const LinearSamples drawn(300, 9, 3);
  const Features features = drawn.features();
  Progress progress;
  LinearReport report;
  fit_logistic({features, drawn.labels, 3}, {}, progress, report);
  EXPECT_TRUE(report.converged);
  EXPECT_LE(report.largest_gradient, 1e-4);
  EXPECT_THAT(report.stopped_because, HasSubstr("not above tol 0.0001 after"));
  EXPECT_GT(report.objective, report.mean_loss * 300);
  fit_logistic({features, drawn.labels, 3}, {.max_iter = 2}, progress, report);
  EXPECT_FALSE(report.converged);
  EXPECT_THAT(report.stopped_because, HasSubstr("all 2 Newton steps of max_iter done"));
  fit_linear_svm({features, drawn.labels, 3}, {.max_iter = 1}, progress, report);
  EXPECT_THAT(report.stopped_because, HasSubstr("all 1 Newton step of max_iter done"));
}

TEST(Logistic, SeparableClassesWithoutPenaltyStayFinite) {
  const LinearSamples drawn(60, 8, 3, 5);
  const Features features = drawn.features();
  for (const Solver solver : {Solver::newton_cg, Solver::lbfgs}) {
    Progress progress;
    LinearReport report;
    const LinearModel model = fit_logistic(
        {features, drawn.labels, 3}, {.penalty = Penalty::none, .max_iter = 200, .solver = solver},
        progress, report);
    EXPECT_THAT(report.stopped_because, HasSubstr("the classes can be separated"));
    for (const double w : model.weights) EXPECT_TRUE(std::isfinite(w));
    EXPECT_EQ(accuracy(model, drawn), 1.0);
  }
}

TEST(Logistic, DuplicatesWithDifferentLabelsWithoutPenalty) {
  // Four of one picture, three of them of class 0: the probabilities are the shares.
  const std::vector<std::uint8_t> bytes{9, 0, 200, 9, 0, 200, 9, 0, 200, 9, 0, 200};
  const std::vector<std::int32_t> labels{0, 1, 0, 0};
  const Features features(bytes, 3, kScale);
  const LinearModel model = fit({features, labels, 2}, LogisticOptions{.penalty = Penalty::none});
  const auto p = probabilities(model, features);
  EXPECT_NEAR(p[0], 0.75, 1e-4);
  EXPECT_NEAR(p[1], 0.25, 1e-4);
}

TEST(LinearModels, ClassesWithoutSamplesAndManyClasses) {
  for (const std::size_t classes : {2U, 3U, 62U}) {
    LinearSamples drawn(5 * classes, 20, classes, 20);
    for (auto& label : drawn.labels) label = 2 * label + 1;  // every other class is missing
    const Features features = drawn.features();
    const Samples samples{features, drawn.labels, 2 * classes + 1};
    for (const LinearModel& model :
         {fit(samples, LogisticOptions{.C = 10}), fit(samples, LinearSvmOptions{})}) {
      const auto p = probabilities(model, features);
      for (std::size_t i = 0; i < drawn.labels.size(); ++i) {
        float sum = 0;
        for (std::size_t c = 0; c < model.classes; ++c) {
          const float value = p[i * model.classes + c];
          sum += value;
          if (c % 2 == 0) {
            ASSERT_EQ(value, 0);
          }
          ASSERT_GE(value, 0);
        }
        ASSERT_NEAR(sum, 1, 1e-5);
      }
      EXPECT_GT(accuracy(model, drawn), 0.9) << classes;
    }
  }
}

TEST(LinearModels, OneSampleAClassAndConstantFeatures) {
  const std::vector<std::uint8_t> bytes{0, 5, 10, 0, 5, 20, 0, 5, 30};
  const std::vector<std::int32_t> labels{0, 1, 2};
  const Features features(bytes, 3, 1);
  for (const Penalty penalty : {Penalty::l2, Penalty::l1, Penalty::none}) {
    const LinearModel model =
        fit({features, labels, 3}, LogisticOptions{.penalty = penalty, .max_iter = 50});
    for (const double w : model.weights) EXPECT_TRUE(std::isfinite(w));
    for (const float p : probabilities(model, features)) EXPECT_TRUE(std::isfinite(p));
  }
  const LinearModel model = fit({features, labels, 3}, LinearSvmOptions{});
  for (const double w : model.weights) EXPECT_TRUE(std::isfinite(w));
}

TEST(LinearModels, OnlyOneClass) {
  const std::vector<std::uint8_t> bytes{1, 2, 3, 4};
  const std::vector<std::int32_t> labels{1, 1};
  const Features features(bytes, 2, 1);
  for (const LinearModel& model : {fit({features, labels, 3}, LogisticOptions{}),
                                   fit({features, labels, 3}, LinearSvmOptions{})}) {
    EXPECT_EQ(probabilities(model, features), (std::vector<float>{0, 1, 0, 0, 1, 0}));
  }
}

TEST(LinearModels, PixelsWithoutScaling) {
  const LinearSamples drawn(200, 10, 3);
  const Features features = drawn.features(1);
  Progress progress;
  LinearReport report;
  fit_logistic({features, drawn.labels, 3}, {}, progress, report);
  EXPECT_TRUE(report.converged) << report.stopped_because;
  fit_linear_svm({features, drawn.labels, 3}, {}, progress, report);
  EXPECT_TRUE(report.converged) << report.stopped_because;
}

TEST(LinearModels, SameBytesOnAnyNumberOfThreads) {
  const LinearSamples drawn(700, 33, 4);
  const Features features = drawn.features();
  const Samples samples{features, drawn.labels, 4};
  std::vector<double> weights[3];
  const int threads[] = {1, 2, 5};
  for (std::size_t t = 0; t < 3; ++t) {
    const OnThreads scope(threads[t]);
    for (const LinearModel& model :
         {fit(samples, LogisticOptions{}), fit(samples, LinearSvmOptions{}),
          fit(samples, LogisticOptions{.penalty = Penalty::l1, .max_iter = 40})}) {
      weights[t].insert(weights[t].end(), model.weights.begin(), model.weights.end());
      weights[t].insert(weights[t].end(), model.intercepts.begin(), model.intercepts.end());
    }
  }
  EXPECT_EQ(weights[0], weights[1]);
  EXPECT_EQ(weights[0], weights[2]);
}

TEST(LinearModels, BytesAndFloatsGiveTheSame) {
  const LinearSamples drawn(100, 13, 3);
  const Features bytes = drawn.features();
  linalg::Matrix values(100, 13);
  bytes.copy(0, 100, values.data());
  const Features floats(std::move(values));
  EXPECT_EQ(fit({bytes, drawn.labels, 3}, LogisticOptions{}).weights,
            fit({floats, drawn.labels, 3}, LogisticOptions{}).weights);
}

TEST(LinearModels, TellProgressAndStop) {
  class StopSecond : public Progress {
   public:
    void update(std::uint64_t, std::uint64_t, const std::string& detail) override {
      EXPECT_THAT(detail, HasSubstr("loss "));
      EXPECT_THAT(detail, HasSubstr("gradient "));
      ++updates;
    }
    bool stop_requested() const override { return updates >= 2; }
    int updates = 0;
  };
  const LinearSamples drawn(300, 12, 3);
  const Features features = drawn.features();
  const Samples samples{features, drawn.labels, 3};
  LinearReport report;
  for (const Solver solver : {Solver::newton_cg, Solver::lbfgs}) {
    StopSecond progress;
    EXPECT_THROW(fit_logistic(samples, {.solver = solver}, progress, report), Cancelled);
    EXPECT_EQ(progress.updates, 2);
  }
  StopSecond progress;
  EXPECT_THROW(fit_linear_svm(samples, {}, progress, report), Cancelled);
}

TEST(LinearModels, RefuseWhatMakesNoSense) {
  const LinearSamples drawn(10, 2, 2);
  const Features features = drawn.features();
  const Samples samples{features, drawn.labels, 2};
  EXPECT_THROW(fit(samples, LogisticOptions{.C = 0}), UsageError);
  EXPECT_THROW(fit(samples, LogisticOptions{.tol = -1}), UsageError);
  EXPECT_THROW(fit(samples, LogisticOptions{.penalty = Penalty::l1, .solver = Solver::newton_cg}),
               UsageError);
  EXPECT_THROW(fit(samples, LinearSvmOptions{.intercept_scaling = 0}), UsageError);
  const Features nothing;
  EXPECT_THROW(fit({nothing, {}, 2}, LogisticOptions{}), DataError);
  const LinearModel model = fit(samples, LogisticOptions{});
  std::vector<float> out(3);
  EXPECT_THROW(predict_softmax(model, features, out), ShapeError);
}

}  // namespace
}  // namespace thimble::classical
