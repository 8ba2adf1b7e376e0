#include "models/onnx/operators.hpp"

#include <limits>

namespace thimble::onnx {

std::string scalar(ModelBuilder& builder, std::string_view hint, double value) {
  return builder.constant(hint, std::span<const double>(&value, 1), {});
}

std::string cast(ModelBuilder& builder, const std::string& value, TensorElement to) {
  return builder.node("Cast", {value}, {{"to", static_cast<std::int64_t>(to)}});
}

std::string sum(ModelBuilder& builder, const std::string& value, std::int64_t axis, bool keep) {
  return builder.node("ReduceSum", {value, builder.integers("axes", {axis})},
                      {{"keepdims", std::int64_t{keep}}});
}

std::string column(ModelBuilder& builder, const std::string& value, std::size_t i) {
  return builder.node("Gather", {value, builder.integers("column", {static_cast<std::int64_t>(i)})},
                      {{"axis", std::int64_t{1}}});
}

std::string softmax_over(ModelBuilder& builder, const std::string& scores,
                         std::span<const std::int32_t> present, std::size_t classes) {
  const std::string shares = builder.node("Softmax", {scores}, {{"axis", std::int64_t{1}}});
  return spread(builder, cast(builder, shares, TensorElement::f32), present, classes);
}

std::string spread(ModelBuilder& builder, const std::string& shares,
                   std::span<const std::int32_t> present, std::size_t classes) {
  if (present.size() == classes) return shares;
  std::vector<float> places(present.size() * classes);
  for (std::size_t i = 0; i < present.size(); ++i) {
    places[i * classes + static_cast<std::size_t>(present[i])] = 1;
  }
  return builder.node("MatMul",
                      {shares, constant(builder, "places", places, {present.size(), classes})});
}

TensorElement exact_type(std::size_t d) {
  // Twice a product is the largest number on the way to a distance.
  constexpr std::size_t kLargestProduct = 255 * 255;
  constexpr std::size_t kRoom = std::numeric_limits<std::int32_t>::max();
  return d <= kRoom / (2 * kLargestProduct) ? TensorElement::i32 : TensorElement::f64;
}

std::string exact_products(ModelBuilder& builder, const std::string& queries,
                           std::span<const std::uint8_t> rows, std::size_t d) {
  const std::string stored = constant(builder, "rows", transposed(rows, d), {d, rows.size() / d});
  if (exact_type(d) == TensorElement::i32) {
    return builder.node("MatMulInteger", {queries, stored});
  }
  return builder.node("MatMul", {cast(builder, queries, TensorElement::f64),
                                 cast(builder, stored, TensorElement::f64)});
}

std::string exact_norms(ModelBuilder& builder, std::span<const std::uint8_t> rows, std::size_t d) {
  std::vector<std::int64_t> norms(rows.size() / d);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    norms[i / d] += std::int64_t{rows[i]} * std::int64_t{rows[i]};
  }
  return cast(builder, constant(builder, "norms", norms, {1, norms.size()}), exact_type(d));
}

std::string weighted_squares(ModelBuilder& builder, const std::string& x,
                             const std::vector<double>& means, const std::vector<double>& weights,
                             std::size_t d) {
  const std::size_t rows = means.size() / d;
  const std::string one_by_one = builder.node("Unsqueeze", {x, builder.integers("axes", {1})});
  const std::string difference =
      builder.node("Sub", {one_by_one, constant(builder, "means", means, {1, rows, d})});
  const std::string square = builder.node("Mul", {difference, difference});
  const std::string weighted =
      builder.node("Mul", {square, constant(builder, "weights", weights, {1, rows, d})});
  return sum(builder, weighted, 2, false);
}

}  // namespace thimble::onnx
