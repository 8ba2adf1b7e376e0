#include "naive.hpp"

#include <algorithm>
#include <bit>
#include <cctype>
#include <ostream>

#include <fmt/format.h>

namespace thimble::nn::amx {
namespace {

std::size_t size_of(const Shape& shape, int batch) {
  return static_cast<std::size_t>(shape.size()) * static_cast<std::size_t>(batch);
}

/// Calls `body(target position, tap, source position)` for positions of all pictures that meet,
/// each counted in vectors of channels.
template <class Body>
void each_meeting(const Convolution& c, const Body& body) {
  const Shape to = c.target();
  const auto& [kernel, stride, pad] = c.window;
  std::size_t target = 0;
  for (int n = 0; n < c.batch; ++n) {
    for (int y = 0; y < to.height; ++y) {
      for (int x = 0; x < to.width; ++x, ++target) {
        for (int tap = 0; tap < c.taps(); ++tap) {
          const int v = y * stride.height - pad.height + tap / kernel.width;
          const int u = x * stride.width - pad.width + tap % kernel.width;
          if (v < 0 || v >= c.source.height || u < 0 || u >= c.source.width) continue;
          body(target, static_cast<std::size_t>(tap),
               static_cast<std::size_t>((n * c.source.height + v) * c.source.width + u));
        }
      }
    }
  }
}

template <class Round>
std::string first_difference(std::span<const float> actual, std::span<const double> expected,
                             const Round& round) {
  if (actual.size() != expected.size()) {
    return fmt::format("{} values, expected {}", actual.size(), expected.size());
  }
  for (std::size_t i = 0; i < actual.size(); ++i) {
    if (actual[i] != round(expected[i])) {
      return fmt::format("value {} of {}: {}, expected {}", i, actual.size(), actual[i],
                         expected[i]);
    }
  }
  return "";
}

std::size_t tile_place(std::size_t row, std::size_t column, std::size_t columns) {
  return (row / 16 * (columns / 16) + column / 16) * 256 + row % 16 * 16 + column % 16;
}

}  // namespace

float to_float(Bf16 value) { return std::bit_cast<float>(static_cast<std::uint32_t>(value) << 16); }

Bf16 to_bf16(double value) {
  const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(value));
  return static_cast<Bf16>((bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16);
}

std::vector<float> to_floats(std::span<const Bf16> values) {
  std::vector<float> floats(values.size());
  std::ranges::transform(values, floats.begin(), to_float);
  return floats;
}

std::string difference_in_bf16(std::span<const float> actual, std::span<const double> expected) {
  return first_difference(actual, expected, [](double v) { return to_float(to_bf16(v)); });
}

std::string difference_in_fp32(std::span<const float> actual, std::span<const double> expected) {
  return first_difference(actual, expected, [](double v) { return static_cast<float>(v); });
}

std::vector<float> whole_numbers(std::size_t n, int most, Random& random) {
  std::vector<float> numbers(n);
  for (float& number : numbers) {
    const auto drawn = random.below(static_cast<std::uint64_t>(2 * most + 1));
    number = static_cast<float>(static_cast<int>(drawn) - most);
  }
  return numbers;
}

std::size_t place(const Maps& maps, int picture, int y, int x, int channel) {
  const auto position = static_cast<std::size_t>(y * maps.width + x);
  return static_cast<std::size_t>(picture / kBlock) * maps.block_size() +
         position * maps.position_size() +
         static_cast<std::size_t>(picture % kBlock * maps.channels + channel);
}

std::vector<Bf16> as_maps(std::span<const float> rows, int channels, const Maps& maps,
                          float filler) {
  std::vector<Bf16> values(maps.size());
  std::size_t from = 0;
  for (int n = 0; n < static_cast<int>(maps.blocks()) * kBlock; ++n) {
    for (int y = 0; y < maps.height; ++y) {
      for (int x = 0; x < maps.width; ++x) {
        for (int c = 0; c < channels; ++c) {
          values[place(maps, n, y, x, c)] = to_bf16(n < maps.batch ? rows[from++] : filler);
        }
      }
    }
  }
  return values;
}

std::vector<float> as_rows(std::span<const Bf16> values, int channels, const Maps& maps) {
  std::vector<float> rows;
  for (int n = 0; n < maps.batch; ++n) {
    for (int y = 0; y < maps.height; ++y) {
      for (int x = 0; x < maps.width; ++x) {
        for (int c = 0; c < channels; ++c) {
          rows.push_back(to_float(values[place(maps, n, y, x, c)]));
        }
      }
    }
  }
  return rows;
}

std::string Convolution::name() const {
  return fmt::format("{} of {} to {}: {} stride {} pad {}", batch, to_string(source), features,
                     to_string(window.kernel), to_string(window.stride), to_string(window.pad));
}

std::vector<float> Convolution::draw_source(Random& random) const {
  return whole_numbers(size_of(source, batch), 4, random);
}
std::vector<float> Convolution::draw_target(Random& random) const {
  return whole_numbers(size_of(target(), batch), 4, random);
}
std::vector<float> Convolution::draw_weights(Random& random) const {
  return whole_numbers(static_cast<std::size_t>(taps() * source.channels * features), 2, random);
}

std::vector<double> Convolution::forward(std::span<const float> x, std::span<const float> w) const {
  std::vector<double> y(size_of(target(), batch));
  const auto ins = static_cast<std::size_t>(source.channels);
  const auto outs = static_cast<std::size_t>(features);
  each_meeting(*this, [&](std::size_t to, std::size_t tap, std::size_t from) {
    double* sums = y.data() + to * outs;
    for (std::size_t i = 0; i < ins; ++i) {
      const double value = static_cast<double>(x[from * ins + i]);
      const float* row = w.data() + (tap * ins + i) * outs;
      for (std::size_t o = 0; o < outs; ++o) sums[o] += value * static_cast<double>(row[o]);
    }
  });
  return y;
}

std::vector<double> Convolution::backward(std::span<const float> dy,
                                          std::span<const float> w) const {
  std::vector<double> dx(size_of(source, batch));
  const auto ins = static_cast<std::size_t>(source.channels);
  const auto outs = static_cast<std::size_t>(features);
  each_meeting(*this, [&](std::size_t to, std::size_t tap, std::size_t from) {
    for (std::size_t i = 0; i < ins; ++i) {
      const float* row = w.data() + (tap * ins + i) * outs;
      double sum = 0;
      for (std::size_t o = 0; o < outs; ++o) {
        sum += static_cast<double>(dy[to * outs + o]) * static_cast<double>(row[o]);
      }
      dx[from * ins + i] += sum;
    }
  });
  return dx;
}

std::vector<double> Convolution::weights_gradient(std::span<const float> x,
                                                  std::span<const float> dy) const {
  const auto ins = static_cast<std::size_t>(source.channels);
  const auto outs = static_cast<std::size_t>(features);
  std::vector<double> dw(static_cast<std::size_t>(taps()) * ins * outs);
  each_meeting(*this, [&](std::size_t to, std::size_t tap, std::size_t from) {
    for (std::size_t i = 0; i < ins; ++i) {
      const double value = static_cast<double>(x[from * ins + i]);
      double* row = dw.data() + (tap * ins + i) * outs;
      for (std::size_t o = 0; o < outs; ++o) {
        row[o] += value * static_cast<double>(dy[to * outs + o]);
      }
    }
  });
  return dw;
}

WeightsShape Convolution::weights_shape() const {
  return {taps(), padded_channels(source.channels), padded_channels(features)};
}

std::vector<float> Convolution::tiles(std::span<const float> weights) const {
  const WeightsShape shape = weights_shape();
  const auto padded_in = static_cast<std::size_t>(shape.in);
  const auto padded_out = static_cast<std::size_t>(shape.out);
  std::vector<float> all(shape.size());
  std::size_t from = 0;
  for (std::size_t tap = 0; tap < static_cast<std::size_t>(taps()); ++tap) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(source.channels); ++i) {
      for (std::size_t o = 0; o < static_cast<std::size_t>(features); ++o) {
        all[tap * padded_in * padded_out + tile_place(i, o, padded_out)] = weights[from++];
      }
    }
  }
  return all;
}

