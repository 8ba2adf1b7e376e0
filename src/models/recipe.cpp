#include "models/recipe.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/shipped.hpp"
#include "base/text.hpp"
#include "models/recipe_toml.hpp"
#include "models/registry.hpp"

namespace thimble {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr std::uint64_t kLargestRecipe = 1'000'000;  // bytes; far more than anybody writes by hand

/// Takes a text at the top of the recipe out of `table`.
std::string take_text(json& table, const char* key, const std::string& place,
                      const std::string& fallback) {
  const auto found = table.find(key);
  if (found == table.end()) return fallback;
  if (!found->is_string()) throw DataError(place + ": " + key + " is not a text in quotes");
  std::string text = found->get<std::string>();
  table.erase(found);
  return text;
}

/// Where a key of that name stands inside the tables: "optimizer.learning_rate"; "" if nowhere.
std::string find_inside(const json& tables, const std::string& key) {
  for (const auto& [name, table] : tables.items()) {
    if (table.is_object() && table.contains(key)) return name + "." + key;
  }
  return "";
}

}  // namespace

fs::path recipes_folder() { return shipped_folder("recipes", "THIMBLE_RECIPES"); }

std::vector<std::string> recipe_names() {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(recipes_folder(), error)) {
    if (entry.path().extension() == ".toml") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Recipe parse_recipe(std::string_view text, const std::string& place, const std::string& name) {
  Recipe recipe;
  recipe.settings = parse_toml(text, place);
  recipe.name = take_text(recipe.settings, "name", place, name);
  recipe.family = take_text(recipe.settings, "family", place, "");
  recipe.description = take_text(recipe.settings, "description", place, "");
  recipe.settings.erase("run");
  if (recipe.family.empty()) {
    throw DataError(place + ": no family; expected a line such as family = \"neural\"");
  }
  return recipe;
}

Recipe load_recipe(const std::string& name_or_path) {
  fs::path path = name_or_path;
  if (path.extension() != ".toml" && name_or_path.find('/') == std::string::npos) {
    path = recipes_folder() / (name_or_path + ".toml");
    std::error_code error;
    if (name_or_path.empty() || !fs::exists(path, error)) {
      const std::vector<std::string> names = recipe_names();
      throw UsageError(names.empty()
                           ? "no recipes in " + recipes_folder().string() +
                                 "; set THIMBLE_RECIPES to their folder, or name a .toml file"
                           : unknown_name("recipe", name_or_path, names));
    }
  }
  return parse_recipe(read_file(path, kLargestRecipe), path.string(), path.stem().string());
}

void override_setting(Recipe& recipe, const std::string& assignment) {
  const std::size_t equals = assignment.find('=');
  if (equals == std::string::npos) {
    throw UsageError("'" + assignment + "' sets nothing; expected key=value, such as " +
                     "optimizer.learning_rate=0.01");
  }
  const std::string key(trim(std::string_view(assignment).substr(0, equals)));
  const std::string text(trim(std::string_view(assignment).substr(equals + 1)));
  const std::vector<std::string> parts = split(key, '.');
  if (std::any_of(parts.begin(), parts.end(),
                  [](const std::string& part) { return part.empty(); })) {
    throw UsageError("'" + assignment + "': empty key; expected key=value, such as " +
                     "optimizer.learning_rate=0.01");
  }
  if (parts.size() == 1 && !recipe.settings.contains(key)) {
    const std::string meant = find_inside(recipe.settings, key);
    if (!meant.empty()) {
      throw UsageError("unknown key '" + key + "'; did you mean '" + meant + "'?");
    }
  }
  set_setting(recipe, key, parse_toml_value(text).value_or(json(text)));
}

void set_setting(Recipe& recipe, const std::string& key, json value) {
  json* place = &recipe.settings;
  std::string path;
  for (const std::string& part : split(key, '.')) {
    if (!place->is_null() && !place->is_object()) {
      throw UsageError("'" + key + "': '" + path + "' is a value, not a table");
    }
    path += (path.empty() ? "" : ".") + part;
    place = &(*place)[part];
  }
  *place = std::move(value);
}

std::string to_toml(const Recipe& recipe) {
  json head = {{"name", recipe.name}, {"family", recipe.family}};
  if (!recipe.description.empty()) head["description"] = recipe.description;
  return to_toml(head) + to_toml(recipe.settings);
}

std::unique_ptr<Classifier> make_classifier(const Recipe& recipe) {
  try {
    return find_family(recipe.family).make(recipe);
  } catch (const UsageError& error) {
    throw UsageError("recipe " + recipe.name + ": " + error.what());
  }
}

}  // namespace thimble
