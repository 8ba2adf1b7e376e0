#include "nn/layers/dropout.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/random.hpp"
#include "nn/engine/amx/picture_network.hpp"
#include "nn/engine/inference_builder.hpp"
#include "nn/engine/kernels.hpp"
#include "nn/engine/training_builder.hpp"
#include "nn/layers/layer_line.hpp"
#include "nn/network_export.hpp"

namespace thimble::nn {
namespace {

std::unique_ptr<Layer> parse(LayerLine& line) {
  return std::make_unique<Dropout>(line.input(), line.next_double("the rate"));
}

}  // namespace

LayerKind dropout_kind() {
  return {"dropout",
          parse,
          {{{3, 4, 5, false}, {"dropout 0.3"}},
           {{11, 1, 1, true}, {"dropout 0.5"}},
           {{2, 3, 3, false}, {"dropout 0"}}}};
}

Dropout::Dropout(const LayerInput& input, double rate)
    : Layer("dropout", {input}, input.shape), rate_(rate) {
  if (!(rate >= 0 && rate < 1)) {
    throw UsageError(fmt::format("dropout: rate {}, expected 0 <= rate < 1", rate));
  }
}

std::string Dropout::line() const { return fmt::format("dropout {}", rate_); }

LayerTraits Dropout::traits() const { return {.element_wise = true, .only_in_training = true}; }

void Dropout::train(TrainingBuilder& builder) const {
  const TrainingValuePtr x = builder.input(*this);
  if (rate_ == 0) {
    builder.set_output(index(), x);
    return;
  }
  const Tensor out = builder.program().tensor(x->data.desc());
  const std::size_t n = out.desc().get_size() / element_size(builder.type());
  const auto drop = [=, this, type = builder.type(), &state = builder.state()](const Tensor& from,
                                                                               const Tensor& to) {
    const auto key = hash_seed(state.seed, state.step, static_cast<std::uint64_t>(index()));
    dropout(from.data(), n, type, rate_, key, to.data());
  };
  builder.program().add(Program::forward, name(), {x->data, out},
                        [=, from = x->data] { drop(from, out); });
  const TrainingValuePtr y = builder.add_output(*this, out);
  builder.on_backward([=, this, &builder] {
    if (!x->needs_gradient) return;
    const Tensor gradient = builder.gradient_of(y, name());
    const Tensor source_gradient = builder.writable_gradient(y, gradient);
    builder.program().add(Program::backward, name() + ".backward", {gradient, source_gradient},
                          [=] { drop(gradient, source_gradient); });
    builder.give_gradient(x, source_gradient, false, name());
  });
}

void Dropout::infer(InferenceBuilder& builder) const {
  builder.set_output(index(), builder.input(*this));
}

void Dropout::to_onnx(NetworkExport& file) const { file.set_output(index(), file.input(*this)); }

bool Dropout::infer_picture(amx::PictureNetwork& network) const {
  network.set_value(index(), network.value(inputs().front().layer));
  return true;
}

}  // namespace thimble::nn
