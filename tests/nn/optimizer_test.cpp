#include "nn/optimizer.hpp"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/error.hpp"
#include "base/random.hpp"
#include "nn/reference.hpp"
#include "nn/threads.hpp"

namespace thimble::nn {
namespace {

OptimizerOptions options_of(const nlohmann::json& json) {
  OptimizerOptions options;
  options.name = json.at("name").get<std::string>();
  options.momentum = json.value("momentum", options.momentum);
  options.nesterov = json.value("nesterov", options.nesterov);
  options.rho = json.value("rho", options.rho);
  options.beta1 = json.value("beta1", options.beta1);
  options.beta2 = json.value("beta2", options.beta2);
  options.epsilon = json.value("epsilon", options.epsilon);
  options.weight_decay = json.value("weight_decay", options.weight_decay);
  options.clip_norm = json.value("clip_norm", options.clip_norm);
  options.clip_value = json.value("clip_value", options.clip_value);
  return options;
}

/// One setting of every rule and state layout.
std::vector<OptimizerOptions> all_rules() {
  return {
      {.name = "sgd", .momentum = 0, .weight_decay = 0.01},
      {.name = "sgd", .momentum = 0.9, .weight_decay = 0.01},
      {.name = "sgd", .momentum = 0.9, .nesterov = true, .weight_decay = 0.01, .clip_norm = 0.5},
      {.name = "rmsprop", .momentum = 0, .weight_decay = 0.01},
      {.name = "rmsprop", .momentum = 0.9, .clip_value = 0.5},
      {.name = "adam", .weight_decay = 0.01, .clip_norm = 1, .clip_value = 0.75},
      {.name = "adamw", .weight_decay = 0.1},
  };
}

struct Problem {
  std::vector<float> weights;
  std::vector<std::uint8_t> decays;
  Random random;

  Problem(std::size_t size, std::uint64_t seed) : weights(size), decays(size), random(seed) {
    for (float& weight : weights) weight = static_cast<float>(random.normal());
    for (std::uint8_t& decay : decays) decay = static_cast<std::uint8_t>(random.below(2));
  }
  std::vector<float> gradients() {
    std::vector<float> values(weights.size());
    for (float& value : values) value = static_cast<float>(random.normal());
    return values;
  }
};

/// The optimizer of a case in which the first weights are slow, and may join later.
class SlowStart {
 public:
  SlowStart(const reference::Case& one, std::size_t size)
      : options_(options_of(one.options)),
        size_(size),
        slow_(one.options.value("slow", std::size_t{0})),
        factor_(one.options.value("slow_factor", 1.0)),
        joined_(one.options.value("joined", std::uint64_t{0})) {
    optimizer_ = make_optimizer(options_, size - skipped());
    set_spans();
  }

  /// To be called before each step.
  void begin_step() {
    if (step_++ != joined_ || joined_ == 0) return;
    auto whole = make_optimizer(options_, size_);
    whole->set_step_count(optimizer_->step_count());
    for (std::size_t i = 0; i < whole->state_names().size(); ++i) {
      std::ranges::copy(optimizer_->state(i), whole->state(i).subspan(slow_).begin());
    }
    optimizer_ = std::move(whole);
    set_spans();
  }

  /// Weights at the start of the block that are not trained yet.
  std::size_t skipped() const { return step_ <= joined_ && joined_ > 0 ? slow_ : 0; }
  Optimizer& optimizer() { return *optimizer_; }

 private:
  void set_spans() {
    if (slow_ == 0 || skipped() > 0) return;
    optimizer_->set_spans({{slow_, factor_, joined_}, {.size = size_ - slow_}});
  }

