#include "nn/layer.hpp"

#include <functional>
#include <numeric>

namespace thimble::nn {

std::int64_t ParameterDeclaration::size() const {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

bool ParameterDeclaration::is_trained() const {
  return role != ParameterRole::running_mean && role != ParameterRole::running_variance;
}

Layer::Layer(std::string word, std::vector<LayerInput> inputs, Shape output)
    : word_(std::move(word)), inputs_(std::move(inputs)), output_(output) {}

ParameterDeclaration Layer::parameter(std::string_view name, std::vector<std::int64_t> shape,
                                      ParameterRole role, float start) const {
  return {name_ + "." + std::string(name), std::move(shape), role, index_, start};
}

bool Layer::infer_picture(amx::PictureNetwork&) const { return false; }

}  // namespace thimble::nn
