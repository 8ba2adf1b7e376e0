#include "models/embedding.hpp"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "base/error.hpp"
#include "models/neural.hpp"

namespace thimble {
namespace {

[[noreturn]] void refuse(const Classifier& classifier, const std::string& problem) {
  throw UsageError(fmt::format("model {}: {}", classifier.description().name, problem));
}

/// The layer whose output goes into the last dense layer.
int embedding_layer(const nn::Graph& graph, const Classifier& classifier) {
  const auto& layers = graph.layers();
  const auto head = std::find_if(layers.rbegin(), layers.rend(),
                                 [](const auto& layer) { return layer->traits().fully_connected; });
  if (head == layers.rend()) {
    refuse(classifier, "it has no dense layer, whose input would be the embedding");
  }
  const int last = (*head)->inputs().front().layer;
  const auto has_weights = [](const auto& layer) { return layer->traits().has_weights; };
  if (std::none_of(layers.begin(), layers.begin() + last + 1, has_weights)) {
    refuse(classifier, "it has no hidden layer, so its embedding would be the pixels themselves");
  }
  return last;
}

nn::ParameterValues values_of(const nn::Graph& graph, const nn::ParameterValues& all) {
  nn::ParameterValues values;
  for (const auto& declared : graph.parameters()) {
    values.push_back(*std::ranges::find(all, declared.name, &nn::NamedArray::name));
  }
  return values;
}

}  // namespace

Embedder::Embedder(const Classifier& classifier) : input_(classifier.description().input) {
  const auto* neural = dynamic_cast<const NeuralClassifier*>(&classifier);
  if (neural == nullptr) {
    refuse(classifier, fmt::format("it is of family '{}'; only neural networks have embeddings",
                                   classifier.description().family));
  }
  const nn::InferencePool& whole = neural->network();
  nn::Graph graph = whole.graph().up_to(embedding_layer(whole.graph(), classifier));
  nn::ParameterValues values = values_of(graph, whole.parameters());
  network_ = std::make_unique<nn::InferencePool>(std::move(graph), whole.scaling(),
                                                 whole.precision(), std::move(values));
}

Embedder::~Embedder() = default;
Embedder::Embedder(Embedder&&) noexcept = default;
Embedder& Embedder::operator=(Embedder&&) noexcept = default;

std::size_t Embedder::dims() const {
  return static_cast<std::size_t>(network_->graph().output().size());
}

std::vector<float> Embedder::embed(const Images& pictures) const {
  std::vector<float> values(pictures.size() * dims());
  if (!pictures.empty()) embed(pictures, 0, pictures.size(), values.data());
  return values;
}

void Embedder::embed(const Images& pictures, std::size_t begin, std::size_t end, float* out) const {
  if (pictures.shape() != input_) {
    throw ShapeError(fmt::format("embedding: got pictures of {}, expected {}",
                                 to_string(pictures.shape()), to_string(input_)));
  }
  const std::size_t size = input_.size();
  network_->run(pictures.pixels().subspan(begin * size, (end - begin) * size),
                {out, (end - begin) * dims()});
}

}  // namespace thimble
