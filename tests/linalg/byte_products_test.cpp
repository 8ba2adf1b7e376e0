// Every kernel that this processor can run, against sums in 64 bits.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/random.hpp"
#include "linalg/byte_products_kernels.hpp"

namespace thimble::linalg {
namespace {

using testing::HasSubstr;

std::vector<const ByteKernel*> kernels() {
  std::vector<const ByteKernel*> found;
  for (const ByteKernel* kernel :
       {portable_byte_kernel(), avx2_byte_kernel(), avx512_byte_kernel(), amx_byte_kernel()}) {
    if (kernel != nullptr) found.push_back(kernel);
  }
  return found;
}

std::vector<std::uint8_t> random_bytes(std::size_t n, std::uint64_t seed) {
  Random random(seed);
  std::vector<std::uint8_t> bytes(n);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random.bits());
  return bytes;
}

std::uint64_t product(const std::uint8_t* a, const std::uint8_t* b, std::size_t d) {
  std::uint64_t sum = 0;
  for (std::size_t j = 0; j < d; ++j) sum += std::uint64_t{a[j]} * b[j];
  return sum;
}

constexpr std::uint32_t kUntouched = 0xDEADBEEF;

void expect_products(const ByteKernel& kernel, const std::vector<std::uint8_t>& queries,
                     const std::vector<std::uint8_t>& rows, std::size_t d, std::size_t begin,
                     std::size_t end) {
  const std::size_t m = queries.size() / d;
  const std::size_t n = rows.size() / d;
  const std::size_t stride = end - begin + 3;
  const PackedBytes packed(rows, n, d);
  std::vector<std::uint32_t> out(m * stride + 1, kUntouched);
  byte_products_by(kernel, queries, m, packed, begin, end, out.data(), stride);
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = begin; j < end; ++j) {
      ASSERT_EQ(out[i * stride + j - begin],
                product(queries.data() + i * d, rows.data() + j * d, d))
          << kernel.name << ", query " << i << " of " << m << ", row " << j << " of " << n << ", "
          << d << " dimensions";
    }
    for (std::size_t j = end - begin; j < stride; ++j) {
      ASSERT_EQ(out[i * stride + j], kUntouched) << kernel.name << ": wrote past the last row";
    }
  }
  ASSERT_EQ(out.back(), kUntouched);
}

class ByteProducts : public testing::TestWithParam<const ByteKernel*> {};

RC_GTEST_PROP(ByteProductsProperty, EqualsSumsIn64Bits, ()) {
  const auto d = *rc::gen::inRange<std::size_t>(1, 40);
  const auto n = *rc::gen::inRange<std::size_t>(1, 300);
  const auto m = *rc::gen::inRange<std::size_t>(1, 40);
  const auto begin =
      *rc::gen::inRange<std::size_t>(0, (n - 1) / kByteProductsPanel + 1) * kByteProductsPanel;
  const auto end = *rc::gen::inRange<std::size_t>(begin, n + 1);
  const auto seed = *rc::gen::arbitrary<std::uint64_t>();
  for (const ByteKernel* kernel : kernels()) {
    expect_products(*kernel, random_bytes(m * d, seed), random_bytes(n * d, seed + 1), d, begin,
                    end);
    RC_ASSERT(!testing::Test::HasFatalFailure());
  }
}

TEST_P(ByteProducts, PictureSizes) {
  for (const std::size_t d : {64U, 783U, 784U, 1024U, 1025U, 3072U}) {
    expect_products(*GetParam(), random_bytes(26 * d, d), random_bytes(70 * d, d + 1), d, 0, 70);
  }
}

/// Sums are put down and taken up again between parts of so long vectors.
TEST_P(ByteProducts, LongVectorsAndWholeGroups) {
  for (const std::size_t m : {1U, 12U, 16U, 32U, 70U}) {
    expect_products(*GetParam(), random_bytes(m * 2100, m), random_bytes(40 * 2100, 7), 2100, 0,
                    40);
  }
}

TEST_P(ByteProducts, MoreQueriesThanABlock) {
  expect_products(*GetParam(), random_bytes(399 * 5, 1), random_bytes(65 * 5, 2), 5, 64, 65);
}

TEST_P(ByteProducts, LargestProductsFitInto32Bits) {
  for (const std::size_t d : {std::size_t{784}, std::size_t{33000}, kLongestByteVector}) {
    const std::vector<std::uint8_t> ones(3 * d, 255);
    expect_products(*GetParam(), ones, ones, d, 0, 3);
  }
}

