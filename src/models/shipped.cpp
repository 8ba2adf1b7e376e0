#include "models/shipped.hpp"

#include <algorithm>
#include <system_error>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.hpp"
#include "base/shipped.hpp"
#include "models/run_folder.hpp"

namespace thimble {

namespace fs = std::filesystem;

namespace {

constexpr const char* kExtension = ".safetensors";
constexpr const char* kOnnxExtension = ".onnx";

fs::path models_folder() { return shipped_folder("models", "THIMBLE_MODELS"); }

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

/// The file of that name in the shipped models' folder, without a promise that it is there.
fs::path shipped_file(const std::string& name) {
  const fs::path onnx = models_folder() / (name + kOnnxExtension);
  return is_file(onnx) && !is_file(models_folder() / (name + kExtension))
             ? onnx
             : models_folder() / (name + kExtension);
}

// A plain name: no folder, no extension of its own.
bool is_name(const std::string& text) {
  return !text.empty() && text.find('/') == std::string::npos && text.front() != '.';
}

}  // namespace

fs::path shipped_model(const std::string& name) {
  const fs::path path = shipped_file(name);
  if (!is_file(path)) {
    throw FileError(
        fmt::format("{}: the model '{}' that ships with Thimble is not there; name a model file or "
                    "a run's folder, or set THIMBLE_MODELS to the folder of the shipped models",
                    path.string(), name));
  }
  return path;
}

std::vector<std::string> shipped_model_names() {
  std::vector<std::string> names;
  std::error_code missing;
  for (const fs::directory_entry& entry : fs::directory_iterator(models_folder(), missing)) {
    if (has_model_name(entry.path())) names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

bool is_onnx(const fs::path& path) { return path.extension() == kOnnxExtension; }

bool has_model_name(const fs::path& path) {
  return path.extension() == kExtension || is_onnx(path);
}

bool is_model(const fs::path& path) {
  return (has_model_name(path) && is_file(path)) || is_file(RunPaths(path).model());
}

fs::path find_model(const std::string& model) {
  const fs::path path = model;
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    if (is_file(RunPaths(path).model())) return RunPaths(path).model();
    throw UsageError(
        fmt::format("{}: this folder holds no model.safetensors; expected a run's folder, a model "
                    "file or the name of a shipped model",
                    model));
  }
  if (fs::exists(path, ignored)) return path;
  if (is_name(model) && is_file(shipped_file(model))) return shipped_file(model);
  const std::vector<std::string> names = shipped_model_names();
  throw UsageError(fmt::format("{}: no such model file or run folder, nor a shipped model{}", model,
                               names.empty() ? "" : fmt::format(" ({})", fmt::join(names, ", "))));
}

}  // namespace thimble
