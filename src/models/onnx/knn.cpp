#include "models/knn.hpp"

#include <cstdint>
#include <vector>

#include "models/onnx/features.hpp"
#include "models/onnx/operators.hpp"

namespace thimble {
namespace {

using classical::NearestNeighbors;
using onnx::constant;
using onnx::ModelBuilder;
using onnx::TensorElement;

// |y|^2 - 2 x . y of queries x and rows y, [batch, rows], is the squared distance less |x|^2, which
// does not change the order. Of bytes it is a whole number, and exact.

std::string add_byte_distances(ModelBuilder& builder, const NearestNeighbors& index,
                               const std::string& queries) {
  const std::vector<std::uint8_t> rows = index.bytes();
  const std::string products = exact_products(builder, queries, rows, index.dims());
  return builder.node(
      "Sub", {exact_norms(builder, rows, index.dims()), builder.node("Add", {products, products})});
}

/// In double.
std::string add_float_distances(ModelBuilder& builder, const NearestNeighbors& index,
                                const std::string& queries) {
  const std::size_t n = index.size();
  const std::size_t d = index.dims();
  const linalg::Matrix& rows = index.values();
  std::vector<double> norms(n);
  for (std::size_t i = 0; i < n; ++i) {
    for (const float value : rows[i]) {
      norms[i] += static_cast<double>(value) * static_cast<double>(value);
    }
  }
  const std::string stored = constant(builder, "rows", onnx::transposed(rows.values(), d), {d, n});
  const std::string products =
      builder.node("MatMul", {queries, cast(builder, stored, TensorElement::f64)});
  return builder.node("Sub", {constant(builder, "norms", norms, {1, n}),
                              builder.node("Add", {products, products})});
}

/// |x|^2, double [batch, 1].
std::string add_squares(ModelBuilder& builder, const std::string& queries) {
  const std::string x = cast(builder, queries, TensorElement::f64);
  return sum(builder, builder.node("Mul", {x, x}), 1, true);
}

/// How much each neighbour counts: 1 / distance, or, where one is at distance 0, 1 for those that
/// are.
/// @param squared  double [batch, k], the least first
std::string add_distance_weights(ModelBuilder& builder, const std::string& squared) {
  const std::string zero = onnx::scalar(builder, "zero", 0);
  const std::string one = onnx::scalar(builder, "one", 1);
  const std::string apart = builder.node("Greater", {squared, zero});
  const std::string distance = builder.node("Sqrt", {builder.node("Where", {apart, squared, one})});
  const std::string nearest_apart =
      builder.node("Greater", {onnx::column(builder, squared, 0), zero});
  return builder.node("Where", {nearest_apart, builder.node("Div", {one, distance}),
                                builder.node("Where", {apart, zero, one})});
}

std::vector<double> identity(std::size_t n) {
  std::vector<double> values(n * n);
  for (std::size_t i = 0; i < n; ++i) values[i * n + i] = 1;
  return values;
}

}  // namespace

std::string KnnEstimator::to_onnx(ModelBuilder& builder, OnnxFeatures& features,
                                  std::size_t classes) const {
  const std::string distances = index_.is_bytes()
                                    ? add_byte_distances(builder, index_, features.bytes())
                                    : add_float_distances(builder, index_, features.doubles());
  // Of equal distances the lower index comes first, as TopK promises.
  const auto nearest = builder.nodes(
      "TopK", {distances, builder.integers("k", {n_neighbors_})},
      {{"axis", std::int64_t{1}}, {"largest", std::int64_t{0}}, {"sorted", std::int64_t{1}}}, 2);
  const std::vector<std::int64_t> labels(labels_.begin(), labels_.end());
  const std::string found =
      builder.node("Gather", {constant(builder, "labels", labels, {labels.size()}), nearest[1]});
  // [batch, k, classes]
  const std::string ballots = builder.node(
      "Gather", {constant(builder, "ballots", identity(classes), {classes, classes}), found});
  std::string votes;
  if (weights_ == classical::NeighborWeights::uniform) {
    votes = sum(builder, ballots, 1, false);
  } else {
    const std::string less_squares = cast(builder, nearest[0], TensorElement::f64);
    const std::string& queries = index_.is_bytes() ? features.bytes() : features.doubles();
    const std::string squared = builder.node("Add", {less_squares, add_squares(builder, queries)});
    const std::string weights = add_distance_weights(builder, squared);
    const std::string as_column =
        builder.node("Unsqueeze", {weights, builder.integers("axes", {2})});
    votes = sum(builder, builder.node("Mul", {ballots, as_column}), 1, false);
  }
  const std::string shares = builder.node("Div", {votes, sum(builder, votes, 1, true)});
  return cast(builder, shares, TensorElement::f32);
}

}  // namespace thimble
