// What convolution and dense layers have in common: weights that multiply and a bias that is added,
// into which a batch norm behind them can be folded.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "nn/engine/inference_builder.hpp"
#include "nn/layer.hpp"
#include "nn/network.hpp"
#include "onnx/model_builder.hpp"

namespace thimble::nn {

/// A layer's parameter of that name ("weight", "bias", "running_mean", ...), or null.
const NamedArray* find_parameter(const ParameterValues& values, const Layer& layer,
                                 std::string_view name);
/// The same for one that is there.
const std::vector<float>& parameter_values(const ParameterValues& values, const Layer& layer,
                                           std::string_view name);

/// What a layer multiplies with and adds, in the declared layouts.
struct Product {
  std::vector<float> weights;
  std::vector<float> bias;  ///< [outputs]; zeros where there is none
};

/// @param norm  a batch norm that alone takes the layer's output, to be folded into it; or null
Product product_of(const ParameterValues& values, const Layer& layer, const Layer* norm);

/// Has the builder fill in the weights and the bias of a layer, with the batch norm `norm` (or
/// null) folded in.
/// @param plain  the row-major descriptor of the weights
/// @param bias   fp32 [outputs]; null: the layer has none
void fill_with_product(InferenceBuilder& builder, const Layer& layer, const Layer* norm,
                       const InferenceBuilder::Weights& weights, const Desc& plain,
                       const Tensor& bias);

/// Adds a layer's multiplication as one node `op` of the inputs x, weight and, where there is one,
/// bias, with the batch norm behind it folded in unless that is to be kept.
void export_product(NetworkExport& file, const Layer& layer, const char* op, const std::string& x,
                    onnx::Attributes attributes);

}  // namespace thimble::nn
