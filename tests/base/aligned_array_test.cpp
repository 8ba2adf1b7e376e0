#include "base/aligned_array.hpp"

#include <utility>

#include <gtest/gtest.h>

namespace thimble {
namespace {

template <class Number>
void expect_aligned(std::size_t size) {
  AlignedArray<Number> array(size);
  ASSERT_EQ(reinterpret_cast<std::uintptr_t>(array.data()) % 64, 0U);
  for (std::size_t i = 0; i < size; ++i) {
    ASSERT_EQ(array.data()[i], Number{}) << i;
    array.data()[i] = static_cast<Number>(i);
  }
  const AlignedArray<Number> moved = std::move(array);
  ASSERT_EQ(reinterpret_cast<std::uintptr_t>(moved.data()) % 64, 0U);
  for (std::size_t i = 0; i < size; ++i) ASSERT_EQ(moved.data()[i], static_cast<Number>(i)) << i;
}

TEST(AlignedArray, BeginsWithACacheLineWhereverItIsMoved) {
  for (const std::size_t size : {0U, 1U, 5U, 16U, 1000U}) {
    expect_aligned<std::uint8_t>(size);
    expect_aligned<float>(size);
    expect_aligned<double>(size);
  }
}

TEST(AlignedArray, IsEmptyUntilItHasASize) {
  EXPECT_TRUE(AlignedArray<float>().empty());
  EXPECT_FALSE(AlignedArray<float>(3).empty());
}

}  // namespace
}  // namespace thimble
