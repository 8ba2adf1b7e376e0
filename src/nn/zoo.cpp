#include "nn/zoo.hpp"

#include <algorithm>
#include <array>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.hpp"
#include "base/text.hpp"

namespace thimble::nn {
namespace {

using Lines = std::vector<std::string>;
using Options = ArchitectureOptions;

// Larger numbers are slips of the hand.
constexpr int kMostStages = 16;
constexpr int kMostConvolutions = 256;
constexpr int kMostFeatures = 65535;

void append(Lines& lines, const Lines& more) {
  lines.insert(lines.end(), more.begin(), more.end());
}

std::string pool_line(const Options& o) { return o.pooling + "_pool 2"; }

Lines conv_norm(int channels, const Options& o) {
  return {fmt::format("conv {} 3 pad=1 bias=false", channels), "batch_norm", o.activation};
}

/// The same with pooling behind the convolution: batch norm and activation then work on a quarter
/// of the values.
Lines conv_pool_norm(int channels, const Options& o) {
  return {fmt::format("conv {} 3 pad=1 bias=false", channels), pool_line(o), "batch_norm",
          o.activation};
}

void hidden_layer(Lines& lines, int features, const Options& o) {
  append(lines, {fmt::format("dense {}", features), o.activation});
}

void dropout(Lines& lines, const Options& o) {
  if (o.dropout > 0) lines.push_back(fmt::format("dropout {}", o.dropout));
}

/// From maps to class scores.
void head(Lines& lines, const Options& o) {
  append(lines, {fmt::format("global_{}_pool", o.global_pooling), "flatten", "dense classes"});
}

Lines mlp(const Options& o) {
  Lines lines{"flatten"};
  for (const int features : o.hidden) {
    hidden_layer(lines, features, o);
    dropout(lines, o);
  }
  lines.emplace_back("dense classes");
  return lines;
}

Lines keras_cnn(const Options& o) {
  Lines lines;
  for (std::size_t stage = 0; stage < o.stage_widths.size(); ++stage) {
    for (int i = 0; i < o.stage_depth[stage]; ++i) {
      append(lines, {fmt::format("conv {} 3", o.stage_widths[stage]), o.activation});
    }
    lines.push_back(pool_line(o));
  }
  lines.emplace_back("flatten");
  dropout(lines, o);
  for (const int features : o.hidden) hidden_layer(lines, features, o);
  lines.emplace_back("dense classes");
  return lines;
}

Lines resnet9(const Options& o) {
  Lines lines;
  for (std::size_t stage = 0; stage < o.stage_widths.size(); ++stage) {
    const int width = o.stage_widths[stage];
    append(lines, conv_norm(width, o));
    if (stage > 0) lines.push_back(pool_line(o));
    for (int i = 1; i < o.stage_depth[stage]; i += 2) {
      const std::string mark = fmt::format("stage{}.{}", stage + 1, i / 2 + 1);
      lines.push_back("mark " + mark);
      append(lines, conv_norm(width, o));
      append(lines, conv_norm(width, o));
      lines.push_back("add " + mark);
    }
  }
  head(lines, o);
  return lines;
}

Lines cnn(const Options& o) {
  Lines lines;
  for (std::size_t stage = 0; stage < o.stage_widths.size(); ++stage) {
    for (int i = 0; i < o.stage_depth[stage]; ++i) {
      const bool pooled = stage > 0 && i == 0;
      append(lines, (pooled ? conv_pool_norm : conv_norm)(o.stage_widths[stage], o));
    }
  }
  head(lines, o);
  return lines;
}

/// Two convolutions 3x3, the first of which may halve the maps; the input is added to the result,
/// by way of a convolution 1x1 where its shape is another.
void basic_block(Lines& lines, const std::string& name, int in, int out, int stride,
                 const Options& o) {
  const bool projected = in != out || stride != 1;
  append(lines, {"mark " + name + ".in",
                 fmt::format("conv {} 3 stride={} pad=1 bias=false", out, stride), "batch_norm",
                 o.activation, fmt::format("conv {} 3 pad=1 bias=false", out), "batch_norm"});
  if (projected) {
    append(lines, {"mark " + name + ".residual", "from " + name + ".in",
                   fmt::format("conv {} 1 stride={} bias=false", out, stride), "batch_norm",
                   "add " + name + ".residual"});
  } else {
    lines.push_back("add " + name + ".in");
  }
  lines.push_back(o.activation);
}

Lines resnet18(const Options& o) {
  Lines lines;
  int channels = o.stage_widths.front();
  if (o.stem == "imagenet") {
    lines = {fmt::format("conv {} 7 stride=2 pad=3 bias=false", channels), "batch_norm",
             o.activation, "max_pool 3 stride=2 pad=1"};
  } else {
    lines = conv_norm(channels, o);
  }
  for (std::size_t stage = 0; stage < o.stage_widths.size(); ++stage) {
    for (int block = 0; block < o.stage_depth[stage] / 2; ++block) {
      basic_block(lines, fmt::format("layer{}.{}", stage + 1, block), channels,
                  o.stage_widths[stage], stage > 0 && block == 0 ? 2 : 1, o);
      channels = o.stage_widths[stage];
    }
  }
  head(lines, o);
  return lines;
}

/// What depths a stage can have: `least`, and so many more at a time.
struct Depths {
  int least = 1;
  int step = 1;
  const char* expected = "";
  int (*of_stage)(std::size_t stage,
                  std::size_t stages) = nullptr;  ///< where the recipe does not say
};

struct Architecture {
  const char* name;
  std::vector<std::string> keys;
  Options defaults;
  Depths depths;
  Lines (*lines)(const Options&);
};

const std::vector<Architecture>& architectures() {
  static const std::vector<Architecture> all{
      {"cnn",
       {"stage_widths", "stage_depth", "pooling", "global_pooling", "activation"},
       {.stage_widths = {16, 32, 64, 128}},
       {1, 1, "1 or more",
        [](std::size_t i, std::size_t n) { return i == 0 || i + 1 == n ? 2 : 1; }},
       cnn},
      {"keras-cnn",
       {"stage_widths", "stage_depth", "pooling", "activation", "hidden", "dropout"},
       {.stage_widths = {32, 64}, .hidden = {128}, .dropout = 0.5},
       {1, 1, "1 or more", [](std::size_t, std::size_t) { return 1; }},
       keras_cnn},
      {"mlp", {"hidden", "dropout", "activation"}, {.hidden = {512, 256}, .dropout = 0.2}, {}, mlp},
      {"resnet9",
       {"stage_widths", "stage_depth", "pooling", "global_pooling", "activation"},
       {.stage_widths = {32, 64, 128, 256}},
       {1, 2, "an odd number, one and two more a residual block",
        [](std::size_t i, std::size_t) { return i % 2 == 0 ? 1 : 3; }},
       resnet9},
      {"resnet18",
       {"stage_widths", "stage_depth", "global_pooling", "activation", "stem"},
       {.stage_widths = {64, 128, 256, 512}, .global_pooling = "avg"},
       {2, 2, "an even number, two a block", [](std::size_t, std::size_t) { return 4; }},
       resnet18}};
  return all;
}

const Architecture& find(const std::string& name) {
  for (const auto& architecture : architectures()) {
    if (name == architecture.name) return architecture;
  }
  const auto names = architecture_names();
  throw UsageError(unknown_name("architecture", name, names));
}

bool has(const Architecture& architecture, const char* key) {
  return std::ranges::find(architecture.keys, key) != architecture.keys.end();
}

template <class Found>
void require(bool good, const char* key, const Found& found, const std::string& expected) {
  if (!good) throw UsageError(fmt::format("model.{}: {}, expected {}", key, found, expected));
}

void check_list(const char* key, const std::vector<int>& list, int most) {
  require(list.size() <= kMostStages, key, fmt::format("{} numbers", list.size()),
          fmt::format("at most {}", kMostStages));
  for (const int number : list) {
    require(number >= 1 && number <= most, key, number, fmt::format("1 to {}", most));
  }
}

void check_choice(const char* key, const std::string& value, std::array<const char*, 2> choices) {
  require(value == choices[0] || value == choices[1], key, '"' + value + '"',
          fmt::format("\"{}\" or \"{}\"", choices[0], choices[1]));
}

/// Gives every stage its depth.
void complete_depth(const Depths& depths, Options& o) {
  const std::size_t stages = o.stage_widths.size();
  if (o.stage_depth.empty()) {
    for (std::size_t i = 0; i < stages; ++i) o.stage_depth.push_back(depths.of_stage(i, stages));
  } else if (o.stage_depth.size() == 1) {
    o.stage_depth.assign(stages, o.stage_depth.front());
  }
  require(o.stage_depth.size() == stages, "stage_depth",
          fmt::format("{} numbers for {} stages", o.stage_depth.size(), stages),
          "one for each of model.stage_widths, or one for all");
  check_list("stage_depth", o.stage_depth, kMostConvolutions);
  for (const int depth : o.stage_depth) {
    require(depth >= depths.least && (depth - depths.least) % depths.step == 0, "stage_depth",
            depth, depths.expected);
  }
}

}  // namespace

std::vector<std::string> architecture_names() {
  std::vector<std::string> names;
  for (const auto& architecture : architectures()) names.emplace_back(architecture.name);
  return names;
}

ArchitectureOptions architecture_defaults(const std::string& name) { return find(name).defaults; }

const std::vector<std::string>& architecture_keys(const std::string& name) {
  return find(name).keys;
}

std::vector<std::string> all_architecture_keys() {
  std::vector<std::string> all;
  for (const auto& architecture : architectures()) {
    for (const auto& key : architecture.keys) {
      if (std::ranges::find(all, key) == all.end()) all.push_back(key);
    }
  }
  return all;
}

ArchitectureOptions checked(const std::string& name, ArchitectureOptions options) {
  const Architecture& architecture = find(name);
  if (has(architecture, "stage_widths")) {
    require(!options.stage_widths.empty(), "stage_widths", "an empty list",
            "the channels of one stage or more");
    check_list("stage_widths", options.stage_widths, kMostFeatures);
    complete_depth(architecture.depths, options);
  }
  check_choice("pooling", options.pooling, {"max", "avg"});
  check_choice("global_pooling", options.global_pooling, {"max", "avg"});
  check_choice("activation", options.activation, {"relu", "gelu"});
  check_choice("stem", options.stem, {"imagenet", "small"});
  check_list("hidden", options.hidden, kMostFeatures);
  require(options.dropout >= 0 && options.dropout < 1, "dropout", options.dropout,
          "0 or more and below 1");
  return options;
}

std::vector<std::string> architecture_lines(const std::string& name) {
  return architecture_lines(name, architecture_defaults(name));
}

std::vector<std::string> architecture_lines(const std::string& name,
                                            const ArchitectureOptions& options) {
  return find(name).lines(checked(name, options));
}

}  // namespace thimble::nn
