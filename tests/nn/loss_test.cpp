#include "nn/loss.hpp"

#include <cmath>
#include <limits>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/error.hpp"
#include "base/random.hpp"
#include "nn/reference.hpp"
#include "nn/threads.hpp"

namespace thimble::nn {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// A batch on a grid of 1/16, so that small changes of a logit are exact.
struct Batch {
  std::size_t classes;
  std::vector<float> logits;
  std::vector<std::int32_t> labels;
  std::vector<float> class_weights;
  LossOptions options;

  Batch(std::size_t n, std::size_t class_count, std::uint64_t seed)
      : classes(class_count), logits(n * class_count), labels(n) {
    Random random(seed);
    for (float& logit : logits) logit = static_cast<float>(random.below(129)) / 16 - 4;
    for (std::int32_t& label : labels) label = static_cast<std::int32_t>(random.below(classes));
    options.label_smoothing = static_cast<double>(random.below(4)) / 8;
    if (random.below(2) == 1) {
      for (std::size_t i = 0; i < classes; ++i)
        class_weights.push_back(static_cast<float>(1 + random.below(32)) / 16);
      options.class_weights = class_weights;
    }
  }
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  BatchLoss run(std::span<float> gradients = {}) const {
    return cross_entropy(logits, labels, classes, options, gradients);
  }
};

class LossReference : public testing::TestWithParam<reference::Case> {};

TEST_P(LossReference, FollowsPyTorch) {
  const reference::Case& expected = GetParam();
  const std::vector<float>& logits = expected.values("logits");
  const std::vector<std::int32_t> labels(expected.values("labels").begin(),
                                         expected.values("labels").end());
  const std::size_t classes = logits.size() / labels.size();
  LossOptions options;
  options.label_smoothing = expected.options.at("label_smoothing").get<double>();
  if (expected.has("class_weights")) options.class_weights = expected.values("class_weights");
  std::vector<float> gradients(logits.size());
  const BatchLoss loss = cross_entropy(logits, labels, classes, options, gradients);
  const double wanted = expected.values("loss")[0];
  EXPECT_NEAR(loss.loss, wanted, 2e-7 * std::max(1.0, wanted));
  EXPECT_LT(reference::difference(gradients, expected.values("gradient")), 2e-7);
  // The loss alone takes another path.
  EXPECT_NEAR(cross_entropy(logits, labels, classes, options, {}).loss, loss.loss,
              1e-7 * std::max(1.0, wanted));
}

INSTANTIATE_TEST_SUITE_P(Cases, LossReference, testing::ValuesIn(reference::load("nn_loss.json")),
                         [](const auto& test) { return "case_" + test.param.name; });

TEST(CrossEntropy, GradientMatchesFiniteDifferences) {
  EXPECT_TRUE(rc::check([] {
    Batch batch(*rc::gen::inRange<std::size_t>(1, 6), *rc::gen::inRange<std::size_t>(1, 20),
                *rc::gen::arbitrary<std::uint64_t>());
    std::vector<float> gradients(batch.logits.size());
    batch.run(gradients);
    constexpr float kStep = 1.0F / 128;
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      const float logit = batch.logits[i];
      batch.logits[i] = logit + kStep;
      const double above = batch.run().loss;
      batch.logits[i] = logit - kStep;
      const double below = batch.run().loss;
      batch.logits[i] = logit;
      RC_ASSERT(std::abs((above - below) / (2 * kStep) - gradients[i]) < 5e-5);
    }
  }));
}

