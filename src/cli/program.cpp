#include "cli/program.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <iostream>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>

#include "base/error.hpp"
#include "base/isa.hpp"
#include "base/shipped.hpp"
#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/help.hpp"

namespace thimble::cli {
namespace {

constexpr int kFailed = 1;
constexpr int kWrongUsage = 2;

void add_commands(CLI::App& program) {
  program.set_version_flag(
      "--version", [] { return "thimble " + program_version() + " (" + to_string(isa()) + ")"; },
      "Print the version, and the instruction set that is used");
  // Before the commands are added: they take over the formatter.
  program.formatter(std::make_shared<HelpFormatter>());
  program.set_help_flag("-h,--help", "Print this help");
  program.require_subcommand(0, 1);
  program.footer(
      "Examples:\n"
      "  thimble train                              train the default model on Fashion-MNIST\n"
      "  thimble evaluate runs/cnn-fashion-mnist    judge it on the test set\n"
      "  thimble predict runs/cnn-fashion-mnist photo.png\n"
      "  thimble serve                              a page and an HTTP API\n"
      "\n"
      "'thimble COMMAND --help' tells more, with examples.");
  add_data_command(program);
  add_explore_command(program);
  add_train_command(program);
  add_tune_command(program);
  add_evaluate_command(program);
  add_compare_command(program);
  add_transfer_command(program);
  add_predict_command(program);
  add_features_command(program);
  add_export_command(program);
  add_serve_command(program);
  add_model_command(program);
  add_completion_command(program);
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!command->get_group().empty()) names.push_back(command->get_name());
  }
  return names;
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

/// The command that the arguments name, as far as they name one; moves `next` past its words.
const CLI::App* find_command(const CLI::App& program, const std::vector<std::string>& arguments,
                             std::size_t& next) {
  const CLI::App* command = &program;
  for (next = 0; next < arguments.size(); ++next) {
    const CLI::App* inner = nullptr;
    for (const CLI::App* candidate : command->get_subcommands([](const CLI::App*) { return true; }))
      if (candidate->get_name() == arguments[next]) inner = candidate;
    if (inner == nullptr) break;
    command = inner;
  }
  return command;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string full_name(const CLI::App& command) {
  return command.get_parent() ? full_name(*command.get_parent()) + " " + command.get_name()
                              : command.get_name();
}

/// What CLI11 says of wrong arguments, or something more helpful for a slip of the hand.
std::string explain(const CLI::App& program, const std::vector<std::string>& arguments,
                    const CLI::ParseError& error) {
  std::size_t next = 0;
  const CLI::App* command = find_command(program, arguments, next);
  const std::vector<std::string> commands = command_names(*command);
  if (next < arguments.size() && !commands.empty() && !arguments[next].starts_with('-')) {
    return unknown_name("command", arguments[next], commands);
  }
  if (next == arguments.size() && !commands.empty()) {
    return "'" + full_name(*command) + "' needs a command: " + joined(commands);
  }
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    const std::vector<std::string> options = option_names(*command);
    for (; next < arguments.size() && arguments[next] != "--"; ++next) {
      const std::string word = arguments[next].substr(0, arguments[next].find('='));
      if (!word.starts_with("--")) continue;
      if (std::find(options.begin(), options.end(), word) != options.end()) continue;
      const std::string meant = nearest(word, options);
      return "unknown option '" + word + "'" +
             (meant.empty() ? "" : "; did you mean '" + meant + "'?");
    }
  }
  return error.what();
}

int report(const std::string& message, int status) {
  std::cout.flush();
  std::cerr << "thimble: " << message << "\n";
  return status;
}

int report_usage(const CLI::App& program, const std::vector<std::string>& arguments,
                 const CLI::ParseError& error) {
  std::size_t next = 0;
  const CLI::App* command = find_command(program, arguments, next);
  return report("error: " + explain(program, arguments, error) + "\nRun '" + full_name(*command) +
                    " --help' for the arguments and examples.",
                kWrongUsage);
}

int run_checked(CLI::App& program, const std::vector<std::string>& arguments) {
  try {
    isa();  // before anything is done for a THIMBLE_ISA that makes no sense
    // CLI11 takes the words from the end.
    program.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    return 0;
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return program.exit(error);  // --help, --version
    return report_usage(program, arguments, error);
  } catch (const UsageError& error) {
    return report(std::string("error: ") + error.what(), kWrongUsage);
  } catch (const Cancelled& error) {
    return report(error.what(), kFailed);
  } catch (const std::bad_alloc&) {
    return report("error: out of memory", kFailed);
  } catch (const std::exception& error) {
    return report(std::string("error: ") + error.what(), kFailed);
  }
}

}  // namespace

int run(int argc, char** argv) {
  // `thimble predict ... | head` ends here without a word, as other programs do, even where the
  // parent process ignores the signal.
  std::signal(SIGPIPE, SIG_DFL);

  CLI::App program("Trains, judges and serves classifiers of small product pictures", "thimble");
  add_commands(program);
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  if (arguments.empty()) {
    std::cout << program.help();
  } else if (const int status = run_checked(program, arguments); status != 0) {
    return status;
  }
  std::cout.flush();
  if (!std::cout || std::fflush(stdout) != 0 || std::ferror(stdout)) {
    return report("error: standard output: cannot write (is the disk full?)", kFailed);
  }
  return 0;
}

}  // namespace thimble::cli
