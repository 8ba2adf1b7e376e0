// What may be tried: for each key of a recipe a range or a list of values.
//
// As a file, a TOML that mirrors the recipe; a leaf is a range or a list:
//
//     [optimizer]
//     learning_rate = { low = 0.01, high = 1.0, scale = "log" }     # real
//     name = ["sgd", "adamw"]                                       # choice, of any plain values
//     momentum = { low = 0.8, high = 0.98, when = { "optimizer.name" = "sgd" } }
//
//     [training]
//     batch_size = { low = 32, high = 512, scale = "log", whole = true }   # integer
//     [augmentation]
//     shift_pixels = { low = 0, high = 4, step = 1 }                # a grid
//     [model]
//     stage_widths = [[16, 32, 64], [32, 64, 128]]                  # a choice of lists
//     pooling = { values = ["max", "average"], when = { "model.architecture" = ["cnn", "vgg"] } }
//
// A range with a step whose three numbers are whole gives whole numbers.

#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/random.hpp"
#include "models/recipe.hpp"

namespace thimble::tuning {

/// Values by recipe key, "optimizer.learning_rate": those that are in force. A parameter whose
/// condition does not hold is absent.
using Assignment = std::map<std::string, nlohmann::json>;

/// In force only where another parameter, which comes before it, has one of these values.
struct Condition {
  std::string key;
  std::vector<nlohmann::json> values;
};

struct Parameter {
  enum class Kind { real, integer, choice };
  std::string key;
  Kind kind = Kind::real;
  double low = 0;  ///< real and integer: both ends belong to the range
  double high = 0;
  bool log = false;                          ///< evenly spread in the logarithm
  double step = 0;                           ///< only low + k * step; 0: any, or any whole number
  std::vector<nlohmann::json> choices = {};  ///< of a choice
  std::optional<Condition> condition = {};
};

/// A value's place in its range: real and integer in [0, 1] on the parameter's scale; a choice's
/// index. Each of the values of an integer or a grid has a cell of [0, 1] and lies in its middle.
/// What is outside of the range is put at its end.
/// @throws UsageError  if the value is no number, or none of the choices; names the key
double to_unit(const Parameter& parameter, const nlohmann::json& value);
/// And back: the nearest that the parameter allows, a real number in about six digits.
nlohmann::json from_unit(const Parameter& parameter, double place);
/// The part of [0, 1] from which an integer's or a grid's value comes; nothing if each place gives
/// a number of its own, or for a choice.
std::optional<std::pair<double, double>> cell(const Parameter& parameter, double place);
/// How many values there are; nothing if any real number of the range is one.
std::optional<std::size_t> value_count(const Parameter& parameter);

/// The parameters, each behind the one that its condition names.
class SearchSpace {
 public:
  /// @throws UsageError  if there is no parameter, a range is empty or cannot have a logarithm, a
  ///                     list is empty or has a value twice, a condition names a parameter or value
  ///                     that is not there, or conditions go in a circle; names the key
  explicit SearchSpace(std::vector<Parameter> parameters);

  /// Reads a space's text.
  /// @param place  names the text in messages
  /// @throws DataError   if it is not valid TOML; names line and column
  /// @throws UsageError  as the constructor; starts with `place`
  static SearchSpace parse(std::string_view text, const std::string& place);

  const std::vector<Parameter>& parameters() const { return parameters_; }
  /// @throws UsageError  if there is none of that key; suggests the nearest
  const Parameter& parameter(const std::string& key) const;
  /// Whether the parameter's condition, and that of the one it names, holds.
  bool active(const Parameter& parameter, const Assignment& assignment) const;

  /// Drawn evenly, each parameter by itself.
  Assignment sample(Random& random) const;
  /// Number of different assignments; nothing if there is no end of them (or more than 2^53).
  std::optional<std::size_t> size() const;

  /// The space as `parse` reads it, for the study's folder and for comparing two of them.
  std::string to_toml() const;

 private:
  std::vector<Parameter> parameters_;
};

/// The space in a file, or the shipped one of a recipe's name.
/// @throws UsageError  if there is none; says for which recipes there are
/// @throws FileError, DataError  if it cannot be read
SearchSpace load_search_space(const std::string& name_or_path);
/// The recipes that have a shipped space, by name: recipes/spaces/<name>.toml.
std::vector<std::string> search_space_names();

/// The recipe with an assignment's values in it.
Recipe with_settings(Recipe recipe, const Assignment& assignment);

}  // namespace thimble::tuning
