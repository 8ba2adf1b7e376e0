#include "nn/layers/batch_norm.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/error.hpp"
#include "nn/engine/amx/picture_loops.hpp"
#include "nn/engine/inference_builder.hpp"
#include "nn/engine/training_builder.hpp"
#include "nn/layers/layer_line.hpp"
#include "nn/layers/product.hpp"
#include "nn/network_export.hpp"

namespace thimble::nn {
namespace {

using Forward = dnnl::batch_normalization_forward;
using Backward = dnnl::batch_normalization_backward;
using Flags = dnnl::normalization_flags;

std::unique_ptr<Layer> parse(LayerLine& line) {
  BatchNorm::Options options;
  options.epsilon = line.option("epsilon", options.epsilon);
  options.momentum = line.option("momentum", options.momentum);
  return std::make_unique<BatchNorm>(line.input(), options);
}

}  // namespace

void add_running_statistics(const BatchNorm& layer, TrainingBuilder& builder, double count,
                            const std::vector<Tensor>& touched,
                            const std::function<BatchStatistics()>& statistics) {
  const double unbias = count > 1 ? count / (count - 1) : 1;
  const auto running = [&](const char* name) {
    return &builder.parameters().running(builder.parameter_index(layer, name));
  };
  builder.program().add(
      Program::forward, layer.name() + ".running", touched,
      [=, &state = builder.state(), momentum = layer.options().momentum,
       running_mean = running("running_mean"), running_var = running("running_var")] {
        const double weight =
            state.statistics_batches > 0 ? 1.0 / state.statistics_batches : momentum;
        const BatchStatistics batch = statistics();
        for (std::size_t c = 0; c < running_mean->size(); ++c) {
          float& mean = (*running_mean)[c];
          float& variance = (*running_var)[c];
          mean += static_cast<float>(weight * (batch.mean[c] - mean));
          variance += static_cast<float>(weight * (batch.variance[c] * unbias - variance));
        }
      });
}

LayerKind batch_norm_kind() {
  return {"batch_norm",
          parse,
          {{{6, 4, 3, false}, {"batch_norm epsilon=0.001 momentum=0.2"}},
           {{9, 1, 1, true}, {"batch_norm"}}}};
}

BatchNorm::BatchNorm(const LayerInput& input, const Options& options)
    : Layer("batch_norm", {input}, input.shape), options_(options) {
  const auto [epsilon, momentum] = options;
  if (!(epsilon > 0 && momentum > 0 && momentum <= 1)) {
    throw UsageError(fmt::format("batch_norm: epsilon {} and momentum {} are not both in range",
                                 epsilon, momentum));
  }
}

void BatchNorm::fold_into(Product& product, const ParameterValues& values) const {
  // norm(Wx + b) = (s W) x + s (b - mean) + shift with s = scale / sqrt(variance + epsilon)
  const auto& scale = parameter_values(values, *this, "weight");
  const auto& shift = parameter_values(values, *this, "bias");
  const auto& mean = parameter_values(values, *this, "running_mean");
  const auto& variance = parameter_values(values, *this, "running_var");
  const std::size_t row = product.weights.size() / scale.size();
  for (std::size_t o = 0; o < scale.size(); ++o) {
    const auto s = static_cast<float>(scale[o] / std::sqrt(variance[o] + options_.epsilon));
    for (std::size_t i = 0; i < row; ++i) product.weights[o * row + i] *= s;
    product.bias[o] = s * (product.bias[o] - mean[o]) + shift[o];
  }
}

std::string BatchNorm::line() const {
  return fmt::format("batch_norm epsilon={} momentum={}", options_.epsilon, options_.momentum);
}

LayerTraits BatchNorm::traits() const {
  return {.normalizes = true, .chain_step = ChainStep::batch_norm};
}

std::vector<ParameterDeclaration> BatchNorm::parameters() const {
  const int channels = output().channels;
  return {parameter("weight", {channels}, ParameterRole::scale, 1),
          parameter("bias", {channels}, ParameterRole::shift),
          parameter("running_mean", {channels}, ParameterRole::running_mean),
          parameter("running_var", {channels}, ParameterRole::running_variance, 1)};
}

std::int64_t BatchNorm::forward_flops() const { return 2 * output().size(); }

void BatchNorm::train(TrainingBuilder& builder) const {
  const TrainingValuePtr x = builder.input(*this);
  const auto relu = builder.chain(*this).at(0, ChainStep::relu);
  auto flags = Flags::use_scale_shift;
  if (relu) flags |= Flags::fuse_norm_relu;
  const auto epsilon = static_cast<float>(options_.epsilon);
  const Tensor source = builder.outside_amx(*this, x->data);
  const Desc desc = source.desc();
  const Forward::primitive_desc forward(
      Forward::desc(dnnl::prop_kind::forward_training, desc, epsilon, flags), planned_scratchpad(),
      cpu_engine());
  Program& program = builder.program();
  const Tensor out = program.tensor(forward.dst_desc());
  const Tensor mean = program.tensor(forward.mean_desc());
  const Tensor variance = program.tensor(forward.variance_desc());
  const Desc scale_shift_desc({2, output().channels}, DataType::f32, Tag::ab);
  const Tensor scale_shift = builder.parameters().add(
      scale_shift_desc,
      {builder.parameter_index(*this, "weight"), builder.parameter_index(*this, "bias")},
      scale_shift_desc);
  std::unordered_map<int, Tensor> arguments{{DNNL_ARG_SRC, source},
                                            {DNNL_ARG_DST, out},
                                            {DNNL_ARG_SCALE_SHIFT, scale_shift},
                                            {DNNL_ARG_MEAN, mean},
                                            {DNNL_ARG_VARIANCE, variance}};
  Tensor workspace;
  if (relu) arguments[DNNL_ARG_WORKSPACE] = workspace = program.tensor(forward.workspace_desc());
  program.add(Program::forward, name(), Forward(forward), forward, arguments);
  const double count = static_cast<double>(builder.batch_size()) * output().height * output().width;
  add_running_statistics(*this, builder, count, {mean, variance}, [mean, variance] {
    return BatchStatistics{static_cast<const float*>(mean.data()),
                           static_cast<const float*>(variance.data())};
  });

  const TrainingValuePtr y = builder.add_output(*this, out);
  if (relu) builder.set_output(*relu, y);
  builder.on_backward([=, this, &builder] {
    const Backward::primitive_desc backward(
        Backward::desc(dnnl::prop_kind::backward, desc, desc, epsilon, flags), planned_scratchpad(),
        cpu_engine(), forward);
    const Tensor gradient =
        builder.program().in_layout(Program::backward, name(), y->gradient, desc);
    const Tensor source_gradient = builder.program().tensor(backward.diff_src_desc());
    std::unordered_map<int, Tensor> backward_arguments{
        {DNNL_ARG_SRC, source},
        {DNNL_ARG_MEAN, mean},
        {DNNL_ARG_VARIANCE, variance},
        {DNNL_ARG_DIFF_DST, gradient},
        {DNNL_ARG_SCALE_SHIFT, scale_shift},
        {DNNL_ARG_DIFF_SRC, source_gradient},
        {DNNL_ARG_DIFF_SCALE_SHIFT, builder.parameters().gradient(scale_shift)}};
    if (relu) backward_arguments[DNNL_ARG_WORKSPACE] = workspace;
    builder.program().add(Program::backward, name() + ".backward", Backward(backward), backward,
                          backward_arguments);
    if (x->needs_gradient) builder.give_gradient(x, source_gradient, false, name());
  });
}

void BatchNorm::infer(InferenceBuilder& builder) const {
  const auto relu = builder.chain(*this).at(0, ChainStep::relu);
  const Tensor& x = builder.input(*this);
  auto flags = Flags::use_scale_shift | Flags::use_global_stats;
  if (relu) flags |= Flags::fuse_norm_relu;
  const Forward::primitive_desc forward(Forward::desc(dnnl::prop_kind::forward_inference, x.desc(),
                                                      static_cast<float>(options_.epsilon), flags),
                                        planned_scratchpad(), cpu_engine());
  Program& program = builder.program();
  const Tensor scale_shift =
      program.persistent(Desc({2, output().channels}, DataType::f32, Tag::ab));
  const Tensor mean = program.persistent(forward.mean_desc());
  const Tensor variance = program.persistent(forward.variance_desc());
  const Tensor out = program.tensor(forward.dst_desc());
  program.add(Program::forward, name(), Forward(forward), forward,
              {{DNNL_ARG_SRC, x},
               {DNNL_ARG_DST, out},
               {DNNL_ARG_SCALE_SHIFT, scale_shift},
               {DNNL_ARG_MEAN, mean},
               {DNNL_ARG_VARIANCE, variance}});
  builder.on_fill([=, this](const ParameterValues& values) {
    const auto copy = [&](const char* parameter, float* to) {
      return std::ranges::copy(parameter_values(values, *this, parameter), to).out;
    };
    copy("bias", copy("weight", static_cast<float*>(scale_shift.data())));
    copy("running_mean", static_cast<float*>(mean.data()));
    copy("running_var", static_cast<float*>(variance.data()));
  });
  builder.set_output(index(), out);
  if (relu) builder.set_output(*relu, out);
}

void BatchNorm::to_onnx(NetworkExport& file) const {
  std::vector<std::string> inputs{file.input(*this)};
  for (const char* parameter : {"weight", "bias", "running_mean", "running_var"}) {
    inputs.push_back(file.constant(*this, parameter));
  }
  file.set_output(index(),
                  file.builder().node("BatchNormalization", std::move(inputs),
                                      {{"epsilon", static_cast<float>(options_.epsilon)}}));
}

bool BatchNorm::infer_picture(amx::PictureNetwork& network) const {
  const auto channels = static_cast<std::size_t>(output().channels);
  Product product{std::vector<float>(channels, 1.0f), std::vector<float>(channels, 0.0f)};
  fold_into(product, network.values());
  const amx::PictureMap x = network.value(inputs().front().layer);
  const amx::PictureMap out = network.new_map_like(x);
  network.add([=](amx::PictureWorkspace& workspace) {
    amx::picture_scale(x, workspace.of(x), product.weights, product.bias, workspace.of(out));
  });
  network.set_value(index(), out);
  return true;
}

}  // namespace thimble::nn
