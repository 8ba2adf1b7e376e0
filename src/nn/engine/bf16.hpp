// bfloat16 numbers as their bits, for loops that compute in fp32.

#pragma once

#include <bit>
#include <cstdint>

namespace thimble::nn {

/// A bfloat16 number's bits.
using Bf16 = std::uint16_t;

/// Rounds to nearest even.
inline Bf16 to_bf16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return static_cast<Bf16>((bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16);
}

inline float from_bf16(Bf16 value) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(value) << 16);
}

/// For loops over either type.
inline float load(float value) { return value; }
inline float load(Bf16 value) { return from_bf16(value); }
inline void store(float value, float& to) { to = value; }
inline void store(float value, Bf16& to) { to = to_bf16(value); }

/// The value where `mask` is all ones, 0 where it is 0: a mask instead of a branch, so that loops
/// vectorise.
inline float masked(float value, std::uint32_t mask) {
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) & mask);
}

}  // namespace thimble::nn
