// Finding model files: those that ship with Thimble, and what a user calls a model.

#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace thimble {

/// The file of a model that ships with Thimble: <folder>/<name>.safetensors or .onnx, where the
/// folder is THIMBLE_MODELS, beside the program, or the installed one (base/shipped.hpp).
/// @throws FileError  if it is not there; says where it was looked for
std::filesystem::path shipped_model(const std::string& name = "cnn");

/// Names that shipped_model() finds, sorted.
std::vector<std::string> shipped_model_names();

/// Whether a file of this name is an ONNX file.
bool is_onnx(const std::filesystem::path& path);

/// Whether a file of this name is a model: *.safetensors, *.onnx.
bool has_model_name(const std::filesystem::path& path);

/// Whether `path` is what find_model() takes for a model: a file with a model's name or a run's
/// folder. Looks at names only, reads nothing.
bool is_model(const std::filesystem::path& path);

/// The model file that `model` means: that file, the one in that run's folder, or the shipped model
/// of that name.
/// @throws UsageError  if it is none of them
std::filesystem::path find_model(const std::string& model);

}  // namespace thimble
