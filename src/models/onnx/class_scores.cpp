// Naive Bayes and nearest centroid: a score for each class, in double.

#include <cstdint>
#include <vector>

#include "models/naive_bayes.hpp"
#include "models/nearest_centroid.hpp"
#include "models/onnx/features.hpp"
#include "models/onnx/operators.hpp"

namespace thimble {
namespace {

using onnx::constant;
using onnx::ModelBuilder;
using onnx::TensorElement;

/// Classes with training samples.
std::vector<std::int32_t> present_of(std::span<const std::int64_t> counts) {
  std::vector<std::int32_t> present;
  for (std::size_t c = 0; c < counts.size(); ++c) {
    if (counts[c] > 0) present.push_back(static_cast<std::int32_t>(c));
  }
  return present;
}

/// The rows of the classes present, of double [classes, d].
std::vector<double> rows_of(std::span<const std::int32_t> present, std::span<const double> values,
                            std::size_t d) {
  std::vector<double> rows;
  for (const std::int32_t c : present) {
    const auto row = values.subspan(static_cast<std::size_t>(c) * d, d);
    rows.insert(rows.end(), row.begin(), row.end());
  }
  return rows;
}

}  // namespace

std::string NaiveBayesEstimator::to_onnx(ModelBuilder& builder, OnnxFeatures& features,
                                         std::size_t classes) const {
  const std::size_t d = features.dims();
  const classical::NaiveBayesParameters& learned = model_.parameters();
  const std::vector<std::int32_t> present = present_of(learned.class_count);
  const std::vector<double> weights = rows_of(present, model_.weights(), d);
  std::string sums;
  if (options_.variant == classical::NaiveBayesVariant::gaussian) {
    sums = weighted_squares(builder, features.doubles(), rows_of(present, learned.first, d),
                            weights, d);
  } else {
    std::string x = features.doubles();
    if (options_.variant == classical::NaiveBayesVariant::bernoulli) {
      const std::string is_there = builder.node(
          "Greater", {features.values(), builder.scalar("threshold", model_.threshold())});
      x = cast(builder, is_there, TensorElement::f64);
    }
    const std::string by_feature =
        builder.node("Transpose", {constant(builder, "weights", weights, {present.size(), d})});
    sums = builder.node("MatMul", {x, by_feature});
  }
  const std::string scores = builder.node(
      "Add",
      {sums, constant(builder, "bias", rows_of(present, model_.bias(), 1), {present.size()})});
  return softmax_over(builder, scores, present, classes);
}

std::string NearestCentroidEstimator::to_onnx(ModelBuilder& builder, OnnxFeatures& features,
                                              std::size_t classes) const {
  const std::size_t d = features.dims();
  const std::vector<std::int32_t> present = present_of(model_.class_count());
  const std::vector<double> centroids = rows_of(present, model_.centroids(), d);
  const std::vector<double> weights(centroids.size(), 1 / (-2 * model_.variance()));
  const std::string scores = weighted_squares(builder, features.doubles(), centroids, weights, d);
  return softmax_over(builder, scores, present, classes);
}

}  // namespace thimble
