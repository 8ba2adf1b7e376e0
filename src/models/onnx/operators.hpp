// Small pieces that exported models are made of.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "onnx/model_builder.hpp"

namespace thimble::onnx {

/// A constant of the shape given in braces: {rows, columns}.
template <class Value>
std::string constant(ModelBuilder& builder, std::string_view hint, const std::vector<Value>& values,
                     const std::vector<std::size_t>& shape) {
  const std::vector<std::int64_t> extents(shape.begin(), shape.end());
  return builder.constant(hint, std::span<const Value>(values), extents);
}

std::string scalar(ModelBuilder& builder, std::string_view hint, double value);
std::string cast(ModelBuilder& builder, const std::string& value, TensorElement to);

/// Sums over one axis.
std::string sum(ModelBuilder& builder, const std::string& value, std::int64_t axis, bool keep);

/// Columns [i, i + 1) as [batch, 1].
std::string column(ModelBuilder& builder, const std::string& value, std::size_t i);

/// Softmax of scores, float32 or double [batch, present.size()], over the classes present; 0 for
/// the others.
/// @return  float32 [batch, classes]
std::string softmax_over(ModelBuilder& builder, const std::string& scores,
                         std::span<const std::int32_t> present, std::size_t classes);

/// Puts each column at its class, with zeros for classes that have none.
/// @param shares  float32 [batch, present.size()]
/// @return        float32 [batch, classes]
std::string spread(ModelBuilder& builder, const std::string& shares,
                   std::span<const std::int32_t> present, std::size_t classes);

/// Inner products of samples of bytes and what else is made of them are whole numbers, and exact in
/// this type: int32, or double where int32 has no room for a squared distance.
TensorElement exact_type(std::size_t d);

/// @param queries  uint8 [batch, d]
/// @param rows     uint8 [n, d]
/// @return         exact_type(d) [batch, n]
std::string exact_products(ModelBuilder& builder, const std::string& queries,
                           std::span<const std::uint8_t> rows, std::size_t d);
/// Each row's product with itself, exact_type(d) [1, n].
std::string exact_norms(ModelBuilder& builder, std::span<const std::uint8_t> rows, std::size_t d);

/// [n, d] as [d, n].
template <class Value>
std::vector<Value> transposed(std::span<const Value> values, std::size_t d) {
  const std::size_t n = values.size() / d;
  std::vector<Value> result(values.size());
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < d; ++j) result[j * n + i] = values[i * d + j];
  }
  return result;
}

/// sum_j weights[c, j] (x[j] - means[c, j])^2 in double.
/// @param x  double [batch, d]
/// @return   double [batch, rows]
std::string weighted_squares(ModelBuilder& builder, const std::string& x,
                             const std::vector<double>& means, const std::vector<double>& weights,
                             std::size_t d);

}  // namespace thimble::onnx
