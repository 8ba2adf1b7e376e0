// Logarithm and exponential without branches, so that loops that call them are vectorised.
//
// Range reduction and polynomials are those of the Cephes library (S. Moshier, "Methods and
// Programs for Mathematical Functions", 1989, logf and expf); errors are below 2 units in the last
// place.

#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

namespace thimble::nn {

// ln 2 in two parts, of which the first has so few digits that its small multiples are exact.
inline constexpr float kLn2High = 0.693359375f;
inline constexpr float kLn2Low = -2.12194440e-4f;

/// ln x for x > 0 that is not denormal.
inline float log_of(float x) {
  // x = 2^k m with sqrt(1/2) <= m < sqrt(2)
  constexpr std::int32_t kSqrtHalf = 0x3f3504f3;
  const auto bits = std::bit_cast<std::int32_t>(x);
  const std::int32_t k = (bits - kSqrtHalf) >> 23;
  const float f = std::bit_cast<float>(bits - (k << 23)) - 1.0f;
  const float z = f * f;
  float y = 7.0376836292e-2f;
  y = y * f - 1.1514610310e-1f;
  y = y * f + 1.1676998740e-1f;
  y = y * f - 1.2420140846e-1f;
  y = y * f + 1.4249322787e-1f;
  y = y * f - 1.6668057665e-1f;
  y = y * f + 2.0000714765e-1f;
  y = y * f - 2.4999993993e-1f;
  y = y * f + 3.3333331174e-1f;
  const auto exponent = static_cast<float>(k);
  return ((y * f * z + exponent * kLn2Low) - 0.5f * z + f) + exponent * kLn2High;
}

/// e^x; below -87 and above 88 a number as small or large as there is.
inline float exp_of(float x) {
  // x = n ln 2 + r with |r| <= ln 2 / 2. Added to 1.5 * 2^23, a number loses its fraction.
  constexpr float kLog2E = 1.44269504088896341f;
  constexpr float kRounding = 12582912.0f;
  const float shifted = x * kLog2E + kRounding;
  const float n = shifted - kRounding;
  const float r = (x - n * kLn2High) - n * kLn2Low;
  float y = 1.9875691500e-4f;
  y = y * r + 1.3981999507e-3f;
  y = y * r + 8.3334519073e-3f;
  y = y * r + 4.1665795894e-2f;
  y = y * r + 1.6666665459e-1f;
  y = y * r + 5.0000001201e-1f;
  y = y * r * r + r + 1.0f;
  const std::int32_t whole =
      std::bit_cast<std::int32_t>(shifted) - std::bit_cast<std::int32_t>(kRounding);
  return y * std::bit_cast<float>((std::clamp(whole, -126, 127) + 127) << 23);
}

}  // namespace thimble::nn
