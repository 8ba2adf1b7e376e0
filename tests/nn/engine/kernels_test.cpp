#include "nn/engine/kernels.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "base/random.hpp"
#include "nn/threads.hpp"

namespace thimble::nn {
namespace {

float from_bf16(Bf16 value) {
  const std::uint32_t bits = std::uint32_t{value} << 16;
  float result;
  std::memcpy(&result, &bits, sizeof result);
  return result;
}

TEST(Kernels, DropoutKeepsTheMeanAndTheRate) {
  const std::size_t n = 200'000;
  const std::vector<float> ones(n, 1.0f);
  for (const double rate : {0.1, 0.5, 0.9}) {
    std::vector<float> out(n);
    dropout(ones.data(), n, DataType::f32, rate, 42, out.data());
    std::size_t zeros = 0;
    double sum = 0;
    for (const float v : out) {
      zeros += v == 0.0f;
      sum += v;
      if (v != 0.0f) {
        EXPECT_FLOAT_EQ(v, static_cast<float>(1 / (1 - rate)));
      }
    }
    // Five standard deviations of a binomial.
    const double deviation = 5 * std::sqrt(rate * (1 - rate) / static_cast<double>(n));
    EXPECT_NEAR(static_cast<double>(zeros) / static_cast<double>(n), rate, deviation);
    EXPECT_NEAR(sum / static_cast<double>(n), 1, deviation / (1 - rate));
  }
}

TEST(Kernels, DropoutDependsOnKeyAndPlaceAlone) {
  const std::size_t n = 50'000;
  const std::vector<float> ones(n, 1.0f);
  std::vector<float> one(n), many(n), other(n), in_place(ones);
  {
    const WithThreads threads(1);
    dropout(ones.data(), n, DataType::f32, 0.5, 7, one.data());
  }
  {
    const WithThreads threads(3);
    dropout(ones.data(), n, DataType::f32, 0.5, 7, many.data());
  }
  dropout(in_place.data(), n, DataType::f32, 0.5, 7, in_place.data());
  dropout(ones.data(), n, DataType::f32, 0.5, 8, other.data());
  EXPECT_EQ(one, many);
  EXPECT_EQ(one, in_place);
  EXPECT_NE(one, other);
}

TEST(Kernels, DropoutInBf16DropsTheSame) {
  const std::size_t n = 10'001;
  std::vector<float> values(n), out(n);
  Random random(5);
  for (float& v : values) v = static_cast<float>(random.uniform(-3, 3));
  std::vector<Bf16> half(n), half_out(n);
  convert(values.data(), n, DataType::bf16, half.data());
  dropout(values.data(), n, DataType::f32, 0.3, 9, out.data());
  dropout(half.data(), n, DataType::bf16, 0.3, 9, half_out.data());
  for (std::size_t i = 0; i < n; ++i) {
    EXPECT_NEAR(from_bf16(half_out[i]), out[i], std::abs(out[i]) * 0.01);
    EXPECT_EQ(half_out[i] == 0, out[i] == 0.0f);
  }
}

TEST(Kernels, ReluBackwardMasksAlsoInPlace) {
  const std::size_t n = 20'003;
  std::vector<float> y(n), gradient(n), expected(n), out(n);
  Random random(6);
  for (std::size_t i = 0; i < n; ++i) {
    y[i] = random.below(2) == 0 ? 0.0f : static_cast<float>(random.uniform(0.1, 2));
    gradient[i] = static_cast<float>(random.uniform(-1, 1));
    expected[i] = y[i] > 0 ? gradient[i] : 0.0f;
  }
  relu_backward(gradient.data(), y.data(), n, DataType::f32, out.data());
  EXPECT_EQ(out, expected);
  std::vector<Bf16> y16(n), gradient16(n), expected16(n);
  convert(y.data(), n, DataType::bf16, y16.data());
  convert(gradient.data(), n, DataType::bf16, gradient16.data());
  for (std::size_t i = 0; i < n; ++i) expected16[i] = y[i] > 0 ? gradient16[i] : Bf16{0};
  relu_backward(gradient16.data(), y16.data(), n, DataType::bf16, gradient16.data());
  EXPECT_EQ(gradient16, expected16);
}

TEST(Kernels, ScaleInputSeparatesChannels) {
  const std::vector<std::uint8_t> in{0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110};
  const std::vector<float> scale{1, 2, 3}, shift{0, 1, -1};
  std::vector<float> out(12);
  scale_input(in.data(), 2, {3, 1, 2, false}, scale, shift, DataType::f32, out.data());
  EXPECT_EQ(out, (std::vector<float>{0, 30, 21, 81, 59, 149, 60, 90, 141, 201, 239, 329}));
}

TEST(Kernels, UnfoldPutsZerosBeyondTheBorder) {
  const std::vector<float> in{1, 2, 3, 4, 5, 6};  // 2 rows, 3 columns, 1 channel
  const Window window{1, 1, 2, 3, {2, 2}, {1, 2}, {1, 0}, 3, 1};
  std::vector<float> out(window.rows() * window.columns());
  unfold(window, in.data(), DataType::f32, out.data());
  EXPECT_EQ(out, (std::vector<float>{0, 0, 1, 2, 1, 2, 4, 5, 4, 5, 0, 0}));
}

TEST(Kernels, ConvertRoundsToNearestEven) {
  // 1 + 2^-8 lies half-way between two bf16 numbers, and so does 1 + 3 * 2^-8.
  const std::vector<float> in{1.0f, 1.00390625f, 1.01171875f, -2.5f, 3.0e38f};
  std::vector<Bf16> out(in.size());
  convert(in.data(), in.size(), DataType::bf16, out.data());
  EXPECT_EQ(out[0], 0x3F80);
  EXPECT_EQ(out[1], 0x3F80);
  EXPECT_EQ(out[2], 0x3F82);
  EXPECT_EQ(out[3], 0xC020);
  EXPECT_NEAR(from_bf16(out[4]), 3.0e38f, 2e36f);
}

}  // namespace
}  // namespace thimble::nn
