#include "models/neural_checkpoint.hpp"

#include <system_error>

#include "base/error.hpp"
#include "base/folder.hpp"

namespace thimble {
namespace {

constexpr char kStateKey[] = "thimble.trainer";

std::filesystem::path state_file(const std::filesystem::path& folder) {
  return folder / "state.safetensors";
}

}  // namespace

void add_tensors(ModelFile& file, const std::vector<nn::NamedArray>& arrays,
                 const std::string& prefix) {
  for (const auto& array : arrays) {
    file.tensors[prefix + array.name] =
        Tensor::from(std::span<const float>(array.values), array.shape);
  }
}

nn::NamedArray to_array(const std::string& name, const Tensor& tensor) {
  const auto values = tensor.as<float>();
  return {name, tensor.shape, {values.begin(), values.end()}};
}

void save_checkpoint(const std::filesystem::path& folder, const nn::TrainerState& state) {
  make_folder(folder);
  ModelFile file;
  file.metadata[kStateKey] = state.values.dump();
  // Tensors come back sorted by name; this list keeps their order.
  nlohmann::json order = nlohmann::json::array();
  for (const auto& array : state.arrays) order.push_back(array.name);
  file.metadata["thimble.order"] = order.dump();
  add_tensors(file, state.arrays);
  save_model_file(state_file(folder), file);
}

std::optional<nn::TrainerState> load_checkpoint(const std::filesystem::path& folder) {
  const auto path = state_file(folder);
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return std::nullopt;
  const ModelFile file = load_model_file(path);
  try {
    nn::TrainerState state;
    state.values = nlohmann::json::parse(file.metadata.at(kStateKey));
    for (const std::string name : nlohmann::json::parse(file.metadata.at("thimble.order"))) {
      state.arrays.push_back(to_array(name, file.tensors.at(name)));
    }
    return state;
  } catch (const nlohmann::json::exception& e) {
    throw DataError(path.string() + ": not a checkpoint: " + e.what());
  } catch (const std::out_of_range&) {
    throw DataError(path.string() + ": not a checkpoint: a part is missing");
  }
}

}  // namespace thimble
