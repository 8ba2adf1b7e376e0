// The state of a training under way, as files in a run's checkpoint folder.

#pragma once

#include <filesystem>
#include <optional>

#include "models/model_file.hpp"
#include "nn/trainer.hpp"

namespace thimble {

/// Writes checkpoint/state.safetensors atomically. One file holds everything, so that a kill leaves
/// either the old state or the new one.
void save_checkpoint(const std::filesystem::path& folder, const nn::TrainerState& state);

/// Reads it back; empty if there is none.
/// @throws FileError, DataError  if it is there but not usable
std::optional<nn::TrainerState> load_checkpoint(const std::filesystem::path& folder);

/// Parameters as tensors of a model file, and back. Tensor names get `prefix`.
void add_tensors(ModelFile& file, const std::vector<nn::NamedArray>& arrays,
                 const std::string& prefix = "");
nn::NamedArray to_array(const std::string& name, const Tensor& tensor);

}  // namespace thimble
