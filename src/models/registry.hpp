// The model families.

#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

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

/// load_classifier() of a file that was read already; `place` is its path, which tells what it is.
/// @throws FileError  if it is an ONNX file and ONNX Runtime is not installed
/// @throws DataError  if it is no model; says why
std::unique_ptr<Classifier> parse_classifier(std::string bytes, const std::string& place);

}  // namespace thimble
