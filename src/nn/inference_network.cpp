#include "nn/inference_network.hpp"

#include <optional>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "nn/engine/amx/picture_network.hpp"
#include "nn/engine/inference_builder.hpp"
#include "nn/engine/kernels.hpp"

namespace thimble::nn {

struct SharedWeights::Impl {
  std::vector<LaidOutWeights> entries;
};

SharedWeights::SharedWeights() : impl_(std::make_unique<Impl>()) {}
SharedWeights::~SharedWeights() = default;

/// One batch at a time through all layers, or picture by picture where the processor is best so.
class InferenceNetwork::Impl {
 public:
  /// @param shared  may be null
  Impl(const Graph& graph, const InputScaling& scaling, int batch_size, Precision precision,
       const ParameterValues& values, const std::vector<LaidOutWeights>* shared)
      : graph_(graph),
        scaling_(scaling),
        batch_size_(batch_size),
        type_(data_type(resolve(precision))),
        pictures_(static_cast<std::size_t>(batch_size) *
                  static_cast<std::size_t>(graph.input().size())) {
    if (type_ == DataType::bf16) picture_network_ = amx::PictureNetwork::make(graph_, values);
    if (picture_network_) {
      logits_.resize(static_cast<std::size_t>(batch_size * graph_.output().size()));
    } else {
      build(shared);
    }
    fill(values);
  }

  /// The weights that it filled in itself and others may share.
  std::vector<LaidOutWeights> own_weights() const {
    return builder_ ? builder_->own_weights() : std::vector<LaidOutWeights>{};
  }

  void fill(const ParameterValues& values) {
    check_parameters(graph_, values, "network");
    if (builder_) {
      builder_->fill(values);
    } else {
      picture_network_->set_parameters(values);
    }
  }

  std::span<const float> run() {
    if (picture_network_) {
      return run_pictures(graph_.input().size(), [&](std::size_t begin, std::size_t count,
                                                     std::span<float> out, auto& workspace) {
        picture_network_->run(scaling_, std::span(pictures_).subspan(begin, count), out, workspace);
      });
    }
    scale_input(pictures_.data(), batch_size_, graph_.input(), scaling_.scale, scaling_.shift,
                type_, input_.data());
    return run_program();
  }

  std::span<const float> run(std::span<const float> input) {
    if (input.size() != pictures_.size()) {
      throw ShapeError(
          fmt::format("run: {} input values, expected {}", input.size(), pictures_.size()));
    }
    if (picture_network_) {
      return run_pictures(graph_.input().size(), [&](std::size_t begin, std::size_t count,
                                                     std::span<float> out, auto& workspace) {
        picture_network_->run(input.subspan(begin, count), out, workspace);
      });
    }
    convert(input.data(), input.size(), type_, input_.data());
    return run_program();
  }

  Graph graph_;
  InputScaling scaling_;
  int batch_size_;
  DataType type_;
  std::vector<std::uint8_t> pictures_;

 private:
  void build(const std::vector<LaidOutWeights>* shared) {
    builder_.emplace(graph_, batch_size_, type_, program_, shared);
    input_ = program_.persistent(plain_desc(dims_of(graph_.input(), batch_size_), type_));
    const int layers = static_cast<int>(graph_.layers().size());
    builder_->build(input_, layers);
    const Tensor last = builder_->output(layers - 1);
    const Desc plain = plain_desc(last.desc().dims(), DataType::f32);
    output_ = program_.persistent(plain);
    const Tensor output = program_.in_layout(Program::forward, "output", last, plain);
    program_.add(Program::forward, "output", {output},
                 [from = output, to = output_, n = plain.get_size() / sizeof(float)] {
                   convert(static_cast<const float*>(from.data()), n, DataType::f32, to.data());
                 });
    program_.allocate();
  }

  std::span<const float> run_program() {
    program_.run(Program::forward);
    return {static_cast<const float*>(output_.data()), output_.desc().get_size() / sizeof(float)};
  }

  /// Calls `body(first value of the input, values, logits, workspace)` on ranges of the pictures.
  template <class Body>
  std::span<const float> run_pictures(std::int64_t picture, const Body& body) {
    while (workspaces_.size() < static_cast<std::size_t>(thread_count())) {
      workspaces_.push_back(picture_network_->workspace());
    }
    const auto size = static_cast<std::size_t>(picture);
    const std::size_t outputs = logits_.size() / static_cast<std::size_t>(batch_size_);
    parallel_for_indexed(static_cast<std::size_t>(batch_size_), 1,
                         [&](int range, std::size_t begin, std::size_t end) {
                           const std::size_t count = end - begin;
                           body(begin * size, count * size,
                                std::span(logits_).subspan(begin * outputs, count * outputs),
                                workspaces_[static_cast<std::size_t>(range)]);
                         });
    return logits_;
  }

  std::unique_ptr<amx::PictureNetwork> picture_network_;
  std::vector<amx::PictureWorkspace> workspaces_;  // one a thread
  std::vector<float> logits_;

  Program program_;
  std::optional<InferenceBuilder> builder_;
  Tensor input_, output_;
};

InferenceNetwork::InferenceNetwork(const Graph& graph, const InputScaling& scaling, int batch_size,
                                   Precision precision, const ParameterValues& parameters,
                                   SharedWeights* weights) {
  if (batch_size < 1)
    throw UsageError(fmt::format("batch_size: {}, expected 1 or more", batch_size));
  check_parameters(graph, parameters, "network");
  impl_ = std::make_unique<Impl>(graph, scaling, batch_size, precision, parameters,
                                 weights != nullptr ? &weights->impl_->entries : nullptr);
  if (weights != nullptr) {
    auto& entries = weights->impl_->entries;
    const auto own = impl_->own_weights();
    entries.insert(entries.end(), own.begin(), own.end());
  }
}

InferenceNetwork::~InferenceNetwork() = default;
InferenceNetwork::InferenceNetwork(InferenceNetwork&&) noexcept = default;
InferenceNetwork& InferenceNetwork::operator=(InferenceNetwork&&) noexcept = default;

int InferenceNetwork::batch_size() const { return impl_->batch_size_; }
std::span<std::uint8_t> InferenceNetwork::input() { return impl_->pictures_; }
std::span<const float> InferenceNetwork::run() { return impl_->run(); }
std::span<const float> InferenceNetwork::run(std::span<const float> input) {
  return impl_->run(input);
}
void InferenceNetwork::set_parameters(const ParameterValues& parameters) {
  impl_->fill(parameters);
}

}  // namespace thimble::nn