TEST(CrossEntropy, IsTheMeanOfItsSamplesByWeight) {
  EXPECT_TRUE(rc::check([] {
    const auto n = *rc::gen::inRange<std::size_t>(1, 8);
    const Batch batch(n, *rc::gen::inRange<std::size_t>(1, 12),
                      *rc::gen::arbitrary<std::uint64_t>());
    const BatchLoss whole = batch.run();
    double loss = 0;
    double weight = 0;
    std::size_t correct = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const BatchLoss one =
          cross_entropy(std::span(batch.logits).subspan(i * batch.classes, batch.classes),
                        std::span(batch.labels).subspan(i, 1), batch.classes, batch.options, {});
      loss += one.loss * one.weight;
      weight += one.weight;
      correct += one.correct;
    }
    RC_ASSERT(std::abs(whole.loss - loss / weight) < 1e-9);
    RC_ASSERT(std::abs(whole.weight - weight) < 1e-9);
    RC_ASSERT(whole.correct == correct);
  }));
}

TEST(CrossEntropy, DoesNotChangeWhenALogitsRowIsShifted) {
  Batch batch(5, 10, 3);
  std::vector<float> before(50);
  const double loss = batch.run(before).loss;
  for (float& logit : batch.logits) logit += 65536;
  std::vector<float> after(50);
  EXPECT_EQ(batch.run(after).loss, loss);
  EXPECT_EQ(after, before);
}

TEST(CrossEntropy, StaysFiniteForHugeLogits) {
  const float huge = std::numeric_limits<float>::max();
  const std::vector<float> logits = {huge, -huge, 0, -huge, huge, 0};
  const std::vector<std::int32_t> labels = {0, 0};
  std::vector<float> gradients(6);
  const BatchLoss loss = cross_entropy(logits, labels, 3, {}, gradients);
  EXPECT_NEAR(loss.loss / huge, 1, 1e-6);
  EXPECT_THAT(gradients, testing::ElementsAre(0, 0, 0, -0.5F, 0.5F, 0));
  EXPECT_EQ(loss.correct, 1U);
}

TEST(CrossEntropy, ImpossibleOtherClassesAreNoProblem) {
  const std::vector<float> logits = {0, -kInfinity, 0};
  const std::vector<std::int32_t> labels = {2};
  std::vector<float> gradients(3);
  EXPECT_NEAR(cross_entropy(logits, labels, 3, {}, gradients).loss, std::log(2), 1e-7);
  EXPECT_THAT(gradients, testing::ElementsAre(0.5F, 0, -0.5F));
}

TEST(CrossEntropy, DoesNotHideNan) {
  for (std::size_t place = 0; place < 12; ++place) {
    std::vector<float> logits(12);
    logits[place] = std::numeric_limits<float>::quiet_NaN();
    const std::vector<std::int32_t> labels = {3};
    std::vector<float> gradients(12);
    EXPECT_TRUE(std::isnan(cross_entropy(logits, labels, 12, {}, gradients).loss)) << place;
    EXPECT_TRUE(std::isnan(gradients[3])) << place;
  }
}

TEST(CrossEntropy, CountsTheFirstOfEqualLogits) {
  const std::vector<float> logits = {1, 2, 2, 2, 2, 1};
  EXPECT_EQ(cross_entropy(logits, std::vector<std::int32_t>{1, 0}, 3, {}, {}).correct, 2U);
  EXPECT_EQ(cross_entropy(logits, std::vector<std::int32_t>{2, 1}, 3, {}, {}).correct, 0U);
}

TEST(CrossEntropy, GivesTheSameBitsWithAnyNumberOfThreads) {
  for (const auto& [n, classes] : {std::pair<std::size_t, std::size_t>{3001, 10}, {50, 1003}}) {
    const Batch batch(n, classes, 8);
    std::vector<float> first(n * classes);
    double first_loss = 0;
    for (const int threads : {1, 2, 3, 5}) {
      const WithThreads scope(threads);
      std::vector<float> gradients(n * classes);
      const BatchLoss loss = batch.run(gradients);
      if (threads == 1) {
        first = gradients;
        first_loss = loss.loss;
      }
      EXPECT_EQ(loss.loss, first_loss);
      EXPECT_EQ(gradients, first);
    }
  }
}

