#include "nn/inference_network.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "nn/engine/inference_builder.hpp"
#include "nn/engine/kernels.hpp"

namespace thimble::nn {

struct SharedWeights::Impl {
  std::vector<LaidOutWeights> entries;
};

SharedWeights::SharedWeights() : impl_(std::make_unique<Impl>()) {}
SharedWeights::~SharedWeights() = default;

class InferenceNetwork::Impl {
 public:
  /// @param shared  may be null
  Impl(const Graph& graph, const InputScaling& scaling, int batch_size, Precision precision,
       const std::vector<LaidOutWeights>* shared)
      : graph_(graph),
        scaling_(scaling),
        batch_size_(batch_size),
        type_(data_type(resolve(precision))),
        pictures_(static_cast<std::size_t>(batch_size) *
                  static_cast<std::size_t>(graph.input().size())),
        builder_(graph_, batch_size, type_, program_, shared) {
    input_ = program_.persistent(plain_desc(dims_of(graph_.input(), batch_size), type_));
    const int layers = static_cast<int>(graph_.layers().size());
    builder_.build(input_, layers);
    const Tensor last = builder_.output(layers - 1);
    const Desc plain = plain_desc(last.desc().dims(), DataType::f32);
    output_ = program_.persistent(plain);
    const Tensor output = program_.in_layout(Program::forward, "output", last, plain);
    program_.add(Program::forward, "output", {output},
                 [from = output, to = output_, n = plain.get_size() / sizeof(float)] {
                   convert(static_cast<const float*>(from.data()), n, DataType::f32, to.data());
                 });
    program_.allocate();
  }

  /// The weights that it filled in itself.
  const std::vector<LaidOutWeights>& own_weights() const { return builder_.own_weights(); }

  void fill(const ParameterValues& values) {
    check_parameters(graph_, values, "network");
    builder_.fill(values);
  }

  void scale() {
    scale_input(pictures_.data(), batch_size_, graph_.input(), scaling_.scale, scaling_.shift,
                type_, input_.data());
  }
  void set_input(std::span<const float> input) {
    if (input.size() != pictures_.size()) {
      throw ShapeError(
          fmt::format("run: {} input values, expected {}", input.size(), pictures_.size()));
    }
    convert(input.data(), input.size(), type_, input_.data());
  }

  std::span<const float> run() {
    program_.run(Program::forward);
    return {static_cast<const float*>(output_.data()), output_.desc().get_size() / sizeof(float)};
  }

  Graph graph_;
  InputScaling scaling_;
  int batch_size_;
  DataType type_;
  std::vector<std::uint8_t> pictures_;

 private:
  Program program_;
  InferenceBuilder builder_;
  Tensor input_, output_;
};

InferenceNetwork::InferenceNetwork(const Graph& graph, const InputScaling& scaling, int batch_size,
                                   Precision precision, const ParameterValues& parameters,
                                   SharedWeights* weights) {
  if (batch_size < 1)
    throw UsageError(fmt::format("batch_size: {}, expected 1 or more", batch_size));
  check_parameters(graph, parameters, "network");
  impl_ = std::make_unique<Impl>(graph, scaling, batch_size, precision,
                                 weights != nullptr ? &weights->impl_->entries : nullptr);
  impl_->fill(parameters);
  if (weights != nullptr) {
    auto& entries = weights->impl_->entries;
    entries.insert(entries.end(), impl_->own_weights().begin(), impl_->own_weights().end());
  }
}

InferenceNetwork::~InferenceNetwork() = default;
InferenceNetwork::InferenceNetwork(InferenceNetwork&&) noexcept = default;
InferenceNetwork& InferenceNetwork::operator=(InferenceNetwork&&) noexcept = default;

int InferenceNetwork::batch_size() const { return impl_->batch_size_; }
std::span<std::uint8_t> InferenceNetwork::input() { return impl_->pictures_; }
std::span<const float> InferenceNetwork::run() {
  impl_->scale();
  return impl_->run();
}
std::span<const float> InferenceNetwork::run(std::span<const float> input) {
  impl_->set_input(input);
  return impl_->run();
}
void InferenceNetwork::set_parameters(const ParameterValues& parameters) {
  impl_->fill(parameters);
}

}  // namespace thimble::nn
