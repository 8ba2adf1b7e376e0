#include "nn/engine/amx/tail.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include <fmt/format.h>

#include "naive.hpp"
#include "nn/threads.hpp"

namespace thimble::nn::amx {
namespace {

constexpr double kEpsilon = 1e-5;
constexpr float kFiller = 3;  // of pictures that do not exist: must not be seen

using Values = std::vector<double>;  // [batch][height][width][channels]

Shape halved(Shape shape) {
  shape.height /= 2;
  shape.width /= 2;
  return shape;
}

/// Batch norm's numbers of a channel.
struct Norm {
  double mean, variance, inverse, scale, shift;
};

/// A tail written out, step by step.
struct NaiveTail {
  Tail tail;
  int batch;
  Shape shape;  // of the product's sums
  std::vector<float> gammas, betas;

  Values sums;    // what the product put out, before any pooling
  Pooled first;   // with pool_first
  Values source;  // what batch norm works on
  std::vector<Norm> norms;
  Values normal;  // behind batch norm
  Pooled last;    // with pool_last
  Values out;     // behind ReLU and pooling, without an addend

  Shape source_shape() const { return tail.pool_first ? halved(shape) : shape; }
  Shape out_shape() const { return tail.pool_last ? halved(shape) : source_shape(); }
  std::size_t channels() const { return static_cast<std::size_t>(shape.channels); }
  double count() const { return static_cast<double>(source.size()) / shape.channels; }

  NaiveTail(const Tail& of, int pictures, const Shape& map)
      : tail(of), batch(pictures), shape(map) {
    Random random(6);
    const auto size = static_cast<std::size_t>(shape.size() * batch);
    const std::vector<float> drawn = whole_numbers(size, 9, random);
    sums.assign(drawn.begin(), drawn.end());
    for (std::size_t c = 0; c < channels(); ++c) {
      // Also what turns the order around, and what makes all alike.
      gammas.push_back(c == 2 ? 0.0f : static_cast<float>(random.uniform(-1, 2)));
      betas.push_back(static_cast<float>(random.uniform(-1, 1)));
    }
    forward();
  }

  void forward() {
    source = sums;
    if (tail.pool_first) {
      first = pool(sums, batch, shape);
      source = first.values;
    }
    normal = source;
    if (tail.norm) normalize();
    out = normal;
    if (tail.pool_last) {
      last = pool(normal, batch, shape);
      out = last.values;
    }
    if (tail.relu) {
      for (double& v : out) v = std::max(v, 0.0);
    }
  }

  void normalize() {
    for (std::size_t c = 0; c < channels(); ++c) {
      double sum = 0, squares = 0;
      for (std::size_t i = c; i < source.size(); i += channels()) sum += source[i];
      const double mean = sum / count();
      for (std::size_t i = c; i < source.size(); i += channels()) {
        squares += (source[i] - mean) * (source[i] - mean);
      }
      const double inverse = 1 / std::sqrt(squares / count() + kEpsilon);
      const double scale = static_cast<double>(gammas[c]) * inverse;
      norms.push_back(
          {mean, squares / count(), inverse, scale, static_cast<double>(betas[c]) - mean * scale});
    }
    for (std::size_t i = 0; i < source.size(); ++i) {
      const Norm& norm = norms[i % channels()];
      normal[i] = source[i] * norm.scale + norm.shift;
    }
  }

  /// The gradient of the product's sums, and on the way there what is summed up.
  Values backward(Values gradient) {
    if (tail.relu) {
      for (std::size_t i = 0; i < gradient.size(); ++i) {
        if (!(out[i] > 0)) gradient[i] = 0;
      }
    }
    bias_gradient = per_channel(gradient, Values(gradient.size(), 1));
    if (tail.pool_last) gradient = spread(gradient, last.winners, shape);
    if (tail.norm) gradient = norm_backward(gradient);
    return tail.pool_first ? spread(gradient, first.winners, shape) : gradient;
  }
  Values bias_gradient, norm_sums;  // [channels]; [2][channels], as tail_sums() has them

