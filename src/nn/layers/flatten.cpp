#include "nn/layers/flatten.hpp"

#include "base/error.hpp"
#include "nn/engine/amx/picture_network.hpp"
#include "nn/engine/inference_builder.hpp"
#include "nn/engine/training_builder.hpp"
#include "nn/layers/layer_line.hpp"
#include "nn/network_export.hpp"

namespace thimble::nn {
namespace {

std::unique_ptr<Layer> parse(LayerLine& line) { return std::make_unique<Flatten>(line.input()); }

Shape output_shape(const Shape& in) {
  if (in.size() >= INT32_MAX) throw UsageError("flatten: too many features");
  return {static_cast<int>(in.size()), 1, 1, true};
}

}  // namespace

LayerKind flatten_kind() {
  return {"flatten",
          parse,
          {{{3, 4, 5, false}, {"flatten"}},
           {{3, 4, 5, false}, {"conv 16 2", "flatten", "batch_norm"}},
           {{7, 1, 1, true}, {"flatten"}}}};
}

Flatten::Flatten(const LayerInput& input) : Layer("flatten", {input}, output_shape(input.shape)) {}

LayerTraits Flatten::traits() const { return {.flattens = true}; }

void Flatten::train(TrainingBuilder& builder) const {
  const TrainingValuePtr x = builder.input(*this);
  // A dense layer takes maps in any layout, so most flattens need no work.
  if (builder.graph().only_feeds_dense(index())) {
    builder.set_output(index(), x);
    return;
  }
  Program& program = builder.program();
  const Desc plain = plain_desc(dims_of(input(), builder.batch_size()), builder.type());
  const Desc flat = plain_desc(dims_of(output(), builder.batch_size()), builder.type());
  const Tensor map = program.in_layout(Program::forward, name(), x->data, plain);
  const TrainingValuePtr y = builder.add_output(*this, program.alias(map, flat));
  builder.on_backward([=, this, &builder] {
    if (!x->needs_gradient) return;
    const Tensor gradient =
        builder.program().in_layout(Program::backward, name(), y->gradient, flat);
    builder.give_gradient(x, builder.program().alias(gradient, plain), y->gradient_shared, name());
  });
}

void Flatten::infer(InferenceBuilder& builder) const {
  const Tensor& x = builder.input(*this);
  if (builder.graph().only_feeds_dense(index())) {
    builder.set_output(index(), x);
    return;
  }
  Program& program = builder.program();
  const Tensor plain =
      program.in_layout(Program::forward, name(), x, plain_desc(x.desc().dims(), builder.type()));
  builder.set_output(
      index(),
      program.alias(plain, plain_desc(dims_of(output(), builder.batch_size()), builder.type())));
}

void Flatten::to_onnx(NetworkExport& file) const {
  file.set_output(index(), file.flattened(file.input(*this)));
}

bool Flatten::infer_picture(amx::PictureNetwork& network) const {
  const int source = inputs().front().layer;
  if (source == 0) {
    network.set_value(index(), network.flat_input());
    return true;
  }
  // A dense layer takes a map as it lies.
  if (!network.graph().only_feeds_dense(index())) return false;
  network.set_value(index(), network.value(source));
  return true;
}

}  // namespace thimble::nn
