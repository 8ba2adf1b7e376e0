#include "nn/layers/depthwise_conv.hpp"

#include <fmt/format.h>

#include "nn/layers/layer_line.hpp"

namespace thimble::nn {
namespace {

std::unique_ptr<Layer> parse(LayerLine& line) {
  DepthwiseConv::Options options;
  options.window.kernel = line.next_extent("the kernel");
  options.window.stride = line.option("stride", Extent{1, 1});
  options.window.pad = line.option("pad", Extent{0, 0});
  options.bias = line.flag("bias", true);
  return std::make_unique<DepthwiseConv>(line.input(), options);
}

}  // namespace

LayerKind depthwise_conv_kind() {
  return {"depthwise_conv",
          parse,
          {{{6, 7, 6, false}, {"depthwise_conv 3x2 stride=2x1 pad=1"}},
           {{16, 5, 5, false}, {"depthwise_conv 3 pad=1 bias=false"}},
           {{1, 5, 5, false}, {"depthwise_conv 3"}}}};
}

DepthwiseConv::DepthwiseConv(const LayerInput& input, const Options& options)
    : Conv(input, {input.shape.channels, options.window, input.shape.channels, options.bias},
           "depthwise_conv") {}

std::string DepthwiseConv::line() const {
  const auto& [kernel, stride, pad] = *window();
  return fmt::format("depthwise_conv {} stride={} pad={} bias={}", to_string(kernel),
                     to_string(stride), to_string(pad), Conv::options().bias);
}

}  // namespace thimble::nn
