// `thimble completion`: scripts that teach a shell to complete the program's words, and the man
// page, all generated from the commands themselves so that they cannot fall behind.
//
// The scripts share one idea: walk the words before the cursor to find the command being typed
// ("thimble data fetch"), then offer its commands and options; everything else is left to the
// shell's own completion of file names.

#include <functional>
#include <iostream>
#include <sstream>
#include <string>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "cli/command_tree.hpp"
#include "cli/commands.hpp"
#include "cli/man_page.hpp"

namespace thimble::cli {
namespace {

/// A shell word in single quotes, as bash and zsh read it.
std::string in_quotes(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

/// As fish reads it: there, quotes and backslashes are escaped within single quotes.
std::string fish_quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

/// 'thimble data' | 'thimble data fetch' | ...: every command below the program.
std::string path_patterns(const CommandInfo& root, const char* separator) {
  std::string text;
  for (const CommandInfo* command : all_commands(root)) {
    if (command != &root) text += (text.empty() ? "" : separator) + in_quotes(command->path);
  }
  return text;
}

/// Calls `write(command, option)` for every option that takes a value.
void for_each_value(const CommandInfo& root,
                    const std::function<void(const CommandInfo&, const OptionInfo&)>& write) {
  for (const CommandInfo* command : all_commands(root)) {
    for (const OptionInfo& option : command->options) {
      if (!option.value.empty()) write(*command, option);
    }
  }
}

std::string value_patterns(const CommandInfo& command, const OptionInfo& option) {
  std::string text;
  for (const std::string& name : option.names) {
    text += (text.empty() ? "" : "|") + in_quotes(command.path + " " + name);
  }
  return text;
}

std::string bash_script(const CommandInfo& root) {
  std::ostringstream out;
  out << "# bash completion for thimble. Load it with:  source <(thimble completion bash)\n"
         "_thimble() {\n"
         "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
         "  local place=thimble word words=\n"
         "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
         "    case \"$place $word\" in\n"
         "      "
      << path_patterns(root, "|")
      << ") place=\"$place $word\" ;;\n"
         "    esac\n"
         "  done\n"
         "  case \"$place $previous\" in\n";
  for_each_value(root, [&](const CommandInfo& command, const OptionInfo& option) {
    out << "    " << value_patterns(command, option) << ") COMPREPLY=($(compgen -W "
        << in_quotes(joined(option.choices)) << " -- \"$current\")); return ;;\n";
  });
  out << "  esac\n"
         "  case \"$place\" in\n";
  for (const CommandInfo* command : all_commands(root)) {
    std::vector<std::string> words;
    for (const CommandInfo& inner : command->commands) words.push_back(inner.name);
    std::vector<std::string> options;
    for (const OptionInfo& option : command->options) {
      options.insert(options.end(), option.names.begin(), option.names.end());
    }
    for (const OptionInfo& argument : command->arguments) {
      words.insert(words.end(), argument.choices.begin(), argument.choices.end());
    }
    out << "    " << in_quotes(command->path) << ")\n"
        << "      if [[ $current == -* ]]; then words=" << in_quotes(joined(options))
        << "; else words=" << in_quotes(joined(words)) << "; fi ;;\n";
  }
  out << "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
         "}\n"
         "complete -o default -F _thimble thimble\n";
  return out.str();
}

/// An item of zsh's _describe: word:description, colons escaped.
std::string zsh_item(const std::string& word, const std::string& description) {
  std::string text = word + ":";
  for (const char c : description) text += c == ':' ? std::string("\\:") : std::string(1, c);
  return in_quotes(text);
}

std::string zsh_script(const CommandInfo& root) {
  std::ostringstream out;
  out << "#compdef thimble\n"
         "# zsh completion for thimble. Load it with:  source <(thimble completion zsh)\n"
         "_thimble() {\n"
         "  local place=thimble word\n"
         "  local -a items\n"
         "  for word in ${words[2,CURRENT-1]}; do\n"
         "    case \"$place $word\" in\n"
         "      "
      << path_patterns(root, "|")
      << ") place=\"$place $word\" ;;\n"
         "    esac\n"
         "  done\n"
         "  case \"$place ${words[CURRENT-1]}\" in\n";
  for_each_value(root, [&](const CommandInfo& command, const OptionInfo& option) {
    out << "    " << value_patterns(command, option) << ") compadd -- " << joined(option.choices)
        << "; _files; return ;;\n";
  });
  out << "  esac\n"
         "  case \"$place\" in\n";
  for (const CommandInfo* command : all_commands(root)) {
    out << "    " << in_quotes(command->path) << ")\n"
        << "      if [[ ${words[CURRENT]} == -* ]]; then\n"
        << "        items=(";
    for (const OptionInfo& option : command->options) {
      for (const std::string& name : option.names) out << zsh_item(name, option.description) << " ";
    }
    out << ")\n        _describe option items\n      else\n        items=(";
    for (const CommandInfo& inner : command->commands) {
      out << zsh_item(inner.name, inner.description) << " ";
    }
    out << ")\n        _describe command items\n";
    for (const OptionInfo& argument : command->arguments) {
      if (!argument.choices.empty())
        out << "        compadd -- " << joined(argument.choices) << "\n";
    }
    if (!command->arguments.empty()) out << "        _files\n";
    out << "      fi ;;\n";
  }
  out << "  esac\n"
         "}\n"
         "if [[ ${funcstack[1]} == _thimble ]]; then _thimble \"$@\"; else compdef _thimble "
         "thimble; "
         "fi\n";
  return out.str();
}

std::string fish_script(const CommandInfo& root) {
  std::ostringstream out;
  out << "# fish completion for thimble. Load it with:  thimble completion fish | source\n"
         "function __thimble_at\n"
         "  set -l place thimble\n"
         "  for word in (commandline -opc)[2..-1]\n"
         "    switch \"$place $word\"\n"
         "      case "
      << path_patterns(root, " ")
      << "\n        set place \"$place $word\"\n"
         "    end\n"
         "  end\n"
         "  test \"$place\" = \"$argv\"\n"
         "end\n";
  for (const CommandInfo* command : all_commands(root)) {
    const std::string here =
        "complete -c thimble -n " + fish_quoted("__thimble_at " + command->path);
    if (command->arguments.empty()) out << here << " -f\n";
    for (const CommandInfo& inner : command->commands) {
      out << here << " -a " << inner.name << " -d " << fish_quoted(inner.description) << "\n";
    }
    for (const OptionInfo& argument : command->arguments) {
      if (!argument.choices.empty()) {
        out << here << " -a " << fish_quoted(joined(argument.choices)) << "\n";
      }
    }
    for (const OptionInfo& option : command->options) {
      out << here;
      for (const std::string& name : option.names) {
        out << (name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1));
      }
      if (!option.value.empty()) out << " -r -F";
      if (!option.choices.empty()) out << " -a " << fish_quoted(joined(option.choices));
      out << " -d " << fish_quoted(option.description) << "\n";
    }
  }
  return out.str();
}

using Generator = std::string (*)(const CommandInfo&);

void add_generator(CLI::App& completion, CLI::App& program, const char* name,
                   const char* description, const char* group, Generator generate) {
  completion.add_subcommand(name, description)->group(group)->callback([&program, generate] {
    std::cout << generate(command_tree(program));
  });
}

}  // namespace

void add_completion_command(CLI::App& program) {
  CLI::App* completion =
      program.add_subcommand("completion", "Print a script for completion in a shell");
  completion->require_subcommand(1);
  completion->footer(
      "Examples:\n"
      "  source <(thimble completion bash)          in ~/.bashrc\n"
      "  source <(thimble completion zsh)           in ~/.zshrc, after compinit\n"
      "  thimble completion fish > ~/.config/fish/completions/thimble.fish");
  const char* shells = "Subcommands";
  add_generator(*completion, program, "bash", "For bash", shells, bash_script);
  add_generator(*completion, program, "zsh", "For zsh", shells, zsh_script);
  add_generator(*completion, program, "fish", "For fish", shells, fish_script);
  // For docs/man/thimble.1; of no use to users, so the help does not list it.
  add_generator(*completion, program, "man", "The man page", "", man_page);
}

}  // namespace thimble::cli
