// Reading options out of a recipe, so that a typing error is an error.

#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace thimble {

/// One table of a recipe. Every key must be read by somebody: finish() refuses the others and
/// suggests the nearest known one.
///
///     Settings table(recipe.at("optimizer"), "optimizer");
///     table.read("learning_rate", options.learning_rate);   // keeps the default if absent
///     table.finish();
///
/// @throws UsageError  from read(): wrong type ("optimizer.learning_rate: got \"fast\", expected a
///                     number"); from finish(): unknown key, with the nearest known one
class Settings {
 public:
  /// @param table  a JSON object, or null for an empty one
  /// @param path   where the table is, for messages: "optimizer"; "" at the top
  Settings(const nlohmann::json& table, std::string path);

  void read(std::string_view key, double& value);
  void read(std::string_view key, int& value);
  void read(std::string_view key, std::uint64_t& value);
  void read(std::string_view key, bool& value);
  void read(std::string_view key, std::string& value);
  void read(std::string_view key, std::vector<std::string>& value);
  /// A list of whole numbers; one alone is a list of one.
  void read(std::string_view key, std::vector<int>& value);
  /// A whole number, a number or a word, for keys that take either; the caller refuses what does
  /// not suit.
  void read(std::string_view key, nlohmann::json& value);
  /// A string that must be one of `choices`.
  void read_choice(std::string_view key, std::string& value,
                   const std::vector<std::string>& choices);
  /// A table inside this one (null if absent), for a Settings of its own.
  const nlohmann::json& table(std::string_view key);
  bool has(std::string_view key) const;
  /// Throws UsageError "path.key: <problem>".
  [[noreturn]] void refuse(std::string_view key, const std::string& problem) const;
  void finish() const;

 private:
  int whole_number(std::string_view key, const nlohmann::json& value) const;
  const nlohmann::json* find(std::string_view key);
  std::string full(std::string_view key) const;

  const nlohmann::json& table_;
  std::string path_;
  std::set<std::string, std::less<>> known_;
};

}  // namespace thimble
