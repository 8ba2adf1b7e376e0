#include "nn/layers/product.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "nn/layers/batch_norm.hpp"
#include "nn/network_export.hpp"

namespace thimble::nn {

const NamedArray* find_parameter(const ParameterValues& values, const Layer& layer,
                                 std::string_view name) {
  const std::string full = layer.name() + "." + std::string(name);
  const auto found = std::ranges::find(values, full, &NamedArray::name);
  return found == values.end() ? nullptr : &*found;
}

const std::vector<float>& parameter_values(const ParameterValues& values, const Layer& layer,
                                           std::string_view name) {
  const NamedArray* found = find_parameter(values, layer, name);
  if (found == nullptr) throw Error(layer.name() + ": no parameter " + std::string(name));
  return found->values;
}

Product product_of(const ParameterValues& values, const Layer& layer, const Layer* norm) {
  Product product{parameter_values(values, layer, "weight"), {}};
  product.bias.resize(static_cast<std::size_t>(layer.output().channels));
  if (const auto* given = find_parameter(values, layer, "bias")) product.bias = given->values;
  if (norm != nullptr) dynamic_cast<const BatchNorm&>(*norm).fold_into(product, values);
  return product;
}

void fill_with_product(InferenceBuilder& builder, const Layer& layer, const Layer* norm,
                       const InferenceBuilder::Weights& weights, const Desc& plain,
                       const Tensor& bias) {
  builder.on_fill([=, &layer](const ParameterValues& values) {
    Product product = product_of(values, layer, norm);
    if (!weights.is_filled) {
      reorder_now(view(plain, product.weights.data()), weights.tensor.memory);
    }
    if (bias) std::ranges::copy(product.bias, static_cast<float*>(bias.data()));
  });
}

namespace {

/// The batch norm that is folded into a layer, or null.
const Layer* folded_norm(const NetworkExport& file, const Layer& layer) {
  if (file.keeps_batch_norm()) return nullptr;
  const auto norm = file.chain(layer).at(0, ChainStep::batch_norm);
  return norm ? &file.graph().layer(*norm) : nullptr;
}

}  // namespace

void export_product(NetworkExport& file, const Layer& layer, const char* op, const std::string& x,
                    onnx::Attributes attributes) {
  const Layer* norm = folded_norm(file, layer);
  const Product numbers = product_of(file.parameters(), layer, norm);
  const NamedArray* weight = find_parameter(file.parameters(), layer, "weight");
  std::vector<std::string> inputs{x};
  inputs.push_back(
      file.builder().constant(weight->name, std::span(numbers.weights), weight->shape));
  if (norm != nullptr || find_parameter(file.parameters(), layer, "bias") != nullptr) {
    const std::vector<std::int64_t> shape{static_cast<std::int64_t>(numbers.bias.size())};
    inputs.push_back(
        file.builder().constant(layer.name() + ".bias", std::span(numbers.bias), shape));
  }
  const std::string result = file.builder().node(op, std::move(inputs), std::move(attributes));
  file.set_output(layer.index(), result);
  if (norm != nullptr) file.set_output(norm->index(), result);
}

}  // namespace thimble::nn
