#include "nn/engine/amx/convert.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "naive.hpp"
#include "nn/engine/program.hpp"
#include "nn/threads.hpp"

namespace thimble::nn::amx {
namespace {

// Nothing here needs AMX itself.

const Maps kMaps[] = {{1, 16, 1, 1}, {5, 16, 3, 2}, {32, 32, 2, 5}, {33, 64, 3, 3}, {64, 96, 1, 4}};
constexpr int kUnpadded[] = {10, 16, 20, 64, 70};

TEST(Convert, MapsAreTheRowsOfTheirPictures) {
  Random random(1);
  for (const int threads : {1, 3}) {
    const WithThreads with(threads);
    for (std::size_t i = 0; i < std::size(kMaps); ++i) {
      const Maps& maps = kMaps[i];
      const int channels = kUnpadded[i];
      const auto n = static_cast<std::size_t>(maps.batch * channels) * maps.positions();
      const std::vector<float> rows = whole_numbers(n, 100, random);
      std::vector<Bf16> bits(n);
      std::ranges::transform(rows, bits.begin(),
                             [](float v) { return to_bf16(static_cast<double>(v)); });
      std::vector<Bf16> out(maps.size(), to_bf16(-77));
      rows_to_maps(bits.data(), channels, maps, out.data());
      EXPECT_EQ(out, as_maps(rows, channels, maps, 0)) << i;

      // On the way back pictures and channels that do not exist are left out.
      std::vector<Bf16> back(n + 1, to_bf16(-77));
      out = as_maps(rows, channels, maps, 5);
      maps_to_rows(out.data(), maps, channels, back.data());
      EXPECT_EQ(back.back(), to_bf16(-77)) << i;
      back.pop_back();
      EXPECT_EQ(back, bits) << i;
    }
  }
}

TEST(Convert, DescriptionsOfMapsTellThem) {
  for (const Maps& maps : kMaps) {
    const Desc desc = maps_desc(maps, DataType::bf16);
    EXPECT_TRUE(is_maps(desc));
    EXPECT_EQ(maps_of(desc, maps.batch), maps);
    EXPECT_EQ(desc.get_size(), maps.size() * sizeof(Bf16));
  }
  EXPECT_FALSE(is_maps(plain_desc({4, 32}, DataType::bf16)));
  EXPECT_FALSE(is_maps(plain_desc({4, 16, 32, 32}, DataType::bf16)));
}

/// Where a weight lies in the form of WeightsShape.
std::size_t weight_place(std::size_t tap, std::size_t in, std::size_t out, std::size_t ins,
                         std::size_t outs) {
  return ((tap * (ins / 16) + in / 16) * (outs / 16) + out / 16) * 256 + in % 16 * 16 + out % 16;
}

/// Reorders declared weights to tiles and back.
void check_weights(const Dims& declared) {
  SCOPED_TRACE(testing::PrintToString(declared));
  const int padded_out = padded_channels(static_cast<int>(declared[0]));
  const int padded_in = padded_channels(static_cast<int>(declared[1]));
  const auto size = [&](std::size_t first) {
    return static_cast<std::size_t>(
        std::accumulate(declared.begin() + static_cast<std::ptrdiff_t>(first), declared.end(),
                        std::int64_t{1}, std::multiplies<>()));
  };
  const std::size_t taps = size(2);
  const auto ins = static_cast<std::size_t>(declared[1]);
  std::vector<float> values(size(0));
  std::iota(values.begin(), values.end(), 1.0f);

  const Desc desc = weights_desc(declared, padded_out, padded_in);
  const auto padded = static_cast<std::size_t>(padded_out * padded_in) * taps;
  ASSERT_EQ(desc.get_size(), padded * sizeof(float));
  // A group of channels that is all padding is left as it is.
  std::vector<float> tiles(padded);
  const Desc plain = plain_desc(declared, DataType::f32);
  reorder_now(view(plain, values.data()), view(desc, tiles.data()));
  std::vector<float> expected(padded);
  for (std::size_t i = 0; i < values.size(); ++i) {
    expected[weight_place(i % taps, i / taps % ins, i / taps / ins,
                          static_cast<std::size_t>(padded_in),
                          static_cast<std::size_t>(padded_out))] = values[i];
  }
  EXPECT_EQ(tiles, expected);
  std::vector<float> back(values.size());
  reorder_now(view(desc, tiles.data()), view(plain, back.data()));
  EXPECT_EQ(back, values);
}

TEST(Convert, WeightsAreReorderedToTiles) {
  for (const Dims& declared :
       {Dims{16, 16, 3, 3}, Dims{10, 1, 5, 5}, Dims{32, 3, 2, 3}, Dims{70, 20, 1, 1},
        Dims{48, 128, 3, 3}, Dims{3, 33, 4, 1}, Dims{128, 64, 1, 7}, Dims{16, 9}, Dims{33, 27},
        Dims{100, 70}, Dims{1, 1}}) {
    check_weights(declared);
  }
}

TEST(Convert, PicturesGetBordersAndKeepThem) {
  Random random(2);
  for (const int channels : {1, 3}) {
    for (const Extent& pad : {Extent{0, 0}, Extent{1, 1}, Extent{2, 0}, Extent{0, 3}}) {
      const Convolution c{35, {channels, 4, 5, false}, 16, {{1, 1}, {1, 1}, pad}};
      const std::vector<float> rows = c.draw_source(random);
      std::vector<Bf16> planes(rows.size());
      for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto n = static_cast<std::size_t>(channels);
        const std::size_t picture = i / (20 * n), position = i / n % 20, channel = i % n;
        planes[(picture * n + channel) * 20 + position] = to_bf16(static_cast<double>(rows[i]));
      }
      // Whatever is in the borders stays.
      std::vector<Bf16> expected = c.pictures(rows);
      std::vector<Bf16> out(expected.size());
      pad_pictures(planes.data(), c.batch, c.source, pad, out.data());
      EXPECT_EQ(out, expected);
      std::ranges::fill(out, to_bf16(9));
      pad_pictures(planes.data(), c.batch, c.source, pad, out.data());
      const bool has_border = pad.height + pad.width > 0;
      EXPECT_EQ(out.front() == to_bf16(9), has_border);
      EXPECT_EQ(out.back(), to_bf16(9));
    }
  }
}

struct GlobalPool {
  Maps maps;
  int channels;
};

const GlobalPool kPools[] = {
    {{1, 16, 1, 1}, 10}, {{5, 16, 3, 2}, 16}, {{33, 64, 7, 5}, 64}, {{64, 96, 2, 2}, 70}};

Maps pooled(Maps maps) {
  maps.height = maps.width = 1;
  return maps;
}

TEST(GlobalPools, LargestIsTheFirstAmongEquals) {
  Random random(3);
  for (const auto& [maps, channels] : kPools) {
    const std::size_t positions = maps.positions();
    const auto n = static_cast<std::size_t>(channels);
    // Few different numbers, so that there are equals.
    const std::vector<float> rows =
        whole_numbers(static_cast<std::size_t>(maps.batch) * positions * n, 3, random);
    std::vector<double> largest, expected_gradient(rows.size());
    const std::vector<float> gradient =
        whole_numbers(static_cast<std::size_t>(maps.batch) * n, 9, random);
    for (std::size_t picture = 0; picture < static_cast<std::size_t>(maps.batch); ++picture) {
      for (std::size_t c = 0; c < n; ++c) {
        std::size_t best = picture * positions * n + c;
        for (std::size_t p = 1; p < positions; ++p) {
          const std::size_t at = (picture * positions + p) * n + c;
          if (rows[at] > rows[best]) best = at;
        }
        largest.push_back(static_cast<double>(rows[best]));
        expected_gradient[best] = static_cast<double>(gradient[picture * n + c]);
      }
    }
    const Maps small = pooled(maps);
    std::vector<Bf16> out(small.size()), source_gradient(maps.size(), to_bf16(-77));
    std::vector<std::uint16_t> winners(small.size());
    global_pool_forward(maps, true, as_maps(rows, channels, maps, 2).data(), out.data(),
                        winners.data());
    EXPECT_EQ(difference_in_bf16(as_rows(out, channels, small), largest), "");
    global_pool_backward(maps, true, as_maps(gradient, channels, small, 0).data(), winners.data(),
                         source_gradient.data());
    EXPECT_EQ(difference_in_bf16(as_rows(source_gradient, channels, maps), expected_gradient), "");
  }
}

TEST(GlobalPools, MeansAreOfAllPositions) {
  Random random(4);
  for (const auto& [maps, channels] : kPools) {
    const std::size_t positions = maps.positions();
    const auto n = static_cast<std::size_t>(channels);
    const auto pictures = static_cast<std::size_t>(maps.batch);
    const std::vector<float> rows = whole_numbers(pictures * positions * n, 50, random);
    const std::vector<float> gradient = whole_numbers(pictures * n, 50, random);
    const float share = 1.0f / static_cast<float>(positions);
    std::vector<double> sums(pictures * n), shares(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::size_t at = i / n / positions * n + i % n;
      sums[at] += static_cast<double>(rows[i]);
      shares[i] = static_cast<double>(gradient[at] * share);
    }
    for (double& sum : sums) sum = static_cast<double>(static_cast<float>(sum) * share);
    const Maps small = pooled(maps);
    std::vector<Bf16> out(small.size()), source_gradient(maps.size(), to_bf16(-77));
    global_pool_forward(maps, false, as_maps(rows, channels, maps, 2).data(), out.data(), nullptr);
    EXPECT_EQ(difference_in_bf16(as_rows(out, channels, small), sums), "");
    global_pool_backward(maps, false, as_maps(gradient, channels, small, 0).data(), nullptr,
                         source_gradient.data());
    EXPECT_EQ(difference_in_bf16(as_rows(source_gradient, channels, maps), shares), "");
    // None for pictures that do not exist.
    Maps all = maps;
    all.batch = static_cast<int>(maps.blocks()) * kBlock;
    const std::vector<float> every = as_rows(source_gradient, maps.channels, all);
    const auto existing = static_cast<std::ptrdiff_t>(pictures * positions) * maps.channels;
    EXPECT_TRUE(std::all_of(every.begin() + existing, every.end(), [](float v) { return v == 0; }));
  }
}

}  // namespace
}  // namespace thimble::nn::amx
