#include "nn/engine/amx/weights_gradient.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <fmt/format.h>

#include "naive.hpp"
#include "nn/threads.hpp"

namespace thimble::nn::amx {
namespace {

constexpr float kFiller = 3;  // of pictures that do not exist: must not be seen

struct Trial {
  WeightsGradient gradient;
  std::vector<Bf16> source, target;
  std::vector<float> expected;
};

/// What is wrong with a gradient for some number of threads; empty: nothing.
std::string fault(Trial trial) {
  const std::vector<double> expected(trial.expected.begin(), trial.expected.end());
  for (const int threads : {2, 1, 3, 2}) {
    const WithThreads with(threads);
    std::vector<float> weights(expected.size(), -77.0f);
    trial.gradient.run(trial.source.data(), trial.target.data(), weights.data());
    const std::string wrong = difference_in_fp32(weights, expected);
    if (!wrong.empty()) return fmt::format("{} threads: {}", threads, wrong);
  }
  return "";
}

std::vector<float> floats(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

Trial trial_of(const Convolution& c) {
  Random random(4);
  const std::vector<float> x = c.draw_source(random);
  const std::vector<float> dy = c.draw_target(random);
  return {WeightsGradient(c.source_maps(), c.target_maps(), c.window),
          as_maps(x, c.source.channels, c.source_maps(), kFiller),
          as_maps(dy, c.features, c.target_maps(), 0), c.tiles(floats(c.weights_gradient(x, dy)))};
}

Trial picture_trial_of(const Convolution& c) {
  Random random(5);
  const std::vector<float> x = c.draw_source(random);
  const std::vector<float> dy = c.draw_target(random);
  Trial trial{WeightsGradient(c.source, c.target_maps(), c.window), c.pictures(x),
              as_maps(dy, c.features, c.target_maps(), 0),
              c.picture_tiles(floats(c.weights_gradient(x, dy)))};
  std::fill(trial.source.end() - kDepth, trial.source.end(), to_bf16(100));
  return trial;
}

class WeightsGradientTest : public AmxTest, public testing::WithParamInterface<Convolution> {};

TEST_P(WeightsGradientTest, ComesToTheSums) { EXPECT_EQ(fault(trial_of(GetParam())), ""); }

INSTANTIATE_TEST_SUITE_P(Shapes, WeightsGradientTest, testing::ValuesIn(convolutions()),
                         convolution_name);

class PictureWeightsGradientTest : public AmxTest,
                                   public testing::WithParamInterface<Convolution> {};

TEST_P(PictureWeightsGradientTest, ComesToTheSums) {
  EXPECT_EQ(fault(picture_trial_of(GetParam())), "");
}

INSTANTIATE_TEST_SUITE_P(Shapes, PictureWeightsGradientTest,
                         testing::ValuesIn(picture_convolutions()), convolution_name);

class WeightsGradientOfAnyShape : public AmxTest {};

TEST_F(WeightsGradientOfAnyShape, ComesToTheSums) {
  const bool fine = rc::check("gradients of any shape", [] {
    Convolution c;
    c.batch = *rc::gen::inRange(1, 70);
    c.source = {*rc::gen::inRange(1, 72), *rc::gen::inRange(1, 9), *rc::gen::inRange(1, 9), false};
    c.features = *rc::gen::inRange(1, 72);
    c.window.kernel = {*rc::gen::inRange(1, 5), *rc::gen::inRange(1, 8)};
    c.window.stride = {*rc::gen::inRange(1, 4), *rc::gen::inRange(1, 4)};
    c.window.pad = {*rc::gen::inRange(0, c.window.kernel.height),
                    *rc::gen::inRange(0, c.window.kernel.width)};
    RC_PRE(c.source.height + 2 * c.window.pad.height >= c.window.kernel.height);
    RC_PRE(c.source.width + 2 * c.window.pad.width >= c.window.kernel.width);
    RC_ASSERT(fault(trial_of(c)) == "");
    if (c.window.kernel.width * c.source.channels > kDepth) return;
    RC_ASSERT(fault(picture_trial_of(c)) == "");
  });
  EXPECT_TRUE(fine);
}

}  // namespace
}  // namespace thimble::nn::amx
