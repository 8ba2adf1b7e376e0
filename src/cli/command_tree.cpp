#include "cli/command_tree.hpp"

#include "base/text.hpp"
#include "data/source.hpp"
#include "models/recipe.hpp"
#include "models/shipped.hpp"

namespace thimble::cli {
namespace {

/// CLI11 writes the choices of CLI::IsMember into the type: "TEXT:{table,csv,jsonl}".
std::vector<std::string> choices_of(const CLI::Option& option) {
  if (option.check_lname("recipe")) return recipe_names();
  if (option.check_lname("data")) return dataset_names();
  if (option.get_positional() && option.check_name("model")) return shipped_model_names();
  const std::string type = option.get_type_name();
  const std::size_t begin = type.find('{');
  const std::size_t end = type.find('}');
  if (begin == std::string::npos || end == std::string::npos || end < begin) return {};
  return split(std::string_view(type).substr(begin + 1, end - begin - 1), ',');
}

OptionInfo option_info(const CLI::Option& option) {
  OptionInfo info;
  for (const std::string& name : option.get_snames()) info.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) info.names.push_back("--" + name);
  if (option.get_positional()) info.names.clear();
  if (option.get_items_expected_max() > 0) {
    const std::string type = option.get_type_name();  // "K:INT in [1 - 9]" with a validator
    info.value = type.substr(0, type.find(':'));
    if (info.value.empty()) info.value = "VALUE";
  }
  info.description = option.get_description();
  info.default_value = option.get_default_str();
  info.choices = choices_of(option);
  info.required = option.get_required();
  info.repeats = option.get_items_expected_max() > 1;
  return info;
}

CommandInfo command_info(const CLI::App& app, const std::string& parent) {
  CommandInfo info;
  info.name = app.get_name();
  info.path = parent.empty() ? info.name : parent + " " + info.name;
  info.description = app.get_description();
  info.footer = app.get_footer();
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;
    (option->get_positional() ? info.arguments : info.options).push_back(option_info(*option));
  }
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!command->get_group().empty()) info.commands.push_back(command_info(*command, info.path));
  }
  return info;
}

void collect(const CommandInfo& command, std::vector<const CommandInfo*>& all) {
  all.push_back(&command);
  for (const CommandInfo& inner : command.commands) collect(inner, all);
}

}  // namespace

CommandInfo command_tree(const CLI::App& command, const std::string& path_above) {
  return command_info(command, path_above);
}

std::vector<const CommandInfo*> all_commands(const CommandInfo& root) {
  std::vector<const CommandInfo*> all;
  collect(root, all);
  return all;
}

}  // namespace thimble::cli
