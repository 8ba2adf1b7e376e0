#include "nn/layers/add.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "nn/engine/amx/picture_loops.hpp"
#include "nn/engine/inference_builder.hpp"
#include "nn/engine/training_builder.hpp"
#include "nn/layers/layer_line.hpp"
#include "nn/network_export.hpp"

namespace thimble::nn {
namespace {

std::unique_ptr<Layer> parse(LayerLine& line) {
  return std::make_unique<Add>(line.input(), line.marked_input());
}

dnnl::binary::primitive_desc describe(const Desc& layout) {
  return dnnl::binary::primitive_desc(
      dnnl::binary::desc(dnnl::algorithm::binary_add, layout, layout, layout), planned_scratchpad(),
      cpu_engine());
}

/// Adds the sum to the forward phase, in the layout of `a`.
Tensor emit_sum(Program& program, const std::string& name, const Tensor& a, const Tensor& b) {
  const Tensor other = program.in_layout(Program::forward, name, b, a.desc());
  const Tensor out = program.tensor(a.desc());
  const auto desc = describe(a.desc());
  program.add(Program::forward, name, dnnl::binary(desc), desc,
              {{DNNL_ARG_SRC_0, a}, {DNNL_ARG_SRC_1, other}, {DNNL_ARG_DST, out}});
  return out;
}

}  // namespace

LayerKind add_kind() {
  return {"add",
          parse,
          {{{3, 4, 5, false}, {"mark a", "gelu", "add a"}},
           {{3, 4, 5, false}, {"mark a", "relu", "add a"}},
           {{4, 5, 4, false}, {"mark a", "conv 16 1", "mark b", "from a", "conv 16 1", "add b"}}}};
}

Add::Add(const LayerInput& a, const LayerInput& b) : Layer("add", {a, b}, a.shape) {
  if (a.shape != b.shape) {
    throw UsageError(
        fmt::format("add: shapes {} and {} differ", to_string(a.shape), to_string(b.shape)));
  }
}

std::string Add::line() const { return "add " + inputs()[1].name; }

LayerTraits Add::traits() const { return {.chain_step = ChainStep::add}; }

std::int64_t Add::forward_flops() const { return output().size(); }

void Add::train(TrainingBuilder& builder) const {
  const TrainingValuePtr a = builder.input(*this, 0);
  const TrainingValuePtr b = builder.input(*this, 1);
  const Tensor out = emit_sum(builder.program(), name(), a->data, b->data);
  const TrainingValuePtr y = builder.add_output(*this, out);
  builder.on_backward([=, this, &builder] {
    if (a->needs_gradient) builder.give_gradient(a, y->gradient, true, name());
    if (b->needs_gradient) builder.give_gradient(b, y->gradient, true, name());
  });
}

void Add::infer(InferenceBuilder& builder) const {
  builder.set_output(index(), emit_sum(builder.program(), name(), builder.input(*this, 0),
                                       builder.input(*this, 1)));
}

void Add::to_onnx(NetworkExport& file) const {
  file.set_output(index(),
                  file.builder().node("Add", {file.input(*this, 0), file.input(*this, 1)}));
}

bool Add::infer_picture(amx::PictureNetwork& network) const {
  const amx::PictureMap a = network.value(inputs()[0].layer);
  const amx::PictureMap b = network.value(inputs()[1].layer);
  const amx::PictureMap out = network.new_map_like(a);
  network.add([a, b, out](amx::PictureWorkspace& workspace) {
    amx::picture_add(a, workspace.of(a), workspace.of(b), workspace.of(out));
  });
  network.set_value(index(), out);
  return true;
}

}  // namespace thimble::nn