 private:
  Values per_channel(const Values& a, const Values& b) const {
    Values totals(channels());
    for (std::size_t i = 0; i < a.size(); ++i) totals[i % channels()] += a[i] * b[i];
    return totals;
  }

  Values spread(const Values& small, const std::vector<std::uint8_t>& winners,
                const Shape& large) const {
    Values all(static_cast<std::size_t>(large.size() * batch));
    std::size_t from = 0;
    for (int n = 0; n < batch; ++n) {
      for (int y = 0; y < large.height / 2; ++y) {
        for (int x = 0; x < large.width / 2; ++x) {
          for (std::size_t c = 0; c < channels(); ++c, ++from) {
            const int k = winners[from];
            const int to = (n * large.height + 2 * y + k / 2) * large.width + 2 * x + k % 2;
            all[static_cast<std::size_t>(to) * channels() + c] = small[from];
          }
        }
      }
    }
    return all;
  }

  Values norm_backward(const Values& gradient) {
    Values centred = source;
    for (std::size_t i = 0; i < centred.size(); ++i) centred[i] -= norms[i % channels()].mean;
    norm_sums = per_channel(gradient, Values(gradient.size(), 1));
    const Values products = per_channel(gradient, centred);
    norm_sums.insert(norm_sums.end(), products.begin(), products.end());
    Values result(gradient.size());
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      const std::size_t c = i % channels();
      const Norm& norm = norms[c];
      result[i] = norm.scale * (gradient[i] - norm_sums[c] / count() -
                                centred[i] * norm.inverse * norm.inverse * products[c] / count());
    }
    return result;
  }
};

std::vector<float> as_floats(const Values& values) { return {values.begin(), values.end()}; }

/// Winners as bytes in maps.
std::vector<std::uint8_t> winner_maps(const Pooled& pooled, const Shape& shape, int batch) {
  const Maps maps = Maps::of(shape, batch);
  std::vector<std::uint8_t> all(maps.size(), 1);
  std::size_t from = 0;
  for (int n = 0; n < batch; ++n) {
    for (int y = 0; y < shape.height; ++y) {
      for (int x = 0; x < shape.width; ++x) {
        for (int c = 0; c < shape.channels; ++c) {
          all[place(maps, n, y, x, c)] = pooled.winners[from++];
        }
      }
    }
  }
  return all;
}

/// bf16 keeps 8 bits; before that is fp32.
void expect_near_in_bf16(const std::vector<float>& actual, const Values& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    ASSERT_NEAR(static_cast<double>(actual[i]), expected[i], std::abs(expected[i]) / 256 + 2e-5)
        << "value " << i << " of " << actual.size();
  }
}

void expect_sums(const double* actual, const Values& expected, double magnitude) {
  for (std::size_t c = 0; c < expected.size(); ++c) {
    ASSERT_NEAR(actual[c], expected[c], 1e-6 * magnitude) << "channel " << c;
  }
}

struct Case {
  int batch;
  Shape shape;
};

const Case kCases[] = {
    {1, {3, 2, 2, false}},   {5, {10, 5, 5, false}},  {32, {16, 4, 6, false}},
    {33, {48, 3, 4, false}}, {64, {20, 6, 3, false}}, {128, {70, 2, 3, false}},
};