PictureWeights Convolution::picture_weights() const {
  return {source.channels, window.kernel, padded_channels(features)};
}

std::vector<float> Convolution::picture_tiles(std::span<const float> weights) const {
  const PictureWeights shape = picture_weights();
  std::vector<float> all(static_cast<std::size_t>(shape.padded_rows() * shape.out));
  std::size_t from = 0;
  for (int tap = 0; tap < taps(); ++tap) {
    for (int i = 0; i < source.channels; ++i) {
      const auto row = static_cast<std::size_t>(i * taps() + tap);
      for (std::size_t o = 0; o < static_cast<std::size_t>(features); ++o) {
        all[tile_place(row, o, static_cast<std::size_t>(shape.out))] = weights[from++];
      }
    }
  }
  return all;
}

std::vector<Bf16> Convolution::pictures(std::span<const float> x) const {
  const int width = source.width + 2 * window.pad.width;
  const int height = source.height + 2 * window.pad.height;
  const int blocks = (batch + kBlock - 1) / kBlock;
  std::vector<Bf16> all(
      static_cast<std::size_t>(blocks * kBlock * height * width * source.channels + kDepth));
  const auto row = static_cast<std::size_t>(source.width * source.channels);
  for (int n = 0; n < batch; ++n) {
    for (int y = 0; y < source.height; ++y, x = x.subspan(row)) {
      const int to = ((n * height + y + window.pad.height) * width + window.pad.width);
      std::ranges::transform(x.first(row), all.begin() + to * source.channels,
                             [](float value) { return to_bf16(static_cast<double>(value)); });
    }
  }
  return all;
}

