#include "models/network_step.hpp"

#include <algorithm>
#include <span>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/parallel.hpp"
#include "classical/feature_step.hpp"
#include "models/description.hpp"
#include "models/embedding.hpp"
#include "models/registry.hpp"
#include "models/shipped.hpp"

namespace thimble {
namespace {

using nlohmann::json;

constexpr std::string_view kWord = "model:";
constexpr char kNetworksKey[] = "thimble.networks";
/// Tensors of a model file that an embedding does not need.
constexpr std::string_view kNoveltyPrefix = "novelty.";

std::string prefix(std::size_t index) { return fmt::format("network.{}.", index); }

Embedder make_embedder(const ModelFile& file, const std::string& place) {
  const std::string family = family_of(file, place);
  if (family != "neural") {
    throw UsageError(fmt::format("{}: a model of family '{}'; only neural networks have embeddings",
                                 place, family));
  }
  return Embedder(*find_family(family).load(file, place));
}

/// The parts of a step's line.
struct NetworkLine {
  std::string model, sha256;
  double weight;
};

NetworkLine read_line(classical::FeatureLine& line) {
  NetworkLine read;
  read.model = line.word().substr(kWord.size());
  if (read.model.empty()) line.fail("the model's name is missing");
  read.sha256 = line.text_option("sha256").value_or("");
  read.weight = line.option("weight", 1.0, classical::kLeastWeight, classical::kMostWeight);
  line.finish();
  return read;
}

}  // namespace

/// A network as its own file has it, and ready for use.
struct NetworkSteps::Network {
  std::string sha256;  ///< of the file that it came from
  ModelFile file;
  Embedder embedder;
};

class NetworkSteps::Step : public classical::PictureStep {
 public:
  Step(std::string model, double weight, std::shared_ptr<const Network> network)
      : model_(std::move(model)), weight_(weight), network_(std::move(network)) {}

  std::string line() const override {
    const bool quoted = model_.find(' ') != std::string::npos;
    return fmt::format("{}{} sha256={} weight={}", kWord,
                       quoted ? fmt::format("\"{}\"", model_) : model_, network_->sha256, weight_);
  }

  std::size_t dims(const PictureShape& shape) const override {
    const Embedder& embedder = network_->embedder;
    if (shape != embedder.input()) {
      throw UsageError(
          fmt::format("feature step \"{}{}\": the network takes pictures of {}, these are {}",
                      kWord, model_, to_string(embedder.input()), to_string(shape)));
    }
    return embedder.dims();
  }

  void extract(const Images& pictures, std::size_t begin, std::size_t end, float* out,
               std::size_t stride) const override {
    // One of several threads, each with pictures of its own.
    const SerialScope serial;
    const std::size_t n = network_->embedder.dims();
    const auto weight = static_cast<float>(weight_);
    std::vector<float> block(std::min(end - begin, classical::kSampleBlock) * n);
    while (begin < end) {
      const std::size_t count = std::min(end - begin, classical::kSampleBlock);
      network_->embedder.embed(pictures, begin, begin + count, block.data());
      for (std::size_t i = 0; i < count; ++i, out += stride) {
        for (std::size_t d = 0; d < n; ++d) out[d] = block[i * n + d] * weight;
      }
      begin += count;
    }
  }

 private:
  std::string model_;
  double weight_;
  std::shared_ptr<const Network> network_;
};

NetworkSteps::NetworkSteps(const ModelFile& file, const std::string& place)
    : may_read_files_(false) {
  const auto kept = file.metadata.find(kNetworksKey);
  if (kept == file.metadata.end()) return;
  try {
    for (const json& entry : json::parse(kept->second)) {
      const std::size_t index = networks_.size();
      ModelFile own;
      own.metadata = entry.at("metadata").get<std::map<std::string, std::string>>();
      for (const auto& [name, tensor] : file.tensors) {
        if (!name.starts_with(prefix(index))) continue;
        own.tensors.emplace(name.substr(prefix(index).size()), tensor);
      }
      Embedder embedder = make_embedder(own, fmt::format("{}: network {}", place, index));
      networks_.push_back(std::make_shared<const Network>(
          Network{entry.at("sha256").get<std::string>(), std::move(own), std::move(embedder)}));
    }
  } catch (const json::exception& e) {
    throw DataError(fmt::format("{}: its {} cannot be read: {}", place, kNetworksKey, e.what()));
  } catch (const UsageError& e) {
    throw DataError(e.what());
  }
}

std::shared_ptr<const NetworkSteps::Network> NetworkSteps::find(const std::string& sha256) const {
  const auto found = std::ranges::find_if(
      networks_, [&](const auto& network) { return network->sha256 == sha256; });
  return found == networks_.end() ? nullptr : *found;
}

std::shared_ptr<const NetworkSteps::Network> NetworkSteps::read(const std::string& model) {
  const std::string path = find_model(model).string();
  const std::string content = read_file(path);
  const auto bytes = std::as_bytes(std::span(content));
  const std::string sha256 = sha256_hex(bytes);
  if (auto known = find(sha256)) return known;
  ModelFile file = parse_model_file(bytes, path);
  Embedder embedder = make_embedder(file, path);
  std::erase_if(file.tensors,
                [](const auto& item) { return item.first.starts_with(kNoveltyPrefix); });
  networks_.push_back(
      std::make_shared<const Network>(Network{sha256, std::move(file), std::move(embedder)}));
  return networks_.back();
}

std::unique_ptr<classical::PictureStep> NetworkSteps::make(classical::FeatureLine& line) {
  if (!line.word().starts_with(kWord)) return nullptr;
  const auto [model, sha256, weight] = read_line(line);
  std::shared_ptr<const Network> network = find(sha256);
  if (!network && !may_read_files_) line.fail("its network is missing in the model file");
  if (!network) network = read(model);
  if (!sha256.empty() && network->sha256 != sha256) {
    line.fail(
        fmt::format("the model is another by now, with SHA-256 {}; leave sha256 out to use it",
                    network->sha256));
  }
  return std::make_unique<Step>(model, weight, std::move(network));
}

std::optional<NetworkSteps::Embedding> NetworkSteps::embedding(classical::FeatureLine& line) const {
  if (!line.word().starts_with(kWord)) return std::nullopt;
  const auto [model, sha256, weight] = read_line(line);
  const std::shared_ptr<const Network> network = find(sha256);
  if (!network) line.fail("its network is not known");
  return Embedding{network->embedder, static_cast<float>(weight)};
}

void NetworkSteps::save(ModelFile& file) const {
  if (networks_.empty()) return;
  json entries = json::array();
  for (const auto& network : networks_) {
    const std::string start = prefix(entries.size());
    for (const auto& [name, tensor] : network->file.tensors) file.tensors[start + name] = tensor;
    entries.push_back({{"sha256", network->sha256}, {"metadata", network->file.metadata}});
  }
  file.metadata[kNetworksKey] = entries.dump();
}

}  // namespace thimble
