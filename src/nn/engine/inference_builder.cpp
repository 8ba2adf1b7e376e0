#include "nn/engine/inference_builder.hpp"

namespace thimble::nn {

InferenceBuilder::InferenceBuilder(const Graph& graph, int batch_size, DataType type,
                                   Program& program, const std::vector<LaidOutWeights>* shared)
    : graph_(graph),
      batch_size_(batch_size),
      type_(type),
      program_(program),
      shared_(shared),
      chains_(chains_of(graph)),
      values_(graph.layers().size()) {}

void InferenceBuilder::build(const Tensor& input, int end) {
  for (Chain& chain : chains_) chain = chain.below(end);
  set_output(0, input);
  for (int i = 1; i < end; ++i) {
    if (!output(i)) graph_.layer(i).infer(*this);
  }
  shared_ = nullptr;
}

InferenceBuilder::Weights InferenceBuilder::weights(const Layer& layer, const Desc& layout) {
  if (shared_ != nullptr) {
    for (const auto& entry : *shared_) {
      if (entry.layer != layer.index() || entry.layout != layout) continue;
      others_weights_.push_back(entry.block);
      return {{view(layout, entry.block->data()), -1}, true};
    }
  }
  auto block = std::make_shared<Block>(layout.get_size());
  const Tensor tensor{view(layout, block->data()), -1};
  own_weights_.push_back({layer.index(), layout, std::move(block)});
  return {tensor, false};
}

void InferenceBuilder::fill(const ParameterValues& values) {
  for (const auto& fill : fills_) fill(values);
}

}  // namespace thimble::nn
