#include "nn/engine/amx/product.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "naive.hpp"
#include "nn/threads.hpp"

namespace thimble::nn::amx {
namespace {

/// What of ProductOutput is asked for.
struct Wanted {
  bool bias = false, relu = false, addend = false;
};

constexpr Wanted kWanted[] = {
    {}, {true, false, false}, {true, true, false}, {false, true, true}, {true, false, true}};

/// What a product put out.
struct Result {
  std::vector<Bf16> out;
  std::vector<std::uint8_t> winners;
  std::vector<double> statistics;

  bool operator==(const Result&) const = default;
};

/// A product with its operands, and the sums that it has to come to.
struct Trial {
  Product product;
  std::vector<Bf16> source;
  std::vector<Bf16> weights;
  std::vector<double> sums;  // [batch][height][width][channels]
  Shape shape;               // of the sums
  bool pooled = false;

  Shape out_shape() const {
    return pooled ? Shape{shape.channels, shape.height / 2, shape.width / 2, false} : shape;
  }
};

std::vector<double> bias_of(int channels) {
  std::vector<double> bias(static_cast<std::size_t>(padded_channels(channels)));
  for (int c = 0; c < channels; ++c) bias[static_cast<std::size_t>(c)] = c % 7 * 0.25 - 1;
  return bias;
}

std::vector<float> addend_of(const Trial& trial) {
  Random random(9);
  const Maps& maps = trial.product.out();
  return whole_numbers(static_cast<std::size_t>(trial.out_shape().size() * maps.batch), 5, random);
}

Result run(const Trial& trial, const Wanted& wanted) {
  const Maps& maps = trial.product.out();
  const std::vector<double> bias = bias_of(trial.shape.channels);
  const std::vector<float> floats(bias.begin(), bias.end());
  const std::vector<Bf16> addend = as_maps(addend_of(trial), trial.shape.channels, maps, 1);
  Result result;
  result.out.resize(maps.size());
  ChannelSums statistics;
  ProductOutput output;
  if (wanted.bias) output.bias = floats.data();
  output.relu = wanted.relu;
  if (wanted.addend) output.addend = addend.data();
  output.out = result.out.data();
  if (trial.pooled) {
    result.winners.resize(maps.size());
    output.winner = result.winners.data();
  }
  output.statistics = &statistics;
  trial.product.run(trial.source.data(), trial.weights.data(), output);
  const double* total = statistics.total();
  result.statistics.assign(total, total + 2 * maps.channels);
  return result;
}

/// The values that are to come out, before they are rounded.
std::vector<double> expected_values(const Trial& trial, const Wanted& wanted) {
  std::vector<double> values =
      trial.pooled ? pool(trial.sums, trial.product.out().batch, trial.shape).values : trial.sums;
  const auto channels = static_cast<std::size_t>(trial.shape.channels);
  const std::vector<double> bias = bias_of(trial.shape.channels);
  const std::vector<float> addend = addend_of(trial);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (wanted.bias) values[i] += bias[i % channels];
    if (wanted.relu) values[i] = std::max(values[i], 0.0);
    if (wanted.addend) values[i] += static_cast<double>(addend[i]);
  }
  return values;
}

std::string difference_of_statistics(const Result& result, std::span<const double> values,
                                     int channels) {
  const auto n = static_cast<std::size_t>(channels);
  std::vector<double> sums(2 * n), magnitudes(2 * n);
  for (std::size_t i = 0; i < values.size(); ++i) {
    sums[i % n] += values[i];
    magnitudes[i % n] += std::abs(values[i]);
    sums[n + i % n] += values[i] * values[i];
  }
  std::ranges::copy(std::span(sums).subspan(n), magnitudes.begin() + channels);
  const std::size_t padded = result.statistics.size() / 2;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const double actual = result.statistics[i < n ? i : padded + i - n];
    if (std::abs(actual - sums[i]) > 1e-6 * magnitudes[i]) {
      return fmt::format("sum {}: {}, expected {}", i, actual, sums[i]);
    }
  }
  return "";
}

std::string difference_of_winners(const Trial& trial, const Result& result) {
  const Maps& maps = trial.product.out();
  const Pooled pooled = pool(trial.sums, maps.batch, trial.shape);
  std::size_t next = 0;
  for (int n = 0; n < maps.batch; ++n) {
    for (int y = 0; y < maps.height; ++y) {
      for (int x = 0; x < maps.width; ++x) {
        for (int c = 0; c < trial.shape.channels; ++c) {
          const int winner = result.winners[place(maps, n, y, x, c)];
          if (winner != pooled.winners[next++]) {
            return fmt::format("winner of picture {} at {}, {}, channel {}: {}", n, y, x, c,
                               winner);
          }
        }
      }
    }
  }
  return "";
}

