// An exponential that compilers turn into vector instructions; std::exp is a call per number.

#pragma once

#include <bit>
#include <cstdint>

namespace thimble {

/// Where exp_of_nonpositive reaches 0: lower arguments are to be raised to this.
inline constexpr float kLowestExponent = -88.0F;

/// e^x for x in [kLowestExponent, 0], within 1.1 units in the last place; 0 below -87.69, where
/// float32 has hardly any digits left; NaN for NaN.
///
/// Cephes' expf (S. L. Moshier, https://www.netlib.org/cephes, single/expf.c):
/// x = n ln 2 + r with |r| <= ln(2) / 2, e^x = 2^n e^r, and e^r by a polynomial. The bounds are
/// left to the caller: a branch for the constant result 0 would keep GCC from vectorising the loop.
inline float exp_of_nonpositive(float x) {
  constexpr float kLog2E = 1.44269504088896341F;
  // ln 2 in two parts; the first has so few bits that its product with n is exact.
  constexpr float kLn2High = 0.693359375F;
  constexpr float kLn2Low = -2.12194440e-4F;
  // Adding 1.5 * 2^23 leaves no room for a fraction: the sum's last bits are the nearest integer.
  constexpr float kRound = 12582912.0F;

  const float shifted = x * kLog2E + kRound;
  const float n = shifted - kRound;
  const float r = x - n * kLn2High - n * kLn2Low;
  float p = 1.9875691500e-4F;
  p = p * r + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  p = p * r * r + r + 1.0F;
  // The integer n sits in the low bits of `shifted`; moved to the exponent it makes 2^n, and 0
  // for n = -127.
  constexpr std::uint32_t kExponentOfOne = 127;
  const float power =
      std::bit_cast<float>((std::bit_cast<std::uint32_t>(shifted) + kExponentOfOne) << 23);
  return p * power;
}

}  // namespace thimble
