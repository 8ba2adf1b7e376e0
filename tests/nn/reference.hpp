// Named cases with values from PyTorch, as written by tests/reference/make_nn_reference.py; its
// head describes the files.

#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <limits>
#include <map>
#include <ostream>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace thimble::nn::reference {

/// Row-major values.
struct Tensor {
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

struct Case {
  std::string name;
  nlohmann::json options;  ///< nn_loss, nn_optimizers, nn_schedules
  nlohmann::json layers;   ///< nn_layers, nn_networks: [{name, kind, inputs, options}]
  bool training = true;    ///< nn_layers, nn_networks
  std::map<std::string, Tensor> tensors;

  bool has(const std::string& tensor) const { return tensors.count(tensor) != 0; }
  /// @throws std::out_of_range  if there is no such tensor
  const Tensor& at(const std::string& tensor) const {
    const auto found = tensors.find(tensor);
    if (found == tensors.end()) throw std::out_of_range(name + " has no tensor " + tensor);
    return found->second;
  }
  const std::vector<float>& values(const std::string& tensor) const { return at(tensor).values; }
};

/// For GoogleTest's messages.
inline void PrintTo(const Case& value, std::ostream* out) { *out << value.name; }

/// All cases of a file in tests/data_files, such as "nn_layers.json", by name.
inline std::vector<Case> load(const std::string& file) {
  const std::string path = std::string(THIMBLE_TEST_DATA) + "/" + file;
  std::ifstream stream(path);
  if (!stream) throw std::runtime_error("cannot read " + path);
  std::vector<Case> cases;
  const nlohmann::json all = nlohmann::json::parse(stream);
  for (const auto& [name, json] : all.items()) {
    Case one;
    one.name = name;
    one.options = json.value("options", nlohmann::json::object());
    one.layers = json.value("layers", nlohmann::json::array());
    one.training = json.value("mode", "train") == "train";
    for (const auto& [key, tensor] : json.at("tensors").items()) {
      const double scale = tensor.value("scale", 1.0);
      Tensor& target = one.tensors[key];
      target.shape = tensor.at("shape").get<std::vector<std::int64_t>>();
      for (const double value : tensor.at("values"))
        target.values.push_back(static_cast<float>(value * scale));
    }
    cases.push_back(std::move(one));
  }
  return cases;
}

/// One case of a file.
inline Case load(const std::string& file, const std::string& name) {
  for (Case& one : load(file))
    if (one.name == name) return std::move(one);
  throw std::out_of_range(file + " has no case " + name);
}

/// Largest absolute difference, relative to the largest expected value where that is above 1.
/// Infinite where the sizes differ or a value is not a number.
inline double difference(std::span<const float> actual, std::span<const float> expected) {
  if (actual.size() != expected.size()) return std::numeric_limits<double>::infinity();
  double largest = 1;
  double worst = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const double gap = std::abs(static_cast<double>(actual[i]) - expected[i]);
    if (std::isnan(gap)) return std::numeric_limits<double>::infinity();
    worst = std::max(worst, gap);
    largest = std::max(largest, static_cast<double>(std::abs(expected[i])));
  }
  return worst / largest;
}

}  // namespace thimble::nn::reference
