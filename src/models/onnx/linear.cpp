#include "models/onnx/linear.hpp"

#include <cstdint>
#include <vector>

#include "models/linear_svm.hpp"
#include "models/logistic.hpp"
#include "models/onnx/operators.hpp"

namespace thimble {

std::string add_softmax(onnx::ModelBuilder& builder, const classical::LinearModel& model,
                        OnnxFeatures& features) {
  std::vector<std::int32_t> present;
  std::vector<float> weights;
  std::vector<float> intercepts;
  for (std::size_t c = 0; c < model.classes; ++c) {
    if (!model.present[c]) continue;
    present.push_back(static_cast<std::int32_t>(c));
    intercepts.push_back(static_cast<float>(model.intercepts[c]));
    for (std::size_t j = 0; j < model.dims; ++j) {
      weights.push_back(static_cast<float>(model.weights[c * model.dims + j]));
    }
  }
  const std::string decisions = builder.node(
      "Gemm",
      {features.values(), onnx::constant(builder, "weights", weights, {present.size(), model.dims}),
       onnx::constant(builder, "intercepts", intercepts, {present.size()})},
      {{"transB", std::int64_t{1}}});
  return onnx::softmax_over(builder, decisions, present, model.classes);
}

std::string LogisticEstimator::to_onnx(onnx::ModelBuilder& builder, OnnxFeatures& features,
                                       std::size_t) const {
  return add_softmax(builder, model_, features);
}

std::string LinearSvmEstimator::to_onnx(onnx::ModelBuilder& builder, OnnxFeatures& features,
                                        std::size_t) const {
  return add_softmax(builder, model_, features);
}

}  // namespace thimble
