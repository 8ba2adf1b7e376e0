#include "classical/kernel.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/exponential.hpp"
#include "base/simd.hpp"

namespace thimble::classical {
namespace {

/// The nearest float: both halves and the shift are exact, so the sum alone is rounded. Processors
/// convert vectors of signed integers only.
inline float to_float(std::uint32_t value) {
  const auto high = static_cast<float>(static_cast<std::int32_t>(value >> 16));
  const auto low = static_cast<float>(static_cast<std::int32_t>(value & 0xFFFF));
  return high * 65536.0F + low;
}

/// out[i] = exp(out[i])
inline void exponentials(std::size_t n, float* out) {
  for (std::size_t i = 0; i < n; ++i) out[i] = out[i] < kLowestExponent ? kLowestExponent : out[i];
  for (std::size_t i = 0; i < n; ++i) out[i] = exp_of_nonpositive(out[i]);
}

/// exp(-factor * distance^2); distances of bytes are exact, as all steps are modulo 2^32 and the
/// result fits.
THIMBLE_SIMD_CLONES
void rbf_of_bytes(float factor, const std::uint32_t* products, std::uint32_t query_norm,
                  const std::uint32_t* norms, std::size_t n, float* out) {
  for (std::size_t i = 0; i < n; ++i) {
    out[i] = -factor * to_float(query_norm + norms[i] - 2 * products[i]);
  }
  exponentials(n, out);
}

THIMBLE_SIMD_CLONES
void rbf_of_floats(float factor, const float* products, float query_norm, const float* norms,
                   std::size_t n, float* out) {
  for (std::size_t i = 0; i < n; ++i) {
    const float distance = (query_norm + norms[i]) - 2 * products[i];
    out[i] = -factor * (distance > 0 ? distance : 0);
  }
  exponentials(n, out);
}

// Products are taken to double a few at a time: the kernel values of bytes are then rounded once.
constexpr std::size_t kChunk = 256;

THIMBLE_SIMD_CLONES
void affine(double factor, double offset, const std::uint32_t* products, std::size_t n,
            double* out) {
  for (std::size_t i = 0; i < n; ++i) {
    const auto high = static_cast<double>(static_cast<std::int32_t>(products[i] >> 16));
    const auto low = static_cast<double>(static_cast<std::int32_t>(products[i] & 0xFFFF));
    out[i] = factor * (high * 65536.0 + low) + offset;
  }
}

THIMBLE_SIMD_CLONES
void affine(double factor, double offset, const float* products, std::size_t n, double* out) {
  for (std::size_t i = 0; i < n; ++i) {
    out[i] = factor * static_cast<double>(products[i]) + offset;
  }
}

THIMBLE_SIMD_CLONES
void power(const double* base, int degree, std::size_t n, float* out) {
  std::array<double, kChunk> result;
  for (std::size_t i = 0; i < n; ++i) result[i] = base[i];
  for (int k = 1; k < degree; ++k) {
    for (std::size_t i = 0; i < n; ++i) result[i] *= base[i];
  }
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<float>(result[i]);
}

/// The kernels of the inner product alone.
template <class Product>
void apply_to_products(const Kernel& kernel, double scale, const Product* products, std::size_t n,
                       float* out) {
  const bool linear = kernel.kind == KernelKind::linear;
  const double factor = linear ? scale : kernel.gamma * scale;
  const double offset = linear ? 0 : kernel.coef0;
  std::array<double, kChunk> inner;
  for (std::size_t begin = 0; begin < n; begin += kChunk) {
    const std::size_t count = std::min(kChunk, n - begin);
    affine(factor, offset, products + begin, count, inner.data());
    if (kernel.kind == KernelKind::sigmoid) {
      for (std::size_t i = 0; i < count; ++i) inner[i] = std::tanh(inner[i]);
    }
    power(inner.data(), kernel.kind == KernelKind::poly ? kernel.degree : 1, count, out + begin);
  }
}

/// Sum of values and of squares, exact.
struct ByteMoments {
  std::uint64_t sum = 0;
  std::uint64_t squares = 0;
};

ByteMoments moments(std::span<const std::uint8_t> bytes) {
  ByteMoments total;
  // Blocks short enough for 32 bits: 255^2 * 65536 < 2^32.
  constexpr std::size_t kBlock = 65536;
  for (std::size_t begin = 0; begin < bytes.size(); begin += kBlock) {
    const std::size_t end = std::min(begin + kBlock, bytes.size());
    std::uint32_t sum = 0;
    std::uint32_t squares = 0;
    for (std::size_t i = begin; i < end; ++i) {
      const std::uint32_t value = bytes[i];
      sum += value;
      squares += value * value;
    }
    total.sum += sum;
    total.squares += squares;
  }
  return total;
}

double variance(const Features& features) {
  if (features.is_bytes()) {
    const ByteMoments total = moments(features.bytes());
    const auto n = static_cast<double>(features.bytes().size());
    const double mean = static_cast<double>(total.sum) / n;
    const double scale = features.scale();
    return (static_cast<double>(total.squares) / n - mean * mean) * scale * scale;
  }
  const std::span<const float> values = features.values().values();
  const auto n = static_cast<double>(values.size());
  double sum = 0;
  for (const float value : values) sum += value;
  double squares = 0;
  for (const float value : values) squares += (value - sum / n) * (value - sum / n);
  return squares / n;
}

}  // namespace

const std::vector<std::string>& kernel_names() {
  static const std::vector<std::string> names = {"linear", "poly", "rbf", "sigmoid"};
  return names;
}

double scale_gamma(const Features& features) {
  if (features.size() == 0 || features.dims() == 0) return 1;
  const double spread = variance(features);
  return spread > 0 ? 1 / (static_cast<double>(features.dims()) * spread) : 1;
}

void apply_kernel(const Kernel& kernel, float scale, const std::uint32_t* products,
                  std::uint32_t query_norm, const std::uint32_t* norms, std::size_t n, float* out) {
  const double square = static_cast<double>(scale) * static_cast<double>(scale);
  if (kernel.kind == KernelKind::rbf) {
    rbf_of_bytes(static_cast<float>(kernel.gamma * square), products, query_norm, norms, n, out);
  } else {
    apply_to_products(kernel, square, products, n, out);
  }
}

void apply_kernel(const Kernel& kernel, const float* products, float query_norm, const float* norms,
                  std::size_t n, float* out) {
  if (kernel.kind == KernelKind::rbf) {
    rbf_of_floats(static_cast<float>(kernel.gamma), products, query_norm, norms, n, out);
  } else {
    apply_to_products(kernel, 1, products, n, out);
  }
}

}  // namespace thimble::classical
