// The program's commands and options as plain data, for what is generated from them.

#pragma once

#include <string>
#include <vector>

#include <CLI/App.hpp>

namespace thimble::cli {

struct OptionInfo {
  std::vector<std::string> names;  ///< "-k", "--top"; empty for a positional argument
  std::string value;               ///< "K", "FILE"; empty for a flag
  std::string description;
  std::string default_value;
  std::vector<std::string> choices;  ///< values worth suggesting; files go besides
  bool required = false;
  bool repeats = false;  ///< takes any number of values
};

struct CommandInfo {
  std::string path;  ///< "thimble data fetch"
  std::string name;  ///< "fetch"
  std::string description;
  std::string footer;  ///< the examples
  std::vector<OptionInfo> options;
  std::vector<OptionInfo> arguments;
  std::vector<CommandInfo> commands;
};

/// All that is not hidden, from `command` down. `path_above` is what comes before its name: "" for
/// the program itself.
CommandInfo command_tree(const CLI::App& command, const std::string& path_above = "");

/// The command and all below it, in the order of the help.
std::vector<const CommandInfo*> all_commands(const CommandInfo& root);

}  // namespace thimble::cli
