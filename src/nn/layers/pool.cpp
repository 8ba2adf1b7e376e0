#include "nn/layers/pool.hpp"

#include <fmt/format.h>

#include "nn/engine/amx/convert.hpp"
#include "nn/engine/amx/global_pool.hpp"
#include "nn/engine/amx/picture_loops.hpp"
#include "nn/engine/inference_builder.hpp"
#include "nn/engine/training_builder.hpp"
#include "nn/layers/layer_line.hpp"
#include "nn/layers/window.hpp"
#include "nn/network_export.hpp"

namespace thimble::nn {
namespace {

using Of = Pool::Of;
using Forward = dnnl::pooling_forward;
using Backward = dnnl::pooling_backward;

template <Of of>
std::unique_ptr<Layer> parse(LayerLine& line) {
  SlidingWindow window;
  window.kernel = line.next_extent("the window");
  window.stride = line.option("stride", window.kernel);
  window.pad = line.option("pad", Extent{0, 0});
  return std::make_unique<Pool>(line.input(), of, window);
}

template <Of of>
std::unique_ptr<Layer> parse_global(LayerLine& line) {
  return std::make_unique<Pool>(line.input(), of);
}

const char* word_of(Of of, bool global) {
  if (global) return of == Of::maximum ? "global_max_pool" : "global_avg_pool";
  return of == Of::maximum ? "max_pool" : "avg_pool";
}

SlidingWindow checked(Of of, bool global, const Shape& in, const SlidingWindow& window) {
  check_window(word_of(of, global), in, window);
  return window;
}

SlidingWindow whole_map(const Shape& in) { return {{in.height, in.width}, {1, 1}, {0, 0}}; }

dnnl::algorithm algorithm_of(Of of) {
  return of == Of::maximum ? dnnl::algorithm::pooling_max
                           : dnnl::algorithm::pooling_avg_exclude_padding;
}

/// Window extents as oneDNN takes them.
struct WindowDims {
  Dims kernel, strides, pads;