/// What is wrong with a product, for any of what can be done with its sums and for any number of
/// threads; empty: nothing.
std::string fault(const Trial& trial) {
  for (const Wanted& wanted : kWanted) {
    if (wanted.addend && trial.pooled) continue;
    const std::vector<double> values = expected_values(trial, wanted);
    std::vector<Bf16> first;
    for (const int threads : {1, 2, 3}) {
      const WithThreads with(threads);
      const Result result = run(trial, wanted);
      const std::vector<float> rows =
          as_rows(result.out, trial.shape.channels, trial.product.out());
      std::string wrong = difference_in_bf16(rows, values);
      if (wrong.empty() && trial.pooled) wrong = difference_of_winners(trial, result);
      if (wrong.empty()) wrong = difference_of_statistics(result, values, trial.shape.channels);
      if (wrong.empty() && run(trial, wanted) != result) wrong = "another result the second time";
      if (first.empty()) first = result.out;
      if (wrong.empty() && result.out != first) wrong = "another result with one thread";
      if (!wrong.empty()) {
        return fmt::format("bias {}, relu {}, addend {}, {} threads: {}", wanted.bias, wanted.relu,
                           wanted.addend, threads, wrong);
      }
    }
  }
  return "";
}

constexpr float kFiller = 3;  // of pictures that do not exist: must not be seen

Trial forward_trial(const Convolution& c, bool pooled) {
  Random random(1);
  const std::vector<float> x = c.draw_source(random);
  const std::vector<float> w = c.draw_weights(random);
  Trial trial;
  trial.product = Product::forward(c.source_maps(), c.target_maps(), c.window, pooled);
  trial.source = as_maps(x, c.source.channels, c.source_maps(), kFiller);
  trial.weights.resize(c.weights_shape().size());
  pack_forward(c.weights_shape(), c.tiles(w).data(), trial.weights.data());
  trial.sums = c.forward(x, w);
  trial.shape = c.target();
  trial.pooled = pooled;
  return trial;
}

Trial backward_trial(const Convolution& c) {
  Random random(2);
  const std::vector<float> dy = c.draw_target(random);
  const std::vector<float> w = c.draw_weights(random);
  Trial trial;
  trial.product = Product::backward(c.source_maps(), c.target_maps(), c.window);
  trial.source = as_maps(dy, c.features, c.target_maps(), 0);
  trial.weights.resize(c.weights_shape().size());
  pack_backward(c.weights_shape(), c.tiles(w).data(), trial.weights.data());
  trial.sums = c.backward(dy, w);
  trial.shape = c.source;
  return trial;
}

Trial picture_trial(const Convolution& c, bool pooled) {
  Random random(3);
  const std::vector<float> x = c.draw_source(random);
  const std::vector<float> w = c.draw_weights(random);
  Trial trial;
  trial.product = Product::pictures(c.source, c.target_maps(), c.window, pooled);
  trial.source = c.pictures(x);
  // Numbers behind the last picture are read but must not matter.
  std::fill(trial.source.end() - kDepth, trial.source.end(), to_bf16(100));
  trial.weights.resize(c.picture_weights().packed_size());
  pack_pictures(c.picture_weights(), c.picture_tiles(w).data(), trial.weights.data());
  trial.sums = c.forward(x, w);
  trial.shape = c.target();
  trial.pooled = pooled;
  return trial;
}

bool can_be_pooled(const Convolution& c) { return c.target().height > 1 && c.target().width > 1; }

class ProductTest : public AmxTest, public testing::WithParamInterface<Convolution> {};

TEST_P(ProductTest, ForwardComesToTheSums) {
  EXPECT_EQ(fault(forward_trial(GetParam(), false)), "");
}

TEST_P(ProductTest, PooledForwardComesToTheLargest) {
  if (!can_be_pooled(GetParam())) return;
  EXPECT_EQ(fault(forward_trial(GetParam(), true)), "");
}

TEST_P(ProductTest, BackwardComesToTheSourcesGradient) {
  const Trial trial = backward_trial(GetParam());
  EXPECT_EQ(fault(trial), "");
  // No gradient comes to pictures that do not exist.
  const std::vector<Bf16> out = run(trial, {}).out;
  const Maps& maps = trial.product.out();
  Maps all = maps;
  all.batch = static_cast<int>(maps.blocks()) * kBlock;
  const std::vector<float> rows = as_rows(out, maps.channels, all);
  const auto existing = static_cast<std::ptrdiff_t>(maps.positions()) * maps.channels * maps.batch;
  EXPECT_TRUE(std::all_of(rows.begin() + existing, rows.end(), [](float v) { return v == 0; }));
}