/// The flags, as bits: pool_first, norm, relu, pool_last.
class TailTest : public AmxTest, public testing::WithParamInterface<int> {
 protected:
  static Tail tail() {
    const int bits = GetParam();
    return {(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0};
  }

  /// What batch norm works on, as it lies in memory.
  static std::vector<Bf16> source_of(const NaiveTail& naive) {
    return as_maps(as_floats(naive.source), naive.shape.channels,
                   Maps::of(naive.source_shape(), naive.batch), kFiller);
  }

  static NormStatistics statistics_of(const NaiveTail& naive) {
    const int channels = naive.shape.channels;
    const int padded = padded_channels(channels);
    ChannelSums sums;
    sums.begin(2, padded);
    for (std::size_t i = 0; i < naive.source.size(); ++i) {
      double* of_thread = sums.of_thread(static_cast<int>(i / 7 % 2));
      of_thread[i % naive.channels()] += naive.source[i];
      of_thread[static_cast<std::size_t>(padded) + i % naive.channels()] +=
          naive.source[i] * naive.source[i];
    }
    NormStatistics statistics(padded);
    take_statistics(sums, naive.count(), channels, kEpsilon, naive.gammas.data(),
                    naive.betas.data(), statistics);
    return statistics;
  }

  void check_forward(const NaiveTail& naive, bool with_addend);
  void check_backward(NaiveTail& naive);
};

void TailTest::check_forward(const NaiveTail& naive, bool with_addend) {
  Random random(7);
  const Maps out_maps = Maps::of(naive.out_shape(), naive.batch);
  const std::vector<float> addend = whole_numbers(naive.out.size(), 5, random);
  const std::vector<Bf16> addend_maps = as_maps(addend, naive.shape.channels, out_maps, 1);
  std::vector<Bf16> out(out_maps.size());
  std::vector<std::uint8_t> winners(out_maps.size());
  tail_forward(Maps::of(naive.source_shape(), naive.batch), naive.tail, statistics_of(naive),
               source_of(naive).data(), with_addend ? addend_maps.data() : nullptr, out.data(),
               naive.tail.pool_last ? winners.data() : nullptr);
  Values expected = naive.out;
  for (std::size_t i = 0; i < expected.size() && with_addend; ++i) {
    expected[i] += static_cast<double>(addend[i]);
  }
  expect_near_in_bf16(as_rows(out, naive.shape.channels, out_maps), expected);
  if (!naive.tail.pool_last) return;
  const std::vector<std::uint8_t> wanted = winner_maps(naive.last, naive.out_shape(), naive.batch);
  std::size_t wrong = 0;
  for (int n = 0; n < naive.batch; ++n) {
    for (int y = 0; y < out_maps.height; ++y) {
      for (int x = 0; x < out_maps.width; ++x) {
        for (int c = 0; c < naive.shape.channels; ++c) {
          const std::size_t at = place(out_maps, n, y, x, c);
          wrong += winners[at] != wanted[at];
        }
      }
    }
  }
  EXPECT_EQ(wrong, 0u) << "winners";
}

void TailTest::check_backward(NaiveTail& naive) {
  Random random(8);
  const int channels = naive.shape.channels;
  const Maps maps = Maps::of(naive.shape, naive.batch);
  const Maps out_maps = Maps::of(naive.out_shape(), naive.batch);
  const std::vector<float> gradient = whole_numbers(naive.out.size(), 6, random);
  const Values expected = naive.backward(Values(gradient.begin(), gradient.end()));
  // Larger than any sum of the absolute values.
  const double magnitude = 6.0 * 20 * static_cast<double>(naive.source.size());

  const std::vector<Bf16> gradient_maps = as_maps(gradient, channels, out_maps, kFiller);
  const std::vector<Bf16> source = source_of(naive);
  const std::vector<Bf16> out = as_maps(as_floats(naive.out), channels, out_maps, kFiller);
  std::vector<std::uint8_t> winners;
  TailGradient from;
  from.gradient = gradient_maps.data();
  if (naive.tail.norm) from.source = source.data();
  if (naive.tail.relu && !naive.tail.norm) from.out = out.data();
  if (naive.tail.pool_first || naive.tail.pool_last) {
    const bool first = naive.tail.pool_first;
    winners = winner_maps(first ? naive.first : naive.last,
                          first ? naive.source_shape() : naive.out_shape(), naive.batch);
    from.winner = winners.data();
  }

  ChannelSums sums, bias;
  NormStatistics statistics(maps.channels);
  if (naive.tail.norm) {
    statistics = statistics_of(naive);
    tail_sums(Maps::of(naive.source_shape(), naive.batch), naive.tail, statistics, from, sums);
    const double* total = sums.total();
    const auto half = naive.norm_sums.begin() + channels;
    expect_sums(total, Values(naive.norm_sums.begin(), half), magnitude);
    expect_sums(total + maps.channels, Values(half, naive.norm_sums.end()), magnitude);
  }
  std::vector<Bf16> result(maps.size(), to_bf16(-77));
  tail_backward(maps, naive.tail, &statistics, &sums, naive.count(), from,
                naive.tail.norm ? nullptr : &bias, result.data());
  expect_near_in_bf16(as_rows(result, channels, maps), expected);
  if (!naive.tail.norm) expect_sums(bias.total(), naive.bias_gradient, magnitude);

  // No gradient comes to pictures and channels that do not exist.
  Maps all = maps;
  all.batch = static_cast<int>(maps.blocks()) * kBlock;
  const std::vector<float> rows = as_rows(result, maps.channels, all);
  const auto padded = static_cast<std::size_t>(maps.channels);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool exists = i < maps.positions() * padded * static_cast<std::size_t>(naive.batch) &&
                        i % padded < naive.channels();
    if (!exists) {
      ASSERT_EQ(rows[i], 0.0f) << "value " << i << " that does not exist";
    }
  }
}

