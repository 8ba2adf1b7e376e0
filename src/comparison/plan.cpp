#include "comparison/plan.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/json_number.hpp"
#include "base/text.hpp"
#include "models/recipe_toml.hpp"
#include "models/settings.hpp"
#include "models/shipped.hpp"

namespace thimble {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr int kFormat = 1;
constexpr std::uint64_t kLargestRequest = 1'000'000;  // bytes

ComparisonRequest::Model read_model(const json& table, const std::string& path) {
  ComparisonRequest::Model model;
  Settings settings(table, path);
  settings.read("recipe", model.recipe);
  settings.read("file", model.file);
  settings.read("name", model.name);
  settings.read("settings", model.settings);
  settings.finish();
  if (model.recipe.empty() == model.file.empty()) {
    throw UsageError(path + ": expected either recipe = \"...\" or file = \"...\"");
  }
  if (!model.file.empty() && !model.settings.empty()) {
    settings.refuse("settings", "a trained model has none to change; name a recipe");
  }
  return model;
}

/// Takes the list of tables out of the document: Settings knows tables and values.
std::vector<ComparisonRequest::Model> take_models(json& document) {
  std::vector<ComparisonRequest::Model> models;
  const auto found = document.find("model");
  if (found == document.end()) return models;
  if (!found->is_array()) {
    throw UsageError("model: expected a list of tables, each beginning with [[model]]");
  }
  for (const json& table : *found) {
    models.push_back(read_model(table, fmt::format("model {}", models.size() + 1)));
  }
  document.erase(found);
  return models;
}

/// Lowers a setting that is larger than a quick comparison has time for.
void lower(json& settings, const char* table, const char* key, int most) {
  if (!settings.contains(table) || !settings[table].contains(key)) return;
  json& value = settings[table][key];
  if (value.is_number() && value.get<double>() > most) value = most;
}

/// The recipe with every setting spelled out, so that a later change of a default shows.
Recipe spelled_out(Recipe recipe) {
  recipe.settings = make_classifier(recipe)->description().recipe;
  return recipe;
}

ComparisonEntry recipe_entry(const ComparisonRequest::Model& model,
                             const ComparisonRequest& request) {
  Recipe recipe = load_recipe(model.recipe);
  for (const std::string& setting : model.settings) override_setting(recipe, setting);
  if (request.seed) recipe.settings["training"]["seed"] = *request.seed;
  recipe = spelled_out(std::move(recipe));
  if (request.quick) {
    lower(recipe.settings, "training", "epochs", kQuickEpochs);
    lower(recipe.settings, "model", "n_estimators", kQuickEstimators);
    recipe = spelled_out(std::move(recipe));
  }
  return {model.name.empty() ? recipe.name : model.name, std::move(recipe), {}};
}

/// What a model file is called: by its run's folder, else by its own name; an ONNX file by all of
/// it, to be told from the model that it was exported from.
std::string name_of(const fs::path& file) {
  if (is_onnx(file)) return file.filename().string();
  const fs::path folder = file.parent_path().filename();
  return file.stem() == "model" && !folder.empty() ? folder.string() : file.stem().string();
}

ComparisonEntry model_entry(const ComparisonRequest::Model& model) {
  std::error_code unresolved;
  const fs::path found = find_model(model.file);
  const fs::path file = fs::weakly_canonical(found, unresolved);
  return {model.name.empty() ? name_of(file) : model.name, std::nullopt, unresolved ? found : file};
}

/// Names distinguish rows of tables and, as file names, folders.
void require_distinct_names(const ComparisonPlan& plan) {
  std::set<std::string> files;
  for (const ComparisonEntry& entry : plan.entries) {
    if (files.insert(file_name_for(entry.name)).second) continue;
    throw UsageError(fmt::format(
        "two of the models are called '{}'; give one another name in a --config file", entry.name));
  }
}

std::string digest_of(const fs::path& file) {
  const std::string content = read_file(file);
  return sha256_hex(std::as_bytes(std::span(content)));
}

}  // namespace

ComparisonRequest read_comparison_request(const fs::path& path) {
  json document = parse_toml(read_file(path, kLargestRequest), path.string());
  ComparisonRequest request;
  try {
    request.models = take_models(document);
    Settings settings(document, "");
    (void)settings.table("model");  // taken above, and a key to suggest
    settings.read("data", request.data);
    settings.read("quick", request.quick);
    std::uint64_t seed = 0;
    settings.read("seed", seed);
    if (settings.has("seed")) request.seed = seed;
    settings.finish();
  } catch (const UsageError& error) {
    throw UsageError(path.string() + ": " + error.what());
  }
  return request;
}

std::span<const std::string> default_comparison_recipes() {
  static const std::vector<std::string> names{"naive-bayes", "logistic",  "tree",  "forest",
                                              "knn",         "svm",       "boost", "hog-svm",
                                              "mlp",         "keras-cnn", "cnn"};
  return names;
}

ComparisonPlan make_comparison_plan(const ComparisonRequest& request) {
  if (request.models.empty()) throw UsageError("nothing to compare: no recipe and no model named");
  if (request.data.empty()) throw UsageError("nothing to compare on: no data named");
  ComparisonPlan plan;
  plan.data = request.data;
  plan.seed = request.seed;
  plan.quick = request.quick;
  for (const ComparisonRequest::Model& model : request.models) {
    plan.entries.push_back(model.recipe.empty() ? model_entry(model)
                                                : recipe_entry(model, request));
  }
  require_distinct_names(plan);
  return plan;
}

json to_json(const ComparisonPlan& plan) {
  json models = json::array();
  for (const ComparisonEntry& entry : plan.entries) {
    json model = {{"name", entry.name}};
    if (entry.recipe) {
      model["recipe"] = {{"name", entry.recipe->name},
                         {"family", entry.recipe->family},
                         {"settings", entry.recipe->settings}};
    } else {
      model["file"] = entry.model.string();
      model["sha256"] = digest_of(entry.model);
    }
    models.push_back(std::move(model));
  }
  return {{"format", kFormat},
          {"data", plan.data},
          {"seed", plan.seed ? json(*plan.seed) : json()},
          {"quick", plan.quick},
          {"command", plan.command},
          {"models", std::move(models)}};
}

ComparisonPlan comparison_plan_from_json(const json& document, const std::string& place) {
  try {
    if (document.at("format") != kFormat) {
      throw DataError(fmt::format("{}: a comparison of format {}; this program knows {}", place,
                                  document.at("format").dump(), kFormat));
    }
    ComparisonPlan plan;
    plan.data = document.at("data").get<std::vector<std::string>>();
    if (!document.at("seed").is_null()) {
      plan.seed = whole_number<std::uint64_t>(document, "seed", place);
    }
    plan.quick = document.at("quick").get<bool>();
    plan.command = document.value("command", "");
    for (const json& model : document.at("models")) {
      ComparisonEntry entry;
      entry.name = model.at("name").get<std::string>();
      if (model.contains("recipe")) {
        const json& recipe = model.at("recipe");
        entry.recipe = Recipe{recipe.at("name").get<std::string>(),
                              recipe.at("family").get<std::string>(), "", recipe.at("settings")};
      } else {
        entry.model = model.at("file").get<std::string>();
      }
      plan.entries.push_back(std::move(entry));
    }
    return plan;
  } catch (const json::exception& error) {
    throw DataError(fmt::format("{}: not the plan of a comparison: {}", place, error.what()));
  }
}

}  // namespace thimble
