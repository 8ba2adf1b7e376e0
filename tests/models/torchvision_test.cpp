#include "models/torchvision.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.hpp"
#include "base/random.hpp"
#include "nn/inference_network.hpp"
#include "nn/reference.hpp"
#include "temporary_folder.hpp"

namespace thimble {
namespace {

using testing::HasSubstr;

constexpr int kClasses = 20;
constexpr int kPictures = 2;

std::vector<std::pair<std::string, std::vector<std::int64_t>>> layers_of_torchvision() {
  std::vector<std::pair<std::string, std::vector<std::int64_t>>> shapes;
  const auto norm = [&](const std::string& name, std::int64_t channels) {
    for (const char* part : {".weight", ".bias", ".running_mean", ".running_var"}) {
      shapes.push_back({name + part, {channels}});
    }
  };
  shapes.push_back({"conv1.weight", {64, 3, 7, 7}});
  norm("bn1", 64);
  std::int64_t in = 64;
  for (int stage = 1; stage <= 4; ++stage) {
    const std::int64_t out = 32 << stage;
    for (int block = 0; block < 2; ++block) {
      const std::string name = "layer" + std::to_string(stage) + "." + std::to_string(block);
      shapes.push_back({name + ".conv1.weight", {out, in, 3, 3}});
      norm(name + ".bn1", out);
      shapes.push_back({name + ".conv2.weight", {out, out, 3, 3}});
      norm(name + ".bn2", out);
      if (in != out) {
        shapes.push_back({name + ".downsample.0.weight", {out, in, 1, 1}});
        norm(name + ".downsample.1", out);
      }
      in = out;
    }
  }
  shapes.push_back({"fc.weight", {kClasses, 512}});
  shapes.push_back({"fc.bias", {kClasses}});
  return shapes;
}

std::pair<double, double> value_range(const std::string& name,
                                      const std::vector<std::int64_t>& shape) {
  if (shape.size() == 4) {
    const double bound = std::sqrt(6.0 / static_cast<double>(shape[1] * shape[2] * shape[3]));
    return {-bound, bound};
  }
  if (shape.size() == 2) {
    const double bound = std::sqrt(3.0 / static_cast<double>(shape[1]));
    return {-bound, bound};
  }
  if (name.ends_with("running_var")) return {0.6, 1.4};
  if (name.ends_with("weight")) return {0.4, 0.9};
  return {-0.2, 0.2};
}

/// The weights of tests/reference/make_resnet18_reference.py.
const ModelFile& weights() {
  static const ModelFile file = [] {
    std::map<std::string, std::vector<std::int64_t>> sorted;
    for (const auto& [name, shape] : layers_of_torchvision()) sorted[name] = shape;
    ModelFile made;
    std::uint64_t t = 0;
    for (const auto& [name, shape] : sorted) {
      const auto [low, high] = value_range(name, shape);
      std::size_t size = 1;
      for (const auto extent : shape) size *= static_cast<std::size_t>(extent);
      std::vector<float> values(size);
      const std::uint64_t prefix = mix64(mix64(18) ^ t++);
      for (std::size_t i = 0; i < size; ++i) {
        const auto u = static_cast<double>(mix64(mix64(prefix ^ i)) >> 11) * 0x1p-53;
        values[i] = static_cast<float>(low + (high - low) * u);
      }
      made.tensors[name] = Tensor::from(std::span<const float>(values), shape);
    }
    made.tensors["bn1.num_batches_tracked"] =
        Tensor::from(std::vector<std::int64_t>{0}, std::vector<std::int64_t>{});
    return made;
  }();
  return file;
}

std::vector<std::uint8_t> pictures(const PictureShape& size) {
  const auto height = static_cast<std::uint64_t>(size.height);
  const auto width = static_cast<std::uint64_t>(size.width);
  const auto channels = static_cast<std::uint64_t>(size.channels);
  std::vector<std::uint8_t> bytes;
  for (std::uint64_t n = 0; n < kPictures; ++n) {
    for (std::uint64_t y = 0; y < height; ++y) {
      for (std::uint64_t x = 0; x < width; ++x) {
        for (std::uint64_t c = 0; c < channels; ++c) {
          const std::uint64_t block = hash_seed(19, n, y / 8 * 1024 + x / 8, c) % 256;
          const std::uint64_t noise = hash_seed(20, bytes.size(), 0) % 256;
          bytes.push_back(static_cast<std::uint8_t>((3 * block + noise) / 4));
        }
      }
    }
  }
  return bytes;
}

/// The published network on pictures of `size`, with its own classes.
TransferredNetwork network_for(const PictureShape& size, const std::string& stem,
                               const std::string& grey) {
  InitialNetwork initial = from_torchvision(weights(), "weights", stem);
  for (int i = 0; i < kClasses; ++i) initial.classes.push_back("class " + std::to_string(i));
  TransferOptions options;
  options.grey = grey;
  return transfer(initial, options, size, initial.classes);
}

std::vector<float> run(const nn::Graph& graph, const TransferredNetwork& network,
                       const PictureShape& size) {
  nn::ParameterValues parameters = network.tuning.initial;
  parameters.resize(graph.parameters().size());
  nn::InferenceNetwork inference(graph, network.scaling, kPictures, nn::Precision::fp32,
                                 parameters);
  std::ranges::copy(pictures(size), inference.input().begin());
  const auto output = inference.run();
  return {output.begin(), output.end()};
}

class Torchvision : public testing::TestWithParam<std::string> {};

TEST_P(Torchvision, LogitsAreTorchvisions) {
  const auto reference = nn::reference::load("resnet18.json", GetParam());
  const auto& o = reference.options;
  const PictureShape size{o.at("height"), o.at("width"), o.at("channels")};
  const auto gap = [&](const std::string& grey) {
    const auto network = network_for(size, o.at("stem"), grey);
    return nn::reference::difference(run(network.graph, network, size), reference.values("output"));
  };
  EXPECT_LT(gap("replicate"), 1e-4);
  // The summed kernel differs in the padding alone.
  if (size.channels == 1) {
    EXPECT_LT(gap("sum"), 0.02);
  }
}

INSTANTIATE_TEST_SUITE_P(Pictures, Torchvision,
                         testing::Values("rgb_224", "rgb_64", "grey_64", "rgb_28_small_stem",
                                         "grey_28_small_stem"),
                         [](const auto& instance) { return instance.param; });

/// What the stem's batch norm puts out, [pictures, 64, side, side].
std::vector<float> stem_output(const PictureShape& size, const std::string& stem,
                               const std::string& grey) {
  const TransferredNetwork network = network_for(size, stem, grey);
  std::vector<std::string> lines = network.graph.lines();
  const auto norm = std::ranges::find_if(
      lines, [](const std::string& line) { return line.starts_with("batch_norm"); });
  lines.erase(norm + 1, lines.end());
  return run(nn::Graph::parse(network.graph.input(), lines), network, size);
}

TEST(TorchvisionGrey, SummedKernelIsExactInsideThePadding) {
  for (const auto& [stem, side, border] :
       {std::tuple("imagenet", 16, 2), std::tuple("small", 32, 1)}) {
    const PictureShape size{32, 32, 1};
    const auto exact = stem_output(size, stem, "replicate");
    const auto summed = stem_output(size, stem, "sum");
    ASSERT_EQ(exact.size(), static_cast<std::size_t>(kPictures * 64 * side * side));
    double inside = 0;
    double outside = 0;
    for (std::size_t i = 0; i < exact.size(); ++i) {
      const int y = static_cast<int>(i) / side % side;
      const int x = static_cast<int>(i) % side;
      const bool in = std::min(x, y) >= border && std::max(x, y) < side - border;
      double& worst = in ? inside : outside;
      worst = std::max(worst, std::abs(double{exact[i]} - double{summed[i]}));
    }
    EXPECT_LT(inside, 1e-5) << stem;
    EXPECT_GT(outside, 1e-3) << stem;
  }
}

std::string refusal(const ModelFile& file) {
  return message_of<DataError>([&] { (void)from_torchvision(file, "w.safetensors", {}); });
}

TEST(TorchvisionFile, ListsAllThatIsWrong) {
  ModelFile file = weights();
  file.tensors.erase("layer2.0.downsample.0.weight");
  file.tensors.erase("bn1.running_var");
  file.tensors["layer4.1.conv2.weight"].shape = {512, 512, 9, 1};
  file.tensors["fc.bias"] = Tensor::from(std::vector<std::int32_t>(kClasses), {kClasses});
  file.tensors["layer1.0.conv3.weight"] = Tensor::from(std::vector<float>{1}, {1});
  EXPECT_EQ(refusal(file),
            "w.safetensors: not the weights of torchvision's resnet18:\n"
            "  bn1.running_var [64] is missing\n"
            "  layer2.0.downsample.0.weight [128, 64, 1, 1] is missing\n"
            "  layer4.1.conv2.weight has the shape [512, 512, 9, 1], expected [512, 512, 3, 3]\n"
            "  fc.bias is not of type F32\n"
            "  layer1.0.conv3.weight [1] is unknown");
  EXPECT_TRUE(is_torchvision(file));

  file = weights();
  file.tensors.erase("fc.weight");
  EXPECT_THAT(refusal(file), HasSubstr("fc.weight [1000, 512] is missing"));
  EXPECT_FALSE(is_torchvision({}));
  EXPECT_THAT(refusal({}), HasSubstr("layer3.1.bn2.weight [256] is missing"));
}

}  // namespace
}  // namespace thimble
