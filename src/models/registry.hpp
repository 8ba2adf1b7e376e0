// The model families, and the models that come with the program.

#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/classifier.hpp"
#include "models/model_file.hpp"
#include "models/recipe.hpp"

namespace thimble {

/// One way of classifying, with what makes its models.
struct Family {
  std::string_view name;  ///< "neural": `family` in recipes and in model files
  /// An untrained classifier. Throws UsageError for settings that it does not know.
  std::unique_ptr<Classifier> (*make)(const Recipe& recipe);
  /// A trained one; `place` names the file in messages. Throws DataError.
  std::unique_ptr<Classifier> (*load)(const ModelFile& file, const std::string& place);
};

/// All families.
std::span<const Family> families();

/// @throws UsageError  if there is none of that name; suggests the nearest
const Family& find_family(const std::string& name);

/// The model file that `model` means: a .safetensors file, a run folder that holds one, or the name
/// of a shipped model.
/// @throws FileError   if a file or folder of that name holds no model
/// @throws UsageError  if there is nothing of that name; suggests a shipped model
std::filesystem::path find_model(const std::filesystem::path& model);

/// Names of the models that come with the program.
std::vector<std::string> shipped_model_names();

/// The folder of the shipped models: THIMBLE_MODELS, beside the program, or the installed one.
std::filesystem::path models_folder();

}  // namespace thimble