TEST_P(TailTest, AgreesWithWhatItDoesStepByStep) {
  for (const Case& one : kCases) {
    for (const int threads : {1, 2, 3}) {
      SCOPED_TRACE(fmt::format("{} of {}, {} threads", one.batch, to_string(one.shape), threads));
      const WithThreads with(threads);
      NaiveTail naive(tail(), one.batch, one.shape);
      if (naive.tail.norm) {
        check_forward(naive, false);
        check_forward(naive, true);
      }
      check_backward(naive);
      if (HasFatalFailure()) return;
    }
  }
}

std::string flags_of(const testing::TestParamInfo<int>& info) {
  std::string name;
  const char* const flags[] = {"PoolFirst", "Norm", "Relu", "PoolLast"};
  for (int i = 0; i < 4; ++i) {
    if ((info.param >> i & 1) != 0) name += flags[i];
  }
  return name.empty() ? "Nothing" : name;
}

// Never both pools: 1 with 8.
INSTANTIATE_TEST_SUITE_P(Flags, TailTest, testing::Values(0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14),
                         flags_of);

class TakeStatistics : public AmxTest {};

TEST_F(TakeStatistics, LeavesPaddingZeroAndVarianceAtLeastZero) {
  ChannelSums sums;
  sums.begin(1, 16);
  double* of_thread = sums.of_thread(0);
  // 10 values of 0.1: their squares' mean less the mean's square may come out below zero.
  of_thread[0] = 1.0;
  of_thread[16] = 0.1 - 1e-12;
  of_thread[1] = 20;
  of_thread[17] = 130;
  const float gammas[] = {2, 3}, betas[] = {0.5f, -1};
  NormStatistics statistics(16);
  take_statistics(sums, 10, 2, kEpsilon, gammas, betas, statistics);
  EXPECT_EQ(statistics.variance[0], 0.0f);
  EXPECT_FLOAT_EQ(statistics.inverse_deviation[0], static_cast<float>(1 / std::sqrt(kEpsilon)));
  EXPECT_FLOAT_EQ(statistics.mean[1], 2);
  EXPECT_FLOAT_EQ(statistics.variance[1], 9);
  EXPECT_NEAR(statistics.scale[1], 1, 1e-5);
  EXPECT_NEAR(statistics.shift[1], -3, 1e-5);
  for (std::size_t c = 2; c < 16; ++c) {
    EXPECT_EQ(statistics.scale[c], 0.0f);
    EXPECT_EQ(statistics.shift[c], 0.0f);
  }
}

}  // namespace
}  // namespace thimble::nn::amx