std::vector<Convolution> convolutions() {
  const auto map = [](int channels, int height, int width) {
    return Shape{channels, height, width, false};
  };
  return {
      // Channels: less than a tile, one, a depth, several, not whole ones.
      {33, map(1, 5, 6), 10, {{3, 3}, {1, 1}, {1, 1}}},
      {32, map(3, 6, 5), 16, {{3, 3}, {1, 1}, {0, 0}}},
      {31, map(10, 5, 5), 32, {{3, 3}, {1, 1}, {1, 1}}},
      {64, map(16, 7, 6), 16, {{3, 3}, {1, 1}, {1, 1}}},
      {40, map(16, 6, 7), 48, {{5, 5}, {1, 1}, {2, 2}}},
      {33, map(20, 6, 6), 64, {{3, 3}, {2, 2}, {1, 1}}},
      {64, map(32, 5, 5), 16, {{3, 3}, {1, 1}, {1, 1}}},
      {40, map(48, 5, 4), 70, {{3, 3}, {1, 1}, {0, 0}}},
      {32, map(70, 4, 5), 20, {{2, 3}, {1, 1}, {1, 1}}},
      {128, map(128, 3, 3), 128, {{3, 3}, {1, 1}, {1, 1}}},
      {1, map(128, 5, 5), 3, {{1, 1}, {1, 1}, {0, 0}}},
      // Kernels, strides and pads.
      {1, map(16, 12, 11), 32, {{7, 7}, {2, 2}, {3, 3}}},
      {31, map(16, 9, 4), 16, {{2, 3}, {2, 1}, {1, 2}}},
      {32, map(3, 11, 9), 20, {{7, 7}, {2, 2}, {3, 3}}},
      {33, map(32, 9, 8), 16, {{5, 5}, {1, 1}, {2, 2}}},
      {5, map(10, 8, 8), 10, {{1, 1}, {2, 2}, {0, 0}}},
      {64, map(32, 6, 6), 64, {{1, 1}, {2, 2}, {0, 0}}},
      {33, map(16, 5, 7), 10, {{2, 3}, {2, 1}, {0, 1}}},
      {3, map(48, 6, 9), 32, {{5, 5}, {2, 1}, {3, 0}}},
      {65, map(1, 8, 7), 48, {{5, 5}, {2, 2}, {1, 3}}},
      // Tiny maps, of which a kernel sees mostly padding; a kernel as large as the map.
      {64, map(16, 1, 1), 16, {{3, 3}, {1, 1}, {1, 1}}},
      {33, map(20, 1, 2), 32, {{3, 3}, {1, 1}, {1, 1}}},
      {32, map(32, 2, 1), 70, {{2, 3}, {1, 1}, {1, 1}}},
      {64, map(64, 4, 4), 16, {{4, 4}, {1, 1}, {0, 0}}},
      {33, map(10, 3, 5), 128, {{3, 5}, {1, 1}, {0, 0}}},
      {128, map(70, 1, 1), 10, {{1, 1}, {1, 1}, {0, 0}}},
      {33, map(16, 2, 2), 20, {{7, 7}, {2, 2}, {3, 3}}},
      // Rows enough that the weights' gradient lays them out in parts, and a batch of one picture.
      {32, map(64, 20, 18), 32, {{3, 3}, {1, 1}, {1, 1}}},
      {32, map(16, 41, 20), 16, {{3, 3}, {2, 2}, {1, 1}}},
      {1, map(1, 1, 40), 16, {{1, 7}, {1, 1}, {0, 3}}},
  };
}

