#include <algorithm>
#include <cctype>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/atomic_file.hpp"
#include "base/shipped.hpp"
#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/data_options.hpp"
#include "cli/quiet_progress.hpp"
#include "cli/writable.hpp"
#include "exploration/exploration.hpp"
#include "models/description.hpp"
#include "models/recipe.hpp"
#include "report/exploration_report.hpp"
#include "report/figures.hpp"
#include "report/html_page.hpp"
#include "report/report_text.hpp"
#include "report/web_files.hpp"

namespace thimble::cli {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  DataOptions data;
  std::string report;
  std::string figures;
  std::string json;
  bool labels = false;
  std::vector<std::string> label_models;
  bool no_map = false;
  std::uint64_t seed = 1;
  bool quiet = false;
};

std::unique_ptr<Progress> make_progress(const Arguments& arguments) {
  if (arguments.quiet) return std::make_unique<QuietProgress>();
  return std::make_unique<ConsoleProgress>("explore", "parts");
}

/// explore-shoes.html of "shoes/".
std::string default_report(const Provenance& provenance) {
  std::string name = provenance.name.empty() ? "data" : provenance.name;
  for (char& c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80 && !std::isalnum(byte) && c != '-' && c != '_' && c != '.') c = '-';
  }
  return "explore-" + name + ".html";
}

/// What can go wrong with the results is found out before there are any.
void require_targets(const Arguments& arguments) {
  require_writable_file(arguments.report);
  require_writable_file(arguments.json);
  require_writable_folder(arguments.figures);
  report::read_web_file("report.js");
  if (!arguments.figures.empty()) report::read_web_file("figures.js");
}

ExploreOptions explore_options(const Arguments& arguments, const Dataset& train) {
  ExploreOptions options;
  options.map = !arguments.no_map;
  options.labels = arguments.labels || !arguments.label_models.empty();
  options.seed = arguments.seed;
  options.map_pictures = report::map_pictures(train.images.shape());
  options.label_audit.seed = arguments.seed;
  for (const std::string& name : arguments.label_models) {
    options.label_audit.recipes.push_back(load_recipe(name));
  }
  return options;
}

std::string command_line(const Arguments& arguments) {
  std::string line = "thimble explore " + arguments.data.source;
  if (arguments.labels) line += " --labels";
  for (const std::string& model : arguments.label_models) line += " --label-model " + model;
  if (arguments.no_map) line += " --no-map";
  if (arguments.seed != 1) line += fmt::format(" --seed {}", arguments.seed);
  return line;
}

void write_json(const fs::path& path, const DatasetSplits& splits, const Exploration& found) {
  nlohmann::json figures = to_json(found);
  nlohmann::json data = {
      {"train", to_json(splits.train.provenance)},
      {"test", splits.test ? to_json(splits.test->provenance) : nlohmann::json()}};
  figures["data"] = std::move(data);
  figures["classes"] = splits.train.classes;
  figures["program_version"] = program_version();
  write_file(path, figures.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

std::string times_text(const Exploration& found, double seconds, const std::string& where) {
  std::vector<Exploration::Step> steps = found.steps;
  std::stable_sort(steps.begin(), steps.end(),
                   [](const auto& a, const auto& b) { return a.seconds > b.seconds; });
  std::string longest;
  for (const Exploration::Step& step : steps) {
    if (step.seconds < 0.05 * seconds) break;
    longest += fmt::format("{}{} {}", longest.empty() ? "" : ", ", step.name,
                           format_duration(step.seconds));
  }
  return fmt::format("\nexplored in {}{}\nreport in {} ({})\n", format_duration(seconds),
                     longest.empty() ? "" : " (" + longest + ")", where,
                     format_bytes(fs::file_size(where)));
}

void run(Arguments arguments) {
  catch_interrupts();
  const auto start = std::chrono::steady_clock::now();
  if (!arguments.report.empty()) require_targets(arguments);
  const DatasetSplits splits = load(arguments.data);
  if (arguments.report.empty()) {
    arguments.report = default_report(splits.train.provenance);
    require_targets(arguments);
  }
  const ExploreOptions options = explore_options(arguments, splits.train);
  const std::unique_ptr<Progress> progress = make_progress(arguments);
  const Exploration found = explore(splits, options, *progress);
  progress->update(1000, 1000, "writing the report");
  const report::Report report = report::exploration_report(splits, found,
                                                           {.command = command_line(arguments),
                                                            .published = is_published(splits),
                                                            .seed = arguments.seed});
  report::write_html(arguments.report, report);
  if (!arguments.figures.empty()) report::write_figures(arguments.figures, report);
  if (!arguments.json.empty()) write_json(arguments.json, splits, found);
  if (arguments.quiet) return;
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  std::cout << report::to_text(report) << times_text(found, taken.count(), arguments.report);
}

void add_options(CLI::App& command, Arguments& arguments) {
  command
      .add_option("source", arguments.data.source,
                  "Name (fashion-mnist, mnist, synthetic), folder of IDX files, CSV file or "
                  "folder, or folder of class folders")
      ->type_name("SOURCE")
      ->required();
  add_data_dir_option(command, arguments.data.data_dir);
  command
      .add_option("--report", arguments.report,
                  "Where to write the report; else explore-NAME.html in the current folder")
      ->type_name("FILE.html");
  command
      .add_option("--figures", arguments.figures,
                  "Also write the report's figures into this folder, as SVG and PNG")
      ->type_name("FOLDER");
  command
      .add_option("--json", arguments.json, "Also write all that was found to this file as JSON")
      ->type_name("FILE");
  command.add_flag("--labels", arguments.labels,
                   "Also look for wrong labels: trains models, which takes minutes");
  command
      .add_option("--label-model", arguments.label_models,
                  "Recipe of a model that judges the labels, instead of the default ones; may be "
                  "given several times; implies --labels")
      ->type_name("RECIPE")
      ->allow_extra_args(false);
  command.add_flag("--no-map", arguments.no_map, "Leave out the 2-D maps, which take the longest");
  command
      .add_option("--seed", arguments.seed,
                  "Another choice of samples, of pictures for the map and of folds")
      ->capture_default_str();
  command.add_flag("--quiet", arguments.quiet, "Write the files, print errors only");
}

}  // namespace

void add_explore_command(CLI::App& program) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program.add_subcommand(
      "explore",
      "Look at a data set: statistics, overlapping classes, a map, copies, wrong labels");
  add_options(*command, *arguments);
  command->footer(
      "Prints what it finds and writes one HTML file that needs no network.\n"
      "\n"
      "Examples:\n"
      "  thimble explore fashion-mnist\n"
      "  thimble explore fashion-mnist --labels       find wrong labels as well, in minutes\n"
      "  thimble explore shoes/ --report shoes.html --figures figures/ --json shoes.json\n"
      "  thimble explore mnist --label-model logistic judge labels by a quick model");
  command->callback([arguments] { run(*arguments); });
}

}  // namespace thimble::cli