  explicit WindowDims(const SlidingWindow& w)
      : kernel{w.kernel.height, w.kernel.width},
        strides{w.stride.height, w.stride.width},
        pads{w.pad.height, w.pad.width} {}
};

Forward::primitive_desc describe_forward(dnnl::prop_kind propagation, Of of,
                                         const SlidingWindow& window, const Desc& source,
                                         const Desc& out) {
  const WindowDims w(window);
  return Forward::primitive_desc(Forward::desc(propagation, algorithm_of(of), source, out,
                                               w.strides, w.kernel, w.pads, w.pads),
                                 planned_scratchpad(), cpu_engine());
}

}  // namespace

LayerKind max_pool_kind() {
  return {
      "max_pool",
      parse<Of::maximum>,
      {{{3, 6, 4, false}, {"max_pool 2"}}, {{2, 7, 6, false}, {"max_pool 3x2 stride=2x1 pad=1x0"}}},
      false};
}

LayerKind avg_pool_kind() {
  return {
      "avg_pool",
      parse<Of::average>,
      {{{3, 6, 4, false}, {"avg_pool 2"}}, {{2, 7, 6, false}, {"avg_pool 3x2 stride=2x1 pad=1"}}}};
}

LayerKind global_max_pool_kind() {
  return {"global_max_pool",
          parse_global<Of::maximum>,
          {{{5, 4, 3, false}, {"global_max_pool"}}},
          false};
}

LayerKind global_avg_pool_kind() {
  return {"global_avg_pool", parse_global<Of::average>, {{{5, 4, 3, false}, {"global_avg_pool"}}}};
}

Pool::Pool(const LayerInput& input, Of of, const SlidingWindow& window)
    : Layer(word_of(of, false), {input},
            checked(of, false, input.shape, window).output(input.shape, input.shape.channels)),
      of_(of),
      window_(window),
      global_(false) {}

Pool::Pool(const LayerInput& input, Of of)
    : Layer(word_of(of, true), {input},
            checked(of, true, input.shape, whole_map(input.shape))
                .output(input.shape, input.shape.channels)),
      of_(of),
      window_(whole_map(input.shape)),
      global_(true) {}

std::string Pool::line() const {
  if (global_) return word();
  return fmt::format("{} {} stride={} pad={}", word(), to_string(window_.kernel),
                     to_string(window_.stride), to_string(window_.pad));
}

LayerTraits Pool::traits() const {
  return {.stride = window_.stride,
          .chain_step = of_ == Of::maximum ? ChainStep::max_pool : ChainStep::none};
}

std::int64_t Pool::forward_flops() const {
  return output().size() * window_.kernel.height * window_.kernel.width;
}

void Pool::train(TrainingBuilder& builder) const {
  const TrainingValuePtr x = builder.input(*this);
  if (global_ && amx::train_global_pool(builder, *this, of_ == Of::maximum)) return;
  const Tensor source = builder.outside_amx(*this, x->data);
  const auto forward =
      describe_forward(dnnl::prop_kind::forward_training, of_, window_, source.desc(),
                       Desc(dims_of(output(), builder.batch_size()), builder.type(), Tag::any));
  Program& program = builder.program();
  const Tensor out = program.tensor(forward.dst_desc());
  std::unordered_map<int, Tensor> arguments{{DNNL_ARG_SRC, source}, {DNNL_ARG_DST, out}};
  Tensor workspace;
  if (of_ == Of::maximum) {
    arguments[DNNL_ARG_WORKSPACE] = workspace = program.tensor(forward.workspace_desc());
  }
  program.add(Program::forward, name(), Forward(forward), forward, arguments);

  const TrainingValuePtr y = builder.add_output(*this, out);
  builder.on_backward([=, this, &builder] {
    if (!x->needs_gradient) return;
    // A ReLU before the pool can be undone here, on a quarter of the values: where the largest of a
    // window is 0, no gradient passes either way.
    const Tensor gradient =
        x->relu_done_by_pool ? builder.relu_gradient(y, name()) : builder.gradient_of(y, name());
    const WindowDims w(window_);
    const Backward::primitive_desc backward(
        Backward::desc(algorithm_of(of_), source.desc(), gradient.desc(), w.strides, w.kernel,
                       w.pads, w.pads),
        planned_scratchpad(), cpu_engine(), forward);
    const Tensor source_gradient = builder.program().tensor(backward.diff_src_desc());
    std::unordered_map<int, Tensor> backward_arguments{{DNNL_ARG_DIFF_DST, gradient},
                                                       {DNNL_ARG_DIFF_SRC, source_gradient}};
    if (workspace) backward_arguments[DNNL_ARG_WORKSPACE] = workspace;
    builder.program().add(Program::backward, name() + ".backward", Backward(backward), backward,
                          backward_arguments);
    builder.give_gradient(x, source_gradient, false, name());
  });
}

void Pool::infer(InferenceBuilder& builder) const {
  const Tensor& x = builder.input(*this);
  const auto forward =
      describe_forward(dnnl::prop_kind::forward_inference, of_, window_, x.desc(),
                       Desc(dims_of(output(), builder.batch_size()), builder.type(), Tag::any));
  const Tensor out = builder.program().tensor(forward.dst_desc());
  builder.program().add(Program::forward, name(), Forward(forward), forward,
                        {{DNNL_ARG_SRC, x}, {DNNL_ARG_DST, out}});
  builder.set_output(index(), out);
}

void Pool::to_onnx(NetworkExport& file) const {
  const std::string& x = file.input(*this);
  const bool is_max = of_ == Of::maximum;
  if (global_) {
    file.set_output(index(),
                    file.builder().node(is_max ? "GlobalMaxPool" : "GlobalAveragePool", {x}));
    return;
  }
  onnx::Attributes attributes = window_attributes(window_);
  if (!is_max) attributes["count_include_pad"] = std::int64_t{0};
  file.set_output(
      index(), file.builder().node(is_max ? "MaxPool" : "AveragePool", {x}, std::move(attributes)));
}

bool Pool::infer_picture(amx::PictureNetwork& network) const {
  const amx::PictureMap x = network.value(inputs().front().layer);
  const amx::PictureMap out = network.new_map(output());
  const bool largest = of_ == Of::maximum;
  amx::PictureNetwork::Operation of_block;
  if (global_) {
    const amx::Maps maps{amx::kBlock, x.channels, x.height, x.width};
    of_block = [x, out, maps, largest](amx::PictureWorkspace& w) {
      amx::global_pool_forward(maps, largest, w.block(x), w.block(out), nullptr);
    };
  }
  network.add(
      [x, out, largest, window = window_](amx::PictureWorkspace& w) {
        amx::picture_pool(x, w.of(x), window, largest, out, w.of(out));
      },
      std::move(of_block));
  network.set_value(index(), out);
  return true;
}

}  // namespace thimble::nn
