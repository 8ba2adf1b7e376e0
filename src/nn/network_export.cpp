#include "nn/network_export.hpp"

#include <algorithm>
#include <cstdint>
#include <span>

#include "base/error.hpp"

namespace thimble::nn {

NetworkExport::NetworkExport(onnx::ModelBuilder& builder, const Graph& graph,
                             const ParameterValues& parameters, bool keep_batch_norm)
    : builder_(builder),
      graph_(graph),
      parameters_(parameters),
      keeps_batch_norm_(keep_batch_norm),
      chains_(chains_of(graph)),
      values_(graph.layers().size()) {}

std::string NetworkExport::add_layers(const std::string& input) {
  set_output(0, input);
  for (const auto& layer : graph_.layers()) {
    if (values_[static_cast<std::size_t>(layer->index())].empty()) layer->to_onnx(*this);
  }
  return graph_.output().flat ? values_.back() : flattened(values_.back());
}

std::string NetworkExport::constant(const Layer& layer, const char* parameter) {
  const std::string name = layer.name() + "." + parameter;
  const auto found = std::ranges::find(parameters_, name, &NamedArray::name);
  if (found == parameters_.end()) throw Error("export: there is no parameter " + name);
  return builder_.constant(name, std::span(found->values), found->shape);
}

std::string NetworkExport::flattened(const std::string& map) {
  return builder_.node("Flatten", {map}, {{"axis", std::int64_t{1}}});
}

}  // namespace thimble::nn