INSTANTIATE_TEST_SUITE_P(Shapes, ProductTest, testing::ValuesIn(convolutions()), convolution_name);

class PictureProductTest : public AmxTest, public testing::WithParamInterface<Convolution> {};

TEST_P(PictureProductTest, ComesToTheSums) {
  EXPECT_EQ(fault(picture_trial(GetParam(), false)), "");
}

TEST_P(PictureProductTest, PooledComesToTheLargest) {
  if (!can_be_pooled(GetParam())) return;
  EXPECT_EQ(fault(picture_trial(GetParam(), true)), "");
}

INSTANTIATE_TEST_SUITE_P(Shapes, PictureProductTest, testing::ValuesIn(picture_convolutions()),
                         convolution_name);

class ProductOfAnyShape : public AmxTest {};

TEST_F(ProductOfAnyShape, ComesToTheSums) {
  const auto extent = [](int most) {
    return rc::gen::construct<Extent>(rc::gen::inRange(1, most + 1), rc::gen::inRange(1, most + 1));
  };
  const bool fine = rc::check("products of any shape", [&] {
    Convolution c;
    c.batch = *rc::gen::inRange(1, 70);
    c.source = {*rc::gen::inRange(1, 72), *rc::gen::inRange(1, 8), *rc::gen::inRange(1, 8), false};
    c.features = *rc::gen::inRange(1, 72);
    c.window.kernel = *extent(4);
    c.window.stride = *extent(2);
    c.window.pad = {*rc::gen::inRange(0, c.window.kernel.height),
                    *rc::gen::inRange(0, c.window.kernel.width)};
    RC_PRE(c.source.height + 2 * c.window.pad.height >= c.window.kernel.height);
    RC_PRE(c.source.width + 2 * c.window.pad.width >= c.window.kernel.width);
    RC_ASSERT(fault(forward_trial(c, false)) == "");
    RC_ASSERT(fault(backward_trial(c)) == "");
    if (can_be_pooled(c)) RC_ASSERT(fault(forward_trial(c, true)) == "");
    if (c.window.kernel.width * c.source.channels > kDepth) return;
    RC_ASSERT(fault(picture_trial(c, false)) == "");
  });
  EXPECT_TRUE(fine);
}

class FloatOutput : public AmxTest, public testing::WithParamInterface<int> {};

TEST_P(FloatOutput, HasNoPaddingAndIsNotRounded) {
  Convolution c{37, {48, 1, 1, false}, GetParam(), {}};
  Trial trial = forward_trial(c, false);
  // Fractions that bf16 would lose.
  std::vector<float> bias(static_cast<std::size_t>(padded_channels(c.features)));
  for (std::size_t i = 0; i < bias.size(); ++i) bias[i] = 1 / 1024.0f;
  for (double& sum : trial.sums) sum += 1 / 1024.0;
  constexpr float kUntouched = -77;
  const std::size_t values = trial.sums.size();
  for (const int threads : {1, 3}) {
    const WithThreads with(threads);
    std::vector<float> floats(values + 32, kUntouched);
    ProductOutput output;
    output.bias = bias.data();
    output.floats = floats.data();
    output.float_channels = c.features;
    trial.product.run(trial.source.data(), trial.weights.data(), output);
    EXPECT_EQ(difference_in_fp32(std::span(floats).first(values), trial.sums), "");
    EXPECT_EQ(floats[values], kUntouched);
    EXPECT_EQ(floats.back(), kUntouched);
  }
}

INSTANTIATE_TEST_SUITE_P(Channels, FloatOutput, testing::Values(1, 3, 10, 16, 17, 32, 33, 70));

TEST(ChannelSums, AddsUpInTheOrderOfTheThreads) {
  ChannelSums sums;
  sums.begin(3, 2);
  for (int thread = 0; thread < 3; ++thread) {
    for (int i = 0; i < 4; ++i) sums.of_thread(thread)[i] = thread * 10 + i;
  }
  const double* total = sums.total();
  EXPECT_EQ(std::vector<double>(total, total + 4), (std::vector<double>{30, 33, 36, 39}));
  // Asking again changes nothing, beginning anew does.
  EXPECT_EQ(sums.total()[3], 39);
  sums.begin(1, 2);
  EXPECT_EQ(sums.total()[3], 0);
}

}  // namespace
}  // namespace thimble::nn::amx
