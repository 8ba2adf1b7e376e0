#include "picture_networks.hpp"

#include "nn/zoo.hpp"

namespace thimble::nn::amx {
namespace {

std::vector<std::string> resnet18_lines() {
  ArchitectureOptions options = architecture_defaults("resnet18");
  options.stem = "small";
  return architecture_lines("resnet18", options);
}

std::vector<NamedNetwork> zoo_networks() {
  std::vector<NamedNetwork> all;
  for (const Shape& shape : {Shape{1, 28, 28, false}, Shape{3, 32, 32, false}}) {
    const std::string size = shape.channels == 1 ? "Grey28" : "Colour32";
    for (const auto* name : {"mlp", "keras-cnn", "cnn", "resnet9"}) {
      std::string word = name;
      std::erase(word, '-');
      all.push_back({word + size, shape, architecture_lines(name)});
    }
    all.push_back({"resnet18" + size, shape, resnet18_lines()});
  }
  return all;
}

// Networks that end with a map are compared value by value.
std::vector<NamedNetwork> maps_and_fusions() {
  return {
      {"ConvOfPicture", {1, 7, 9, false}, {"conv 20 3 pad=1"}},
      {"ConvOfColourPicture", {3, 8, 5, false}, {"conv 16 3x5 pad=1x2"}},
      {"ConvOfDeepPicture", {16, 5, 5, false}, {"conv 40 3 pad=1"}},
      {"PooledConvs",
       {1, 28, 26, false},
       {"conv 16 3 pad=1", "max_pool 2", "batch_norm", "relu", "conv 48 3 pad=1", "batch_norm",
        "relu", "max_pool 2", "conv 70 3 pad=1", "relu", "max_pool 2"}},
      {"PooledConvsOfOddSize",
       {2, 27, 25, false},
       {"conv 16 3", "max_pool 2", "batch_norm", "relu", "conv 16 3 pad=1", "relu", "max_pool 2",
        "conv 32 2", "max_pool 2", "relu"}},
      {"WideRows", {1, 5, 34, false}, {"conv 16 3 pad=1", "relu", "conv 16 3 pad=1"}},
      {"WideRowsPooled",
       {1, 6, 36, false},
       {"conv 16 3 pad=1", "max_pool 2", "conv 16 1", "conv 32 3 pad=1", "max_pool 2"}},
      {"RowsOf17And33", {3, 3, 33, false}, {"conv 32 3 pad=1", "conv 16 1x17", "conv 20 1"}},
      {"OneRow", {1, 1, 20, false}, {"conv 16 1x3 pad=0x1", "relu", "conv 40 1x3 stride=1x2"}},
      {"OneColumn", {1, 21, 1, false}, {"conv 16 3x1 pad=1x0", "relu", "conv 40 3x1 stride=2x1"}},
      {"Strides",
       {3, 19, 22, false},
       {"conv 20 7 stride=2 pad=3", "relu", "conv 32 3 stride=2x1 pad=1", "batch_norm",
        "conv 48 1 stride=2", "relu", "conv 16 2x3 stride=1x2 pad=1"}},
      {"AddBeforeRelu",
       {1, 9, 11, false},
       {"conv 16 3 pad=1", "batch_norm", "relu", "mark a", "conv 16 3 pad=1", "batch_norm", "add a",
        "relu", "mark b", "conv 16 3 pad=1", "add b", "relu"}},
      {"AddBehindRelu",
       {1, 9, 11, false},
       {"conv 40 3 pad=1", "relu", "mark a", "conv 40 3 pad=1", "batch_norm", "relu", "add a",
        "mark b", "conv 40 3 pad=1", "relu", "add b", "relu", "conv 16 1"}},
      {"AddBehindPool",
       {1, 8, 10, false},
       {"mark x", "conv 32 3 pad=1", "max_pool 2", "batch_norm", "relu", "mark a", "from x",
        "conv 32 5 pad=2", "batch_norm", "relu", "max_pool 2", "add a", "relu", "mark b", "from x",
        "conv 32 1", "max_pool 2", "add b"}},
      {"Projection",
       {1, 9, 9, false},
       {"conv 16 3 pad=1", "relu", "mark a", "conv 32 1 stride=2", "batch_norm", "mark b", "from a",
        "conv 32 3 pad=1 stride=2", "batch_norm", "relu", "conv 32 3 pad=1", "batch_norm", "add b",
        "relu"}},
      {"NormBehindAdd",
       {1, 6, 6, false},
       {"conv 16 3 pad=1", "mark a", "conv 16 3 pad=1", "add a", "batch_norm", "relu", "conv 16 1",
        "relu", "batch_norm"}},
      {"AddItself", {1, 6, 5, false}, {"conv 20 3 pad=1", "batch_norm", "mark a", "add a", "relu"}},
  };
}

std::vector<NamedNetwork> other_layers() {
  return {
      {"MaxPools",
       {3, 13, 12, false},
       {"conv 20 3 pad=1", "max_pool 3 stride=2 pad=1", "conv 16 3 pad=1", "relu", "max_pool 2x3",
        "max_pool 2 stride=1"}},
      {"AvgPools",
       {3, 13, 12, false},
       {"conv 20 3 pad=1", "avg_pool 3 stride=2 pad=1", "conv 16 3 pad=1", "relu", "avg_pool 2",
        "avg_pool 3x2 stride=1 pad=1"}},
      {"PoolsOfThePicture", {2, 9, 7, false}, {"max_pool 3 stride=1 pad=1", "avg_pool 2"}},
      {"PoolsInARow", {1, 12, 12, false}, {"conv 16 3 pad=1", "max_pool 2", "max_pool 2", "relu"}},
      {"GlobalPools",
       {2, 7, 6, false},
       {"conv 20 3", "mark a", "global_avg_pool", "mark b", "from a", "global_max_pool", "add b"}},
      {"GlobalPoolToDense",
       {1, 9, 9, false},
       {"conv 70 3 pad=1", "relu", "global_max_pool", "flatten", "dense classes"}},
      {"MapOfOnePositionToDense",
       {1, 9, 9, false},
       {"conv 70 3 pad=1", "relu", "global_avg_pool", "dense 33", "relu", "dense classes"}},
      {"Gelu",
       {1, 7, 7, false},
       {"conv 20 3 pad=1", "gelu", "conv 16 3 pad=1", "batch_norm", "gelu", "max_pool 2", "gelu"}},
      {"NormsAlone",
       {2, 8, 8, false},
       {"batch_norm", "conv 20 3 pad=1", "relu", "batch_norm", "avg_pool 2", "batch_norm", "relu",
        "gelu", "batch_norm"}},
      {"ReluAlone", {2, 5, 8, false}, {"relu", "avg_pool 2", "relu", "conv 16 1", "relu", "relu"}},
      {"ThePictureItself",
       {2, 6, 6, false},
       {"mark x", "conv 2 3 pad=1", "add x", "relu", "mark a", "from x", "conv 2 5 pad=2",
        "batch_norm", "mark b", "from x", "max_pool 3 stride=1 pad=1", "add a", "add b", "add x"}},
      {"Dropouts",
       {1, 6, 6, false},
       {"dropout 0.3", "conv 20 3", "dropout 0.5", "relu", "flatten", "dropout 0.5", "dense 40",
        "dropout 0.2", "dense classes"}},
  };
}

std::vector<NamedNetwork> depthwise_networks() {
  return {
      {"Depthwise",
       {3, 9, 11, false},
       {"conv 40 3 pad=1", "depthwise_conv 3 pad=1", "batch_norm", "relu", "conv 16 1",
        "depthwise_conv 5x3 stride=2x1 pad=2x1 bias=false", "relu", "depthwise_conv 2"}},
      {"DepthwisePadsMost", {1, 6, 17, false}, {"conv 16 1", "relu", "depthwise_conv 7 pad=3"}},
      {"DepthwiseOfThePicture",
       {2, 7, 6, false},
       {"depthwise_conv 3 pad=1", "max_pool 2", "batch_norm", "relu", "conv 20 1"}},
      {"DepthwiseOfWideRows",
       {20, 3, 35, false},
       {"depthwise_conv 3x5 stride=1x2 pad=1x2", "relu", "max_pool 2"}},
      {"DepthwiseWithAdds",
       {1, 8, 9, false},
       {"conv 33 3 pad=1", "relu", "mark a", "depthwise_conv 3 pad=1", "batch_norm", "add a",
        "relu", "mark b", "depthwise_conv 3 pad=1", "relu", "add b", "flatten", "dense classes"}},
      {"DepthwiseByGroups", {1, 7, 7, false}, {"conv 24 3", "conv 24 3 groups=24 pad=1", "relu"}},
      {"DepthwiseOfOnePosition",
       {5, 3, 3, false},
       {"depthwise_conv 3", "relu", "flatten", "dense classes"}},
  };
}

std::vector<NamedNetwork> grouped_networks() {
  return {
      {"GroupsOfTiles",
       {1, 9, 18, false},
       {"conv 64 3 pad=1", "relu", "conv 96 3 pad=1 groups=2", "batch_norm", "relu", "max_pool 2",
        "conv 32 3 pad=1 groups=2", "mark a", "conv 32 3 pad=1 groups=2", "batch_norm", "add a",
        "relu"}},
      {"GroupsOf16Channels",
       {1, 7, 7, false},
       {"conv 48 3 pad=1", "relu", "conv 48 3 stride=2 pad=1 groups=3", "relu", "conv 20 1"}},
      {"GroupsTogether",
       {1, 7, 19, false},
       {"conv 32 3", "relu", "conv 64 3 pad=1 groups=16", "relu", "conv 32 1 groups=4"}},
      {"AllGroupsTogether",
       {1, 7, 7, false},
       {"conv 50 3 pad=1", "relu", "conv 30 3 groups=10 bias=false", "batch_norm", "relu",
        "conv 6 3 groups=3"}},
      {"GroupsOfThePicture", {4, 6, 6, false}, {"conv 8 3 pad=1 groups=2", "max_pool 2", "relu"}},
      {"SeveralKernelsAChannel", {1, 6, 6, false}, {"conv 20 3", "conv 60 3 pad=1 groups=20"}},
  };
}

std::vector<NamedNetwork> gates_and_powers() {
  return {
      {"SqueezeExcite",
       {2, 9, 8, false},
       {"conv 40 3 pad=1", "relu", "squeeze_excite 4", "conv 16 3 pad=1", "batch_norm",
        "squeeze_excite 16", "relu"}},
      {"SqueezeExciteOfThePicture",
       {3, 5, 6, false},
       {"squeeze_excite 1", "conv 20 3 pad=1", "mark a", "squeeze_excite 2", "add a", "relu"}},
      {"GemPool", {1, 9, 7, false}, {"conv 40 3 pad=1", "batch_norm", "relu", "gem_pool"}},
      {"GemPoolOfThePicture", {5, 4, 4, false}, {"gem_pool", "flatten", "dense classes"}},
      {"Blocks",
       {1, 28, 28, false},
       {"conv 32 3 stride=2 pad=1",
        "batch_norm",
        "relu",
        "mark a",
        "conv 64 1",
        "batch_norm",
        "relu",
        "depthwise_conv 3 pad=1 bias=false",
        "batch_norm",
        "relu",
        "squeeze_excite 8",
        "conv 32 1",
        "batch_norm",
        "add a",
        "conv 64 3 stride=2 pad=1 groups=4",
        "batch_norm",
        "relu",
        "gem_pool",
        "flatten",
        "dense classes"}},
  };
}

std::vector<NamedNetwork> flat_networks() {
  return {
      {"Features", {20, 1, 1, true}, {"dense 33", "relu", "dense 7"}},
      {"FlatPicture", {3, 4, 5, false}, {"flatten", "dense 40", "gelu", "dense classes"}},
      {"FlattenAlone", {3, 4, 5, false}, {"flatten"}},
      {"FlattenAtTheEnd", {1, 4, 5, false}, {"conv 20 3 pad=1", "relu", "flatten"}},
      {"FlattenToDense", {1, 7, 6, false}, {"conv 20 3 pad=1", "flatten", "dense 70"}},
      {"ReluBehindFlatten",
       {1, 7, 6, false},
       {"conv 20 3 pad=1", "batch_norm", "flatten", "relu", "dense 33", "relu"}},
      {"GeluBehindFlatten",
       {1, 7, 6, false},
       {"conv 20 3 pad=1", "flatten", "gelu", "relu", "dropout 0.5", "dense 100"}},
      {"ReluBehindFlatPicture", {2, 3, 5, false}, {"flatten", "relu", "dense 9"}},
      {"FlattenTwice", {1, 7, 6, false}, {"conv 20 3 pad=1", "flatten", "flatten", "dense 9"}},
      {"ReluBehindFlattenAtTheEnd", {1, 4, 5, false}, {"conv 20 3 pad=1", "flatten", "gelu"}},
      {"DenseWithNorm",
       {2, 3, 3, false},
       {"flatten", "dense 40", "batch_norm", "relu", "dense 20"}},
      {"ResidualHead",
       {2, 3, 3, false},
       {"flatten", "dense 40", "relu", "mark a", "dense 40", "batch_norm", "add a"}},
      {"ResidualHeadWithRelu",
       {2, 3, 3, false},
       {"flatten", "dense 40", "mark a", "dense 40", "relu", "add a", "relu"}},
      {"ResidualDense",
       {2, 3, 3, false},
       {"flatten", "dense 20", "mark a", "gelu", "dense 20", "add a", "dense 5"}},
      {"HeadsOfMapAndVector",
       {1, 5, 5, false},
       {"conv 16 3", "flatten", "mark a", "dense 18", "mark b", "from a", "dense 18", "add b"}},
      {"UnusedBranchBehindTheHead",
       {1, 5, 5, false},
       {"flatten", "mark x", "dense 20", "mark y", "from x", "dense 7", "from y", "relu"}},
  };
}

}  // namespace

std::vector<NamedNetwork> picture_networks() {
  std::vector<NamedNetwork> all = zoo_networks();
  for (const auto& more : {maps_and_fusions(), other_layers(), depthwise_networks(),
                           grouped_networks(), gates_and_powers(), flat_networks()}) {
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

}  // namespace thimble::nn::amx
