// Random numbers that are the same on every machine and compiler.
//
// Standard-library distributions differ between implementations, so everything that must give the
// same bytes twice draws from here. Two tools: a stateless hash, for values that depend on a place
// (sample 17 of epoch 3) and on no order of execution, and a small generator for sequences.

#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <utility>

namespace thimble {

/// The finalizer of SplitMix64: a bijection that turns a counter into 64 well-mixed bits.
/// (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014.)
constexpr std::uint64_t mix64(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15ull;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

/// Hash of a seed and a place: independent bits for each (seed, a, b, c).
constexpr std::uint64_t hash_seed(std::uint64_t seed, std::uint64_t a, std::uint64_t b = 0,
                                  std::uint64_t c = 0) {
  return mix64(mix64(mix64(mix64(seed) ^ a) ^ b) ^ c);
}

/// xoshiro256** (Blackman and Vigna, ACM TOMS 47, 2021), seeded through SplitMix64.
class Random {
 public:
  explicit Random(std::uint64_t seed);

  /// 64 uniform bits.
  std::uint64_t bits();
  /// Uniform in [0, 1), 53 bits.
  double uniform();
  /// Uniform in [low, high).
  double uniform(double low, double high);
  /// Uniform integer in [0, n), n > 0, without modulo bias.
  std::uint64_t below(std::uint64_t n);
  /// Standard normal (Box-Muller).
  double normal();

  /// Fisher-Yates; the order depends on the seed only.
  template <class T>
  void shuffle(std::span<T> values) {
    for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[below(i)]);
  }

 private:
  std::array<std::uint64_t, 4> state_;
};

}  // namespace thimble
