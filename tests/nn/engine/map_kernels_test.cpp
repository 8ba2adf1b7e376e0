#include "nn/engine/map_kernels.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "base/random.hpp"
#include "nn/engine/kernels.hpp"
#include "nn/engine/program.hpp"

namespace thimble::nn {
namespace {

constexpr Dims::value_type kBatch = 2, kChannels = 21, kHeight = 3, kWidth = 4;
const Dims kDims{kBatch, kChannels, kHeight, kWidth};
constexpr std::size_t kPositions = kHeight * kWidth;

/// Whole numbers, which both types and their sums hold exactly, row-major.
std::vector<float> whole_numbers(std::uint64_t seed) {
  Random random(seed);
  std::vector<float> numbers(kBatch * kChannels * kPositions);
  for (float& v : numbers) v = static_cast<float>(random.below(15)) - 7;
  return numbers;
}

/// A map in some layout.
class Map {
 public:
  Map(const std::vector<float>& values, Tag tag, DataType type)
      : desc_(kDims, type, tag), block_(desc_.get_size()) {
    std::vector<float> copy = values;
    reorder_now(view(plain_desc(kDims, DataType::f32), copy.data()), view(desc_, data()));
  }
  void* data() { return block_.data(); }
  MapLayout layout() const { return MapLayout::of(desc_).value(); }
  std::vector<float> values() {
    std::vector<float> values(kBatch * kChannels * kPositions);
    reorder_now(view(desc_, data()), view(plain_desc(kDims, DataType::f32), values.data()));
    return values;
  }

 private:
  Desc desc_;
  Block block_;
};

class MapKernels : public testing::TestWithParam<std::tuple<Tag, DataType>> {
 protected:
  Map map(std::uint64_t seed) const {
    return {whole_numbers(seed), std::get<0>(GetParam()), type()};
  }
  DataType type() const { return std::get<1>(GetParam()); }

  /// Calls body(sample, block, first channel, index of the chunk's first value).
  template <class Body>
  static void for_every_chunk(const MapLayout& layout, const Body& body) {
    for (std::size_t n = 0; n < layout.batch; ++n) {
      for (std::size_t b = 0; b < layout.blocks(); ++b) {
        body(n, b, b * layout.block, layout.offset(n, b));
      }
    }
  }
};

TEST_P(MapKernels, SumsAreOfChannels) {
  Map a = map(1), b = map(2);
  const std::vector<float> x = whole_numbers(1), y = whole_numbers(2);
  const MapLayout layout = a.layout();
  for_every_chunk(
      layout, [&](std::size_t n, std::size_t block, std::size_t channel, std::size_t first) {
        std::vector<float> sums(layout.block), products(layout.block);
        channel_sums(layout, at(a.data(), first, type()), type(), sums.data());
        channel_products(layout, at(a.data(), first, type()), at(b.data(), first, type()), type(),
                         products.data());
        for (std::size_t c = 0; c < layout.block; ++c) {
          float sum = 0, product = 0;
          for (std::size_t p = 0; p < kPositions && c < layout.channels_of(block); ++p) {
            const std::size_t i = (n * kChannels + channel + c) * kPositions + p;
            sum += x[i];
            product += x[i] * y[i];
          }
          ASSERT_EQ(sums[c], sum);
          ASSERT_EQ(products[c], product);
        }
      });
}

TEST_P(MapKernels, ScalesAndShiftsAreOfChannels) {
  Map a = map(1), out = map(2);
  const MapLayout layout = a.layout();
  std::vector<float> scale(layout.blocks() * layout.block), shift(scale.size());
  for (std::size_t c = 0; c < kChannels; ++c) {
    scale[c] = static_cast<float>(c % 5);
    shift[c] = static_cast<float>(c) - 9;
  }
  for_every_chunk(layout, [&](std::size_t, std::size_t, std::size_t channel, std::size_t first) {
    scale_channels(layout, at(a.data(), first, type()), scale.data() + channel,
                   shift.data() + channel, type(), at(out.data(), first, type()));
  });
  const std::vector<float> x = whole_numbers(1), y = out.values();
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t c = i / kPositions % kChannels;
    ASSERT_EQ(y[i], x[i] * scale[c] + shift[c]) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Layouts, MapKernels,
                         testing::Combine(testing::Values(Tag::nchw, Tag::nhwc, Tag::nChw8c,
                                                          Tag::nChw16c),
                                          testing::Values(DataType::f32, DataType::bf16)));

TEST(MapLayouts, OtherLayoutsAreRowMajorFirst) {
  const Desc other(kDims, DataType::f32, Tag::chwn);
  EXPECT_FALSE(MapLayout::of(other));
  EXPECT_EQ(describable(other), plain_desc(kDims, DataType::f32));
  const Desc blocked(kDims, DataType::bf16, Tag::nChw16c);
  EXPECT_EQ(describable(blocked), blocked);
}

TEST(VectorKernels, ProductsOfVectors) {
  const std::vector<float> a = whole_numbers(1), b = whole_numbers(2);
  for (const std::size_t n : {std::size_t{0}, std::size_t{5}, std::size_t{16}, std::size_t{99}}) {
    float expected = 0;
    for (std::size_t i = 0; i < n; ++i) expected += a[i] * b[i];
    EXPECT_EQ(dot(a.data(), b.data(), n), expected);
    std::vector<float> out(b);
    add_scaled(a.data(), n, 3, out.data());
    for (std::size_t i = 0; i < out.size(); ++i) EXPECT_EQ(out[i], b[i] + (i < n ? 3 * a[i] : 0));
  }
}

}  // namespace
}  // namespace thimble::nn
