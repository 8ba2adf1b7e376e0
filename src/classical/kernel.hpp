// Kernels: inner products of samples in the spaces that support vector machines work in.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "classical/features.hpp"

namespace thimble::classical {

enum class KernelKind { linear, poly, rbf, sigmoid };

/// linear   x . y
/// poly     (gamma x . y + coef0)^degree
/// rbf      exp(-gamma |x - y|^2)
/// sigmoid  tanh(gamma x . y + coef0)
struct Kernel {
  KernelKind kind = KernelKind::rbf;
  double gamma = 1;
  double coef0 = 0;
  int degree = 3;
};

/// "linear", "poly", "rbf", "sigmoid", in the order of KernelKind.
const std::vector<std::string>& kernel_names();

/// 1 / (d * variance of all values), scikit-learn's gamma="scale"; 1 where nothing varies.
double scale_gamma(const Features& features);

/// Kernel values of one sample with n others, from their inner products.
///
/// @param products      uint32 [n]; products of bytes, to be multiplied by scale^2
/// @param query_norm    the sample's product with itself
/// @param norms         uint32 [n]: the others' products with themselves
/// @param out           float32 [n]
void apply_kernel(const Kernel& kernel, float scale, const std::uint32_t* products,
                  std::uint32_t query_norm, const std::uint32_t* norms, std::size_t n, float* out);

/// The same for float products.
void apply_kernel(const Kernel& kernel, const float* products, float query_norm, const float* norms,
                  std::size_t n, float* out);

}  // namespace thimble::classical
