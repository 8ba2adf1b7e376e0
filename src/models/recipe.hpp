// Training recipes: a TOML file with everything that shapes a model.

#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "models/classifier.hpp"

namespace thimble {

/// A recipe as written, with the overrides applied: a tree of tables and values. The family's own
/// reader gives the values types and refuses what it does not know (models/settings.hpp).
struct Recipe {
  std::string name;         ///< "keras-cnn"
  std::string family;       ///< "neural"; which Classifier reads the rest
  std::string description;  ///< one sentence
  nlohmann::json settings;  ///< the tables of the file, without the three keys above
};

/// Opens a recipe by name (from the recipes folder) or by path to a .toml file.
/// @throws UsageError  if no recipe has that name; lists or suggests the known ones
/// @throws DataError   if the file is not valid TOML: names file, line and column
Recipe load_recipe(const std::string& name_or_path);

/// Reads a recipe's text. A table [run], which a run adds to its config.toml, is left out.
/// @param place  names the text in messages
/// @param name   the recipe's name unless the text has a key `name`
/// @throws DataError  if it is not valid TOML or lacks the family
Recipe parse_recipe(std::string_view text, const std::string& place, const std::string& name);

/// Applies one override, "optimizer.learning_rate=0.01". The value is read as TOML (number, bool,
/// string, array); what is not valid TOML is taken as a string: "optimizer.name=sgd".
/// @throws UsageError  if `assignment` has no "=" or an empty key, or leads through a plain value
void override_setting(Recipe& recipe, const std::string& assignment);

/// Sets the value under a key, "optimizer.learning_rate"; tables are made where there are none.
/// @throws UsageError  if the key leads through a plain value
void set_setting(Recipe& recipe, const std::string& key, nlohmann::json value);

/// The named recipes that load_recipe finds, by name.
std::vector<std::string> recipe_names();

/// The folder of the named recipes: THIMBLE_RECIPES, beside the program, or the installed one.
std::filesystem::path recipes_folder();

/// The recipe as a TOML file's text, every setting spelled out; for config.toml of a run.
std::string to_toml(const Recipe& recipe);

/// An untrained classifier as the recipe describes it.
/// @throws UsageError  if the family is unknown, or a setting is unknown or out of range; names the
///                     recipe
std::unique_ptr<Classifier> make_classifier(const Recipe& recipe);

}  // namespace thimble
