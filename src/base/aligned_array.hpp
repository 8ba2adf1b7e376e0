// Scratch memory for vector kernels.

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace thimble {

/// Numbers in memory that starts at a multiple of 64 bytes: a cache line, and the widest vector.
template <class Number>
class AlignedArray {
 public:
  AlignedArray() = default;
  explicit AlignedArray(std::size_t size) : values_(size + kSpare) {}
  AlignedArray(AlignedArray&&) noexcept = default;
  AlignedArray& operator=(AlignedArray&&) noexcept = default;
  // A copy would lie otherwise and start elsewhere.
  AlignedArray(const AlignedArray&) = delete;
  AlignedArray& operator=(const AlignedArray&) = delete;

  Number* data() { return values_.data() + offset(); }
  const Number* data() const { return values_.data() + offset(); }
  bool empty() const { return values_.empty(); }

 private:
  static constexpr std::size_t kAlignment = 64;
  static constexpr std::size_t kSpare = kAlignment / sizeof(Number);

  std::size_t offset() const {
    const auto address = reinterpret_cast<std::uintptr_t>(values_.data());
    return (kAlignment - address % kAlignment) % kAlignment / sizeof(Number);
  }

  std::vector<Number> values_;
};

}  // namespace thimble
