#include "classical/naive_bayes.hpp"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/random.hpp"
#include "baselines_reference.hpp"

namespace thimble::classical {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Variant = NaiveBayesVariant;

std::vector<float> probabilities(const NaiveBayes& model, const Features& features,
                                 std::size_t classes) {
  std::vector<float> out(features.size() * classes);
  model.predict_proba(features, out);
  return out;
}

/// scikit-learn has nothing to say of the class without samples.
std::vector<double> of_present(const std::vector<double>& rows,
                               const std::vector<std::int64_t>& counts) {
  std::vector<double> kept;
  const std::size_t d = rows.size() / counts.size();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (counts[i / d] > 0) kept.push_back(rows[i]);
  }
  return kept;
}

void expect_reference(const std::string& name, const NaiveBayesOptions& options) {
  const BaselinesReference reference;
  const auto& expected = reference.json.at(name);
  Progress progress;
  const NaiveBayes model = NaiveBayes::fit(reference.samples, options, progress);
  const NaiveBayesParameters& learned = model.parameters();
  expect_near(of_present(learned.first, learned.class_count),
              of_present(expected.at("first"), learned.class_count), 1e-10, name + " first");
  if (expected.contains("second")) {
    expect_near(of_present(learned.second, learned.class_count),
                of_present(expected.at("second"), learned.class_count), 1e-10, name + " second");
  }
  expect_near(probabilities(model, reference.query_features, reference.classes),
              expected.at("probabilities"), 1e-6, name);
}

TEST(NaiveBayes, GaussianAsScikitLearn) {
  expect_reference("gaussian", {});
  expect_reference("gaussian_smoothed", {.var_smoothing = 0.1});
}

TEST(NaiveBayes, MultinomialAsScikitLearn) {
  expect_reference("multinomial", {.variant = Variant::multinomial});
  expect_reference("multinomial_half", {.variant = Variant::multinomial, .alpha = 0.5});
}

TEST(NaiveBayes, BernoulliAsScikitLearn) {
  expect_reference("bernoulli", {.variant = Variant::bernoulli});
  expect_reference("bernoulli_threshold",
                   {.variant = Variant::bernoulli, .alpha = 2, .binarize = 50});
}

/// Samples of one feature, the same in all.
struct Constant {
  std::vector<std::uint8_t> values = {7, 7, 7, 7};
  std::vector<std::int32_t> labels = {0, 2, 2, 2};
  Features features{values, 1, 1};
  Samples samples{features, labels, 3};
};

TEST(NaiveBayes, ConstantFeaturesLeaveTheFrequencies) {
  const Constant constant;
  Progress progress;
  for (const Variant variant : {Variant::gaussian, Variant::multinomial, Variant::bernoulli}) {
    const NaiveBayes model = NaiveBayes::fit(constant.samples, {.variant = variant}, progress);
    const auto p = probabilities(model, constant.features, 3);
    EXPECT_NEAR(p[0], variant == Variant::bernoulli ? 5. / 23 : 0.25, 1e-6);
    EXPECT_EQ(p[1], 0);
    EXPECT_NEAR(p[0] + p[2], 1, 1e-6);
  }
}

TEST(NaiveBayes, WithoutSmoothing) {
  const BaselinesReference reference;
  Progress progress;
  for (const Variant variant : {Variant::gaussian, Variant::multinomial, Variant::bernoulli}) {
    const NaiveBayes model = NaiveBayes::fit(
        reference.samples, {.variant = variant, .var_smoothing = 0, .alpha = 0}, progress);
    const auto p = probabilities(model, reference.query_features, reference.classes);
    for (std::size_t i = 0; i < p.size(); i += reference.classes) {
      float sum = 0;
      for (std::size_t c = 0; c < reference.classes; ++c) sum += p[i + c];
      EXPECT_NEAR(sum, 1, 1e-6);
    }
  }
}

TEST(NaiveBayes, WhatIsNoNumberIsAnyPresentClass) {
  const Constant constant;
  Progress progress;
  const NaiveBayes model = NaiveBayes::fit(constant.samples, {}, progress);
  linalg::Matrix query(1, 1);
  query[0][0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(probabilities(model, Features(query), 3), ElementsAre(0.5F, 0, 0.5F));
}

TEST(NaiveBayes, NegativeCountsAreRefused) {
  linalg::Matrix values(2, 3);
  values[1][2] = -0.5;
  const Features features(values);
  const std::vector<std::int32_t> labels = {0, 1};
  Progress progress;
  try {
    NaiveBayes::fit({features, labels, 2}, {.variant = Variant::multinomial}, progress);
    FAIL();
  } catch (const DataError& e) {
    EXPECT_THAT(e.what(), HasSubstr("feature 2 of sample 1 is -0.5"));
  }
}

TEST(NaiveBayes, TheSameForAnyNumberOfThreads) {
  Random random(1);
  linalg::Matrix values(9000, 3);
  std::vector<std::int32_t> labels;
  for (float& x : values.values()) x = static_cast<float>(random.normal());
  for (std::size_t i = 0; i < values.rows(); ++i) {
    labels.push_back(static_cast<std::int32_t>(random.below(4)));
  }
  const Features features(std::move(values));
  const int before = thread_count();
  std::vector<NaiveBayesParameters> learned;
  Progress progress;
  for (const int threads : {1, 2, 5}) {
    set_thread_count(threads);
    learned.push_back(NaiveBayes::fit({features, labels, 4}, {}, progress).parameters());
  }
  set_thread_count(before);
  for (const auto& other : learned) {
    EXPECT_EQ(other.first, learned[0].first);
    EXPECT_EQ(other.second, learned[0].second);
  }
}

TEST(NaiveBayes, StopsOnRequest) {
  class Stop : public Progress {
   public:
    bool stop_requested() const override { return true; }
  };
  Stop progress;
  const Constant constant;
  EXPECT_THROW(NaiveBayes::fit(constant.samples, {}, progress), Cancelled);
}

TEST(NaiveBayes, RefusesParametersThatMakeNoSense) {
  const auto make = [](NaiveBayesParameters parameters) {
    return NaiveBayes({}, 1, std::move(parameters));
  };
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_NO_THROW(make({{3, 0}, {1, 2}, {1, 1}}));
  EXPECT_THROW(make({{3, 0}, {1}, {1, 1}}), ShapeError);
  EXPECT_THROW(make({{3, 0}, {1, 2}, {}}), ShapeError);
  EXPECT_THROW(make({{0, 0}, {1, 2}, {1, 1}}), DataError);
  EXPECT_THROW(make({{3, -1}, {1, 2}, {1, 1}}), DataError);
  EXPECT_THROW(make({{3, 0}, {1, kNan}, {1, 1}}), DataError);
  EXPECT_THROW(make({{3, 0}, {1, 2}, {0, 1}}), DataError);
}

}  // namespace
}  // namespace thimble::classical
