#include "nn/training_network.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "nn/engine/kernels.hpp"
#include "nn/engine/training_builder.hpp"

namespace thimble::nn {

class TrainingNetwork::Impl {
 public:
  Impl(const Graph& graph, const InputScaling& scaling, const Options& options)
      : graph_(graph),
        scaling_(scaling),
        batch_size_(options.batch_size),
        type_(data_type(resolve(options.precision))),
        parameters_(graph_, options.first_trained_layer),
        builder_(graph_, batch_size_, type_, options.first_trained_layer, options.input_gradient,
                 state_, program_, parameters_),
        pictures_(static_cast<std::size_t>(batch_size_) *
                  static_cast<std::size_t>(graph.input().size())),
        labels_(static_cast<std::size_t>(batch_size_)) {
    state_.seed = options.seed;
    builder_.build();
    program_.allocate();
    parameters_.allocate();
    set_parameters(initial_parameters(graph_, options.seed));
  }

  void scale() {
    scale_input(pictures_.data(), batch_size_, graph_.input(), scaling_.scale, scaling_.shift,
                type_, builder_.input().data());
  }

  void set_parameters(const ParameterValues& values) {
    check_parameters(graph_, values, "network");
    parameters_.set_declared_values(values);
    builder_.fill_frozen(values);
  }

  static std::span<float> floats(const Tensor& tensor) {
    if (!tensor) return {};
    return {static_cast<float*>(tensor.data()), tensor.desc().get_size() / sizeof(float)};
  }

  Graph graph_;
  InputScaling scaling_;
  int batch_size_;
  DataType type_;
  TrainingState state_;
  Program program_;
  ParameterStore parameters_;
  TrainingBuilder builder_;
  std::vector<std::uint8_t> pictures_;
  std::vector<std::int32_t> labels_;
};

TrainingNetwork::TrainingNetwork(const Graph& graph, const InputScaling& scaling,
                                 const Options& options) {
  if (options.batch_size < 1) {
    throw UsageError(fmt::format("batch_size: {}, expected 1 or more", options.batch_size));
  }
  const auto parameters = graph.parameters();
  if (options.first_trained_layer > 0 &&
      (parameters.empty() || parameters.back().layer < options.first_trained_layer)) {
    throw UsageError("training: all layers with parameters are frozen, nothing is left to train");
  }
  if (options.input_gradient && options.first_trained_layer > 1) {
    throw UsageError("training: no gradient passes through frozen layers to the input");
  }
  impl_ = std::make_unique<Impl>(graph, scaling, options);
}

TrainingNetwork::~TrainingNetwork() = default;
TrainingNetwork::TrainingNetwork(TrainingNetwork&&) noexcept = default;
TrainingNetwork& TrainingNetwork::operator=(TrainingNetwork&&) noexcept = default;

int TrainingNetwork::batch_size() const { return impl_->batch_size_; }
std::span<std::uint8_t> TrainingNetwork::input() { return impl_->pictures_; }
std::span<std::int32_t> TrainingNetwork::labels() { return impl_->labels_; }

BatchLoss TrainingNetwork::forward_backward(const LossOptions& loss, std::uint64_t step) {
  impl_->state_.step = step;
  impl_->state_.statistics_batches = 0;
  impl_->scale();
  impl_->program_.run(Program::forward);
  const auto classes = static_cast<std::size_t>(impl_->graph_.output().size());
  const BatchLoss result = cross_entropy(output(), impl_->labels_, classes, loss,
                                         Impl::floats(impl_->builder_.output_gradient()));
  impl_->program_.run(Program::backward);
  return result;
}

void TrainingNetwork::accumulate_statistics(bool first) {
  impl_->state_.statistics_batches = first ? 1 : impl_->state_.statistics_batches + 1;
  impl_->scale();
  impl_->program_.run(Program::forward);
}

void TrainingNetwork::forward(std::span<const float> input, std::uint64_t step) {
  impl_->state_.step = step;
  impl_->state_.statistics_batches = 0;
  if (input.size() != impl_->pictures_.size()) {
    throw ShapeError(fmt::format("forward: {} input values, expected {}", input.size(),
                                 impl_->pictures_.size()));
  }
  convert(input.data(), input.size(), impl_->type_, impl_->builder_.input().data());
  impl_->program_.run(Program::forward);
}

void TrainingNetwork::backward(std::span<const float> output_gradient) {
  const auto target = Impl::floats(impl_->builder_.output_gradient());
  if (output_gradient.size() != target.size()) {
    throw ShapeError(
        fmt::format("backward: {} values, expected {}", output_gradient.size(), target.size()));
  }
  std::ranges::copy(output_gradient, target.begin());
  impl_->program_.run(Program::backward);
}

std::span<const float> TrainingNetwork::output() const {
  return Impl::floats(impl_->builder_.output());
}

std::span<const float> TrainingNetwork::input_gradient() const {
  return Impl::floats(impl_->builder_.input_gradient());
}

std::span<float> TrainingNetwork::weights() { return impl_->parameters_.weights(); }
std::span<float> TrainingNetwork::gradients() { return impl_->parameters_.gradients(); }
std::span<const std::uint8_t> TrainingNetwork::decays() const {
  return impl_->parameters_.decays();
}
std::size_t TrainingNetwork::offset_of(int layer) const {
  return impl_->parameters_.offset_of(layer);
}
void TrainingNetwork::weights_changed() { impl_->parameters_.refresh(); }

ParameterValues TrainingNetwork::parameters() const { return impl_->parameters_.declared_values(); }
void TrainingNetwork::set_parameters(const ParameterValues& values) {
  impl_->set_parameters(values);
}
ParameterValues TrainingNetwork::to_declared(std::span<const float> flat) const {
  return impl_->parameters_.to_declared(flat);
}
void TrainingNetwork::from_declared(const ParameterValues& values, std::span<float> flat) const {
  impl_->parameters_.from_declared(values, flat);
}

std::size_t TrainingNetwork::planned_bytes() const { return impl_->program_.planned_bytes(); }
void TrainingNetwork::enable_profile() { impl_->program_.enable_profile(); }
std::string TrainingNetwork::profile() const { return impl_->program_.profile(); }

}  // namespace thimble::nn
