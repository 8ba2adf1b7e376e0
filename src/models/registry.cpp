#include "models/registry.hpp"

#include <algorithm>
#include <array>
#include <system_error>

#include "base/error.hpp"
#include "base/shipped.hpp"
#include "base/text.hpp"
#include "models/description.hpp"
#include "models/neural.hpp"

namespace thimble {
namespace {

namespace fs = std::filesystem;

constexpr const char* kModelFile = "model.safetensors";
constexpr const char* kExtension = ".safetensors";

constexpr std::array kFamilies = {Family{"neural", make_neural, load_neural}};

}  // namespace

std::span<const Family> families() { return kFamilies; }

const Family& find_family(const std::string& name) {
  std::vector<std::string> names;
  for (const Family& family : kFamilies) {
    if (family.name == name) return family;
    names.emplace_back(family.name);
  }
  throw UsageError(unknown_name("family", name, names));
}

fs::path models_folder() { return shipped_folder("models", "THIMBLE_MODELS"); }

std::vector<std::string> shipped_model_names() {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(models_folder(), error)) {
    if (entry.path().extension() == kExtension) names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

fs::path find_model(const fs::path& model) {
  std::error_code error;
  if (fs::is_regular_file(model, error)) return model;
  if (fs::exists(model / kModelFile, error)) return model / kModelFile;

  const std::vector<std::string> names = shipped_model_names();
  if (std::find(names.begin(), names.end(), model.string()) != names.end()) {
    return models_folder() / (model.string() + kExtension);
  }
  if (fs::exists(model, error)) {
    throw FileError(
        model.string() + ": no model.safetensors in this folder" +
        (fs::exists(model / "checkpoint", error)
             ? "; its training has not ended, go on with: thimble train --resume --out " +
                   model.string()
             : ""));
  }
  const bool path_like = model.has_parent_path() || model.extension() == kExtension;
  throw UsageError(path_like ? model.string() + ": no such model file or run folder"
                             : unknown_name("model", model.string(), names) +
                                   " (nor is there a file or run folder of that name)");
}

std::unique_ptr<Classifier> load_classifier(const fs::path& path) {
  const fs::path found = find_model(path);
  const ModelFile file = load_model_file(found);
  const std::string place = found.string();
  const std::string family = family_of(file, place);
  for (const Family& candidate : kFamilies) {
    if (candidate.name == family) return candidate.load(file, place);
  }
  throw DataError(place + ": a model of family '" + family +
                  "', which this version of Thimble does not know");
}

}  // namespace thimble