TEST_P(ByteProducts, Extremes) {
  for (const auto& [x, y] : {std::pair{0, 255}, {255, 0}, {127, 128}, {128, 127}, {128, 255}}) {
    const std::vector<std::uint8_t> queries(13 * 9, static_cast<std::uint8_t>(x));
    const std::vector<std::uint8_t> rows(33 * 9, static_cast<std::uint8_t>(y));
    expect_products(*GetParam(), queries, rows, 9, 0, 33);
  }
}

TEST_P(ByteProducts, NothingToDo) {
  const PackedBytes packed(random_bytes(12, 1), 4, 3);
  byte_products_by(*GetParam(), {}, 0, packed, 0, 4, nullptr, 4);
  byte_products_by(*GetParam(), random_bytes(3, 1), 1, packed, 0, 0, nullptr, 0);
  byte_products_by(*GetParam(), {}, 0, PackedBytes(), 0, 0, nullptr, 0);
}

INSTANTIATE_TEST_SUITE_P(Kernels, ByteProducts, testing::ValuesIn(kernels()),
                         [](const auto& test) { return std::string(test.param->name); });

TEST(ByteProductsOfThisProcessor, EqualsThePortableKernel) {
  const auto rows = random_bytes(200 * 50, 1);
  const PackedBytes packed(rows, 200, 50);
  std::vector<std::uint32_t> fastest(200 * 200);
  std::vector<std::uint32_t> portable(200 * 200);
  byte_products(rows, 200, packed, 0, 200, fastest.data(), 200);
  byte_products_by(*portable_byte_kernel(), rows, 200, packed, 0, 200, portable.data(), 200);
  EXPECT_EQ(fastest, portable);
}

TEST(PackedBytes, SquaredNorms) {
  const std::size_t d = 784;
  auto rows = random_bytes(40 * d, 3);
  std::fill_n(rows.begin(), d, std::uint8_t{255});
  const PackedBytes packed(rows, 40, d);
  const auto norms = squared_norms(rows, d);
  ASSERT_EQ(norms.size(), 40U);
  for (std::size_t i = 0; i < 40; ++i) {
    EXPECT_EQ(norms[i], product(rows.data() + i * d, rows.data() + i * d, d));
    EXPECT_EQ(packed.squared_norms()[i], norms[i]);
  }
  const std::vector<std::uint8_t> longest(kLongestByteVector, 255);
  EXPECT_EQ(squared_norms(longest, longest.size()).front(), 255ULL * 255 * kLongestByteVector);
}

TEST(PackedBytes, TheSameForAnyNumberOfThreads) {
  const auto rows = random_bytes(2000 * 7, 5);
  const auto products = [&] {
    const PackedBytes packed(rows, 2000, 7);
    std::vector<std::uint32_t> out(2000 * 2);
    byte_products(std::span(rows).first(14), 2, packed, 0, 2000, out.data(), 2000);
    return out;
  };
  const int before = thread_count();
  set_thread_count(1);
  const auto one = products();
  set_thread_count(5);
  const auto five = products();
  set_thread_count(before);
  EXPECT_EQ(one, five);
}

template <class Action>
std::string shape_error(Action action) {
  try {
    action();
  } catch (const ShapeError& error) {
    return error.what();
  }
  return "no error";
}

TEST(PackedBytes, RefusesWhatDoesNotFit) {
  const std::vector<std::uint8_t> bytes(100 * 3);
  const PackedBytes packed(bytes, 100, 3);
  std::vector<std::uint32_t> out(200);
  EXPECT_THAT(shape_error([&] { PackedBytes(bytes, 100, 4); }), HasSubstr("300 bytes"));
  EXPECT_THAT(shape_error([&] { PackedBytes({}, 0, kLongestByteVector + 1); }), HasSubstr("66052"));
  EXPECT_THAT(shape_error([&] { byte_products(bytes, 1, packed, 0, 1, out.data(), 1); }),
              HasSubstr("300 bytes are not 1 vectors of 3"));
  const auto query = std::span(bytes).first(3);
  const auto two = std::span(bytes).first(6);
  EXPECT_THAT(shape_error([&] { byte_products(query, 1, packed, 32, 100, out.data(), 68); }),
              HasSubstr("32 to 100"));
  EXPECT_THAT(shape_error([&] { byte_products(query, 1, packed, 64, 101, out.data(), 37); }),
              HasSubstr("64 to 101 of 100"));
  EXPECT_THAT(shape_error([&] { byte_products(two, 2, packed, 0, 100, out.data(), 99); }),
              HasSubstr("stride of 99"));
  EXPECT_THAT(shape_error([&] { squared_norms(bytes, 7); }), HasSubstr("rows of 7"));
}

}  // namespace
}  // namespace thimble::linalg