TEST(CrossEntropy, NeedsNoSampleWithWeight) {
  const std::vector<float> weights = {0, 1};
  const std::vector<float> logits = {1, 2, 3, 4};
  std::vector<float> gradients(4, 7);
  const BatchLoss loss =
      cross_entropy(logits, std::vector<std::int32_t>{0, 0}, 2,
                    {.label_smoothing = 0.1, .class_weights = weights}, gradients);
  EXPECT_EQ(loss.loss, 0);
  EXPECT_EQ(loss.weight, 0);
  EXPECT_EQ(gradients, std::vector<float>(4));

  EXPECT_EQ(cross_entropy({}, {}, 10, {}, {}).loss, 0);
}

TEST(CrossEntropy, RefusesWhatDoesNotFit) {
  const std::vector<float> logits(6);
  const std::vector<std::int32_t> labels = {0, 2};
  std::vector<float> short_gradients(5);
  const std::vector<float> weights(2);
  EXPECT_THROW(cross_entropy(logits, labels, 2, {}, {}), ShapeError);
  EXPECT_THROW(cross_entropy(logits, labels, 3, {}, short_gradients), ShapeError);
  EXPECT_THROW(cross_entropy(logits, labels, 3, {.class_weights = weights}, {}), ShapeError);
  EXPECT_THROW(cross_entropy(logits, labels, 0, {}, {}), ShapeError);
  EXPECT_THROW(cross_entropy({}, labels, 0, {}, {}), DataError);
  EXPECT_THROW(cross_entropy(logits, labels, 3, {.label_smoothing = 1}, {}), UsageError);
  EXPECT_THROW(cross_entropy(logits, labels, 3, {.label_smoothing = -0.1}, {}), UsageError);
  EXPECT_THROW(cross_entropy(logits, std::vector<std::int32_t>{0, -1}, 3, {}, {}), DataError);
  try {
    cross_entropy(logits, std::vector<std::int32_t>{0, 3}, 3, {}, {});
    FAIL();
  } catch (const DataError& error) {
    EXPECT_STREQ(error.what(), "cross_entropy: label 3 of sample 1, expected 0 to 2");
  }
}

TEST(Softmax, MatchesDoublePrecision) {
  EXPECT_TRUE(rc::check([] {
    const auto n = *rc::gen::inRange<std::size_t>(1, 5);
    const auto classes = *rc::gen::inRange<std::size_t>(1, 70);
    Random random(*rc::gen::arbitrary<std::uint64_t>());
    const double spread = *rc::gen::element(0.1, 5.0, 100.0, 1e6);
    std::vector<float> logits(n * classes);
    for (float& logit : logits) logit = static_cast<float>(random.normal() * spread);
    std::vector<float> probabilities = logits;
    softmax(probabilities, classes);
    for (std::size_t row = 0; row < n; ++row) {
      const auto given = std::span(logits).subspan(row * classes, classes);
      const auto found = std::span(probabilities).subspan(row * classes, classes);
      const double top = *std::max_element(given.begin(), given.end());
      double sum = 0;
      for (const float logit : given) sum += std::exp(logit - top);
      for (std::size_t i = 0; i < classes; ++i) {
        // The rounding of the difference counts as often as the difference is large.
        const double difference = given[i] - top;
        const double expected = std::exp(difference) / sum;
        RC_ASSERT(std::abs(found[i] - expected) <= 4e-7 * (1 - difference) * expected + 1e-37);
      }
      RC_ASSERT(std::abs(std::accumulate(found.begin(), found.end(), 0.0) - 1) < 1e-6);
    }
  }));
}

TEST(Softmax, RefusesBrokenRows) {
  std::vector<float> logits(7);
  EXPECT_THROW(softmax(logits, 3), ShapeError);
  EXPECT_THROW(softmax(logits, 0), ShapeError);
  softmax({}, 3);
}

}  // namespace
}  // namespace thimble::nn