  OptimizerOptions options_;
  std::size_t size_, slow_;
  double factor_;
  std::uint64_t joined_;
  std::uint64_t step_ = 0;
  std::unique_ptr<Optimizer> optimizer_;
};

class OptimizerReference : public testing::TestWithParam<reference::Case> {};

TEST_P(OptimizerReference, FollowsPyTorch) {
  const reference::Case& expected = GetParam();
  std::vector<float> weights = expected.values("weights");
  const std::size_t size = weights.size();
  const std::vector<std::uint8_t> decays(expected.values("decays").begin(),
                                         expected.values("decays").end());
  SlowStart start(expected, size);
  const std::vector<float>& rates = expected.values("learning_rates");
  for (std::size_t step = 0; step < rates.size(); ++step) {
    const auto row = [&](const char* name) {
      return std::span(expected.values(name)).subspan(step * size, size);
    };
    const auto given = row("gradients");
    std::vector<float> gradients(given.begin(), given.end());
    start.begin_step();
    const std::size_t from = start.skipped();
    start.optimizer().step(std::span(weights).subspan(from), std::span(gradients).subspan(from),
                           std::span(decays).subspan(from), rates[step]);
    EXPECT_LT(reference::difference(weights, row("trajectory")), 2e-6) << "step " << step;
    if (expected.has("clipped"))
      EXPECT_LT(
          reference::difference(std::span(gradients).subspan(from), row("clipped").subspan(from)),
          2e-7)
          << "step " << step;
    else
      EXPECT_THAT(gradients, testing::ElementsAreArray(given));
  }
  EXPECT_EQ(start.optimizer().step_count(), rates.size());
}

INSTANTIATE_TEST_SUITE_P(Cases, OptimizerReference,
                         testing::ValuesIn(reference::load("nn_optimizers.json")),
                         [](const auto& test) { return test.param.name; });

TEST(Optimizer, SpansLearnAtTheirFactorOfTheRate) {
  const auto optimizer = make_optimizer({.name = "sgd", .momentum = 0.5, .weight_decay = 0.25}, 4);
  optimizer->set_spans({{.size = 2, .factor = 0.5}, {.size = 2}});
  std::vector<float> weights{1, 2, 1, 2};
  const std::vector<std::uint8_t> decays{1, 0, 1, 0};
  for (int step = 0; step < 2; ++step) {
    std::vector<float> gradients{1, 1, 1, 1};
    optimizer->step(weights, gradients, decays, 0.5);
  }
  // Decayed at the full rate: velocity 1.25, weight 0.375; velocity 1.71875, weight -0.484375.
  // Decayed at half: velocity 1.25, weight 0.6875; velocity 0.625 + 1.171875, weight 0.23828125.
  EXPECT_THAT(weights, testing::ElementsAre(0.23828125F, 1.375F, -0.484375F, 0.75F));
  EXPECT_THROW(optimizer->set_spans({{.size = 3}}), ShapeError);
}

TEST(Optimizer, GivesTheSameBitsWithAnyNumberOfThreads) {
  for (const OptimizerOptions& options : all_rules()) {
    std::vector<std::vector<float>> results;
    for (const int threads : {1, 2, 3, 7}) {
      const WithThreads scope(threads);
      Problem problem(70'003, 5);
      const auto optimizer = make_optimizer(options, problem.weights.size());
      for (int step = 0; step < 3; ++step) {
        std::vector<float> gradients = problem.gradients();
        optimizer->step(problem.weights, gradients, problem.decays, 0.01);
      }
      results.push_back(problem.weights);
    }
    for (const std::vector<float>& result : results) EXPECT_EQ(result, results[0]) << options.name;
  }
}

TEST(Optimizer, TreatsEveryWeightAlike) {
  // Without clipping by norm no weight depends on another, wherever it stands in a vector loop.
  EXPECT_TRUE(rc::check([] {
    OptimizerOptions options = *rc::gen::elementOf(all_rules());
    options.clip_norm = 0;
    const auto size = *rc::gen::inRange<std::size_t>(1, 70);
    Problem problem(size, *rc::gen::arbitrary<std::uint64_t>());
    const std::vector<float> start = problem.weights;
    const auto together = make_optimizer(options, size);
    std::vector<std::unique_ptr<Optimizer>> alone;
    for (std::size_t i = 0; i < size; ++i) alone.push_back(make_optimizer(options, 1));
    std::vector<float> singles = start;
    for (int step = 0; step < 3; ++step) {
      std::vector<float> gradients = problem.gradients();
      for (std::size_t i = 0; i < size; ++i) {
        std::vector<float> gradient = {gradients[i]};
        alone[i]->step(std::span(singles).subspan(i, 1), gradient,
                       std::span(problem.decays).subspan(i, 1), 0.01);
      }
      together->step(problem.weights, gradients, problem.decays, 0.01);
    }
    RC_ASSERT(reference::difference(problem.weights, singles) < 1e-6);
  }));
}

TEST(Optimizer, ContinuesFromACheckpointInTheSameBits) {
  for (const OptimizerOptions& options : all_rules()) {
    Problem problem(1000, 9);
    const auto whole = make_optimizer(options, 1000);
    for (int step = 0; step < 4; ++step) {
      std::vector<float> gradients = problem.gradients();
      whole->step(problem.weights, gradients, problem.decays, 0.01);
    }
    const auto resumed = make_optimizer(options, 1000);
    resumed->set_step_count(whole->step_count());
    ASSERT_EQ(resumed->state_names(), whole->state_names());
    for (std::size_t block = 0; block < whole->state_names().size(); ++block) {
      const std::span<float> from = whole->state(block);
      std::copy(from.begin(), from.end(), resumed->state(block).begin());
    }
    std::vector<float> weights = problem.weights;
    for (int step = 0; step < 4; ++step) {
      const std::vector<float> gradients = problem.gradients();
      std::vector<float> one = gradients;
      std::vector<float> other = gradients;
      whole->step(problem.weights, one, problem.decays, 0.01);
      resumed->step(weights, other, problem.decays, 0.01);
    }
    EXPECT_EQ(weights, problem.weights) << options.name;
  }
}

TEST(Optimizer, DecaysOnlyTheWeightsMarked) {
  for (OptimizerOptions options : all_rules()) {
    options.weight_decay = 0.1;
    std::vector<float> weights = {1, -2, 3, -4};
    std::vector<float> gradients(4);
    const std::vector<std::uint8_t> decays = {1, 0, 1, 0};
    make_optimizer(options, 4)->step(weights, gradients, decays, 0.01);
    EXPECT_LT(weights[0], 1) << options.name;
    EXPECT_EQ(weights[1], -2) << options.name;
    EXPECT_LT(weights[2], 3) << options.name;
    EXPECT_EQ(weights[3], -4) << options.name;
  }
}

TEST(Optimizer, TakesNoWeightsAtAll) {
  for (const OptimizerOptions& options : all_rules())
    make_optimizer(options, 0)->step({}, {}, {}, 0.01);
}

TEST(Optimizer, RefusesBlocksOfAnotherSize) {
  const auto optimizer = make_optimizer({}, 3);
  std::vector<float> three(3);
  std::vector<float> two(2);
  const std::vector<std::uint8_t> decays(3);
  EXPECT_THROW(optimizer->step(two, three, decays, 0.1), ShapeError);
  EXPECT_THROW(optimizer->step(three, two, decays, 0.1), ShapeError);
  EXPECT_THROW(optimizer->step(three, three, std::span(decays).first(2), 0.1), ShapeError);
  EXPECT_EQ(optimizer->step_count(), 0U);
}

TEST(Optimizer, RefusesOptionsOutOfRange) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<OptimizerOptions> bad = {
      {.learning_rate = 0},
      {.learning_rate = -1},
      {.learning_rate = nan},
      {.learning_rate = infinity},
      {.momentum = 1},
      {.momentum = -0.1},
      {.rho = 1},
      {.beta1 = 1},
      {.beta1 = nan},
      {.beta2 = 1.5},
      {.epsilon = -1e-8},
      {.weight_decay = -1},
      {.weight_decay = infinity},
      {.clip_norm = -1},
      {.clip_value = nan},
      {.name = "sgd", .momentum = 0, .nesterov = true},
  };
  for (const OptimizerOptions& options : bad) EXPECT_THROW(make_optimizer(options, 1), UsageError);
}

TEST(Optimizer, NamesTheOptionThatIsOutOfRange) {
  try {
    make_optimizer({.beta2 = 1.5}, 1);
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(), "optimizer.beta2: 1.5, expected 0 or more and below 1");
  }
}

TEST(Optimizer, SuggestsTheNearestName) {
  try {
    make_optimizer({.name = "adamm"}, 1);
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("did you mean 'adam"));
  }
}

}  // namespace
}  // namespace thimble::nn