std::vector<Convolution> picture_convolutions() {
  std::vector<Convolution> all = {
      {33, {1, 8, 9, false}, 16, {{3, 3}, {1, 1}, {1, 1}}},
      {64, {3, 7, 7, false}, 32, {{3, 3}, {1, 1}, {1, 1}}},
      {1, {4, 6, 6, false}, 10, {{5, 5}, {1, 1}, {2, 2}}},
      {32, {16, 5, 5, false}, 16, {{3, 2}, {1, 1}, {1, 1}}},
      {40, {1, 28, 28, false}, 16, {{3, 3}, {1, 1}, {1, 1}}},
      {31, {1, 4, 33, false}, 64, {{1, 31}, {1, 1}, {0, 5}}},
  };
  for (const Convolution& one : convolutions()) {
    if (one.window.kernel.width * one.source.channels <= kDepth) all.push_back(one);
  }
  return all;
}

void PrintTo(const Convolution& convolution, std::ostream* out) { *out << convolution.name(); }

std::string convolution_name(const testing::TestParamInfo<Convolution>& info) {
  std::string name = info.param.name();
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name;
}

Pooled pool(std::span<const double> values, int batch, const Shape& shape) {
  const auto channels = static_cast<std::size_t>(shape.channels);
  Pooled pooled;
  for (int n = 0; n < batch; ++n) {
    for (int y = 0; y < shape.height / 2; ++y) {
      for (int x = 0; x < shape.width / 2; ++x) {
        for (std::size_t c = 0; c < channels; ++c) {
          double best = 0;
          int winner = -1;
          for (int k = 0; k < 4; ++k) {
            const int position = (n * shape.height + 2 * y + k / 2) * shape.width + 2 * x + k % 2;
            const double value = values[static_cast<std::size_t>(position) * channels + c];
            if (winner >= 0 && value <= best) continue;
            best = value;
            winner = k;
          }
          pooled.values.push_back(best);
          pooled.winners.push_back(static_cast<std::uint8_t>(winner));
        }
      }
    }
  }
  return pooled;
}

}  // namespace thimble::nn::amx
