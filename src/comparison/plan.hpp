// What is to be compared: which models, on which data.
//
// As a file, compare.toml:
//
//     data = ["fashion-mnist", "mnist"]   # as --data takes them; without it these two
//     seed = 1                            # of everything random; without it each recipe's own
//     quick = false
//
//     [[model]]
//     recipe = "cnn"                      # a recipe's name or file, trained on each data set
//     name = "cnn, 5 epochs"              # without it the recipe's name
//     settings = ["training.epochs=5"]    # as --set takes them
//
//     [[model]]
//     file = "runs/shoes"                 # a run's folder, a model file or a shipped model

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "models/recipe.hpp"

namespace thimble {

/// Training pictures of a quick comparison, a stratified sample, and what it cuts recipes down to.
inline constexpr std::size_t kQuickPictures = 10'000;
inline constexpr int kQuickEpochs = 8;
inline constexpr int kQuickEstimators = 100;

/// A model to compare: a recipe to train by, or a trained model to take as it is.
struct ComparisonEntry {
  std::string name;              ///< distinct within a plan
  std::optional<Recipe> recipe;  ///< every setting spelled out
  std::filesystem::path model;   ///< the model file, where there is no recipe
};

struct ComparisonPlan {
  std::vector<std::string> data;  ///< sources as data/source.hpp takes them
  std::vector<ComparisonEntry> entries;
  std::optional<std::uint64_t> seed;  ///< instead of the recipes' own
  bool quick = false;                 ///< on kQuickPictures, with fewer epochs and trees
  std::string command = {};           ///< what makes the figures again, for the record
};

/// What whoever compares asks for, in words.
struct ComparisonRequest {
  struct Model {
    std::string recipe;                 ///< name or file; or
    std::string file;                   ///< run folder, model file or shipped model
    std::string name = {};              ///< empty: the recipe's or the file's
    std::vector<std::string> settings;  ///< overrides of the recipe, "key=value"
  };
  std::vector<Model> models;
  std::vector<std::string> data;
  std::optional<std::uint64_t> seed;
  bool quick = false;
};

/// Reads a compare.toml.
/// @throws FileError, DataError  if it cannot be read or is no TOML
/// @throws UsageError            if a key is unknown or of the wrong type
ComparisonRequest read_comparison_request(const std::filesystem::path& path);

/// The recipes that are compared where nobody names any: from the cheapest baseline to the model
/// that ships, minutes in all.
std::span<const std::string> default_comparison_recipes();

/// Opens every recipe and model of a request, so that what is wrong with them is known before
/// anything is trained.
/// @throws UsageError            if there is no model or no data, a recipe or model is unknown, a
///                               setting is wrong, two models have one name
/// @throws FileError, DataError  if a recipe or model cannot be read
ComparisonPlan make_comparison_plan(const ComparisonRequest& request);

/// A plan as plan.json of a comparison's folder holds it, and back. Model files are known by their
/// SHA-256 as well.
/// @throws FileError, DataError, UsageError
nlohmann::json to_json(const ComparisonPlan& plan);
ComparisonPlan comparison_plan_from_json(const nlohmann::json& json, const std::string& place);

}  // namespace thimble
