#include "nn/zoo/zoo.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/text.hpp"

namespace thimble::nn {
namespace {

using Lines = std::vector<std::string>;

void append(Lines& lines, std::initializer_list<std::string> more) {
  lines.insert(lines.end(), more);
}

/// Convolution 3x3, batch norm, ReLU.
void conv_norm(Lines& lines, int channels) {
  append(lines, {fmt::format("conv {} 3 pad=1 bias=false", channels), "batch_norm", "relu"});
}

/// The same with 2x2 max pooling behind the convolution: batch norm and ReLU then work on a quarter
/// of the values.
void conv_pool_norm(Lines& lines, int channels) {
  append(lines,
         {fmt::format("conv {} 3 pad=1 bias=false", channels), "max_pool 2", "batch_norm", "relu"});
}

void residual(Lines& lines, int channels, const std::string& mark) {
  append(lines, {"mark " + mark});
  conv_norm(lines, channels);
  conv_norm(lines, channels);
  append(lines, {"add " + mark});
}

Lines mlp() {
  return {"flatten",   "dense 512", "relu",        "dropout 0.2",
          "dense 256", "relu",      "dropout 0.2", "dense classes"};
}

Lines keras_cnn() {
  return {"conv 32 3", "relu",        "max_pool 2", "conv 64 3", "relu",         "max_pool 2",
          "flatten",   "dropout 0.5", "dense 128",  "relu",      "dense classes"};
}

Lines resnet9() {
  Lines lines;
  conv_norm(lines, 32);
  conv_norm(lines, 64);
  append(lines, {"max_pool 2"});
  residual(lines, 64, "first");
  conv_norm(lines, 128);
  append(lines, {"max_pool 2"});
  conv_norm(lines, 256);
  append(lines, {"max_pool 2"});
  residual(lines, 256, "second");
  append(lines, {"global_max_pool", "flatten", "dense classes"});
  return lines;
}

Lines cnn() {
  Lines lines;
  conv_norm(lines, 16);
  conv_norm(lines, 16);
  conv_pool_norm(lines, 32);
  conv_pool_norm(lines, 64);
  conv_pool_norm(lines, 128);
  conv_norm(lines, 128);
  append(lines, {"global_max_pool", "flatten", "dense classes"});
  return lines;
}

struct Architecture {
  const char* name;
  Lines (*lines)();
};

constexpr Architecture kArchitectures[] = {
    {"cnn", cnn}, {"keras-cnn", keras_cnn}, {"mlp", mlp}, {"resnet9", resnet9}};

}  // namespace

std::vector<std::string> architecture_names() {
  std::vector<std::string> names;
  for (const auto& architecture : kArchitectures) names.emplace_back(architecture.name);
  return names;
}

std::vector<std::string> architecture_lines(const std::string& name) {
  for (const auto& architecture : kArchitectures) {
    if (name == architecture.name) return architecture.lines();
  }
  const auto names = architecture_names();
  throw UsageError(unknown_name("architecture", name, names));
}

}  // namespace thimble::nn
