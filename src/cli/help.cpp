#include "cli/help.hpp"

#include <sstream>

#include "base/text.hpp"
#include "cli/command_tree.hpp"

namespace thimble::cli {
namespace {

constexpr std::size_t kWidth = 96;
constexpr std::size_t kTextColumn = 24;

/// A name at the left and its text at the right, the text wrapped at word ends.
std::string entry(const std::string& name, const std::string& text) {
  std::string out = "  " + name;
  const std::string margin(kTextColumn, ' ');
  if (out.size() + 2 > kTextColumn) {
    out += "\n" + margin;
  } else {
    out.resize(kTextColumn, ' ');
  }
  std::size_t column = kTextColumn;
  for (const std::string& word : split(text, ' ')) {
    if (column > kTextColumn && column + 1 + word.size() > kWidth) {
      out += "\n" + margin;
      column = kTextColumn;
    } else if (column > kTextColumn) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
  return out + "\n";
}

std::string text_of(const OptionInfo& option) {
  if (option.default_value.empty()) return option.description;
  return option.description + " (default: " + option.default_value + ")";
}

std::string name_of(const OptionInfo& option) {
  std::string text;
  for (const std::string& name : option.names) text += (text.empty() ? "" : ", ") + name;
  if (option.value.empty()) return text;
  return text + (text.empty() ? "" : " ") + option.value;
}

std::string usage_of(const CommandInfo& command) {
  std::string text = command.path + " [OPTIONS]";
  for (const OptionInfo& argument : command.arguments) {
    const std::string name = argument.value + (argument.repeats ? "..." : "");
    text += argument.required ? " " + name : " [" + name + "]";
  }
  if (!command.commands.empty()) text += " COMMAND";
  return text;
}

std::string path_above(const CLI::App& app) {
  const CLI::App* parent = app.get_parent();
  if (parent == nullptr) return "";
  const std::string above = path_above(*parent);
  return above.empty() ? parent->get_name() : above + " " + parent->get_name();
}

}  // namespace

std::string HelpFormatter::make_help(const CLI::App* app, std::string, CLI::AppFormatMode) const {
  const CommandInfo command = command_tree(*app, path_above(*app));
  std::ostringstream out;
  out << command.description << ".\n\nUsage: " << usage_of(command) << "\n";
  if (!command.commands.empty()) {
    out << "\nCommands:\n";
    for (const CommandInfo& inner : command.commands) out << entry(inner.name, inner.description);
  }
  if (!command.arguments.empty()) {
    out << "\nArguments:\n";
    for (const OptionInfo& argument : command.arguments) {
      out << entry(name_of(argument), text_of(argument));
    }
  }
  out << "\nOptions:\n";
  for (const OptionInfo& option : command.options) out << entry(name_of(option), text_of(option));
  if (!command.footer.empty()) out << "\n" << command.footer << "\n";
  return out.str();
}

}  // namespace thimble::cli
