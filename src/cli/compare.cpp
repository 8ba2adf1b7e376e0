#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/progress.hpp"
#include "base/shell_word.hpp"
#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/data_options.hpp"
#include "cli/evaluate.hpp"
#include "cli/output_folder.hpp"
#include "cli/quiet_progress.hpp"
#include "comparison/comparison_text.hpp"
#include "comparison/findings.hpp"
#include "comparison/runner.hpp"
#include "models/classifier.hpp"
#include "report/comparison_report.hpp"
#include "report/figures.hpp"
#include "report/html_page.hpp"
#include "report/web_files.hpp"

namespace thimble::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kComparisonsFolder = "comparisons";

struct Arguments {
  std::vector<std::string> recipes;
  std::vector<std::string> models;
  std::string config;
  std::vector<std::string> data;
  std::string data_dir;
  std::string out;
  bool quick = false;
  std::optional<std::uint64_t> seed;
  std::optional<int> threads;
  std::string json;
  std::string markdown;
  std::string report;
  std::string figures;
  bool quiet = false;

  /// Whether they say anything of what is to be compared.
  bool name_a_plan() const {
    return !recipes.empty() || !models.empty() || !config.empty() || !data.empty() || quick || seed;
  }
};

/// One line a training; its epochs would drown the rest.
class CellProgress : public ConsoleProgress {
 public:
  using ConsoleProgress::ConsoleProgress;
  void message(const std::string&) override {}
};

class ConsoleObserver : public ComparisonObserver {
 public:
  explicit ConsoleObserver(bool quiet) : quiet_(quiet) {}

  void note(const std::string& text) override { std::cerr << "note: " << text << "\n"; }

  std::unique_ptr<Progress> begin(const CellPlace& place) override {
    if (quiet_) return std::make_unique<QuietProgress>();
    return std::make_unique<CellProgress>(
        fmt::format("{}/{} {} {}", place.number, place.cells, place.data, place.model),
        place.family == "neural" ? "images" : "steps");
  }

  void finished(const CellPlace& place, const CellResult& result, double accuracy,
                bool kept) override {
    if (quiet_) return;
    std::string how = "taken as it is";
    if (result.training) how = "trained in " + time_text(result.training->seconds);
    if (kept) how += ", kept from before";
    std::cout << fmt::format("{:>2}/{} {:<14} {:<18} {:>8}  {}\n", place.number, place.cells,
                             place.data, place.model, percent_text(accuracy), how)
              << std::flush;
  }

 private:
  bool quiet_;
};

/// Where the trained models alone are compared: on what they were trained on.
std::vector<std::string> data_of(const std::vector<std::string>& models) {
  std::vector<std::string> sources;
  for (const std::string& model : models) {
    const std::string source = default_source(load_classifier(model)->description());
    if (std::ranges::find(sources, source) == sources.end()) sources.push_back(source);
  }
  return sources;
}

ComparisonRequest request_of(const Arguments& arguments) {
  ComparisonRequest request;
  if (!arguments.config.empty()) request = read_comparison_request(arguments.config);
  for (const std::string& recipe : arguments.recipes)
    request.models.push_back({recipe, "", "", {}});
  const bool only_models = request.models.empty() && !arguments.models.empty();
  for (const std::string& model : arguments.models) request.models.push_back({"", model, "", {}});
  if (request.models.empty()) {
    for (const std::string& recipe : default_comparison_recipes()) {
      request.models.push_back({recipe, "", "", {}});
    }
  }
  if (!arguments.data.empty()) request.data = arguments.data;
  if (request.data.empty()) {
    request.data = only_models ? data_of(arguments.models)
                               : std::vector<std::string>{"fashion-mnist", "mnist"};
  }
  if (arguments.seed) request.seed = arguments.seed;
  request.quick |= arguments.quick;
  return request;
}

/// "fashion-mnist-mnist"
std::string folder_name(const ComparisonPlan& plan) {
  return file_name_for(fmt::format("{}", fmt::join(plan.data, "-"))) + (plan.quick ? "-quick" : "");
}

/// What makes the figures again: the folder is where they are kept, not part of it.
std::string reproducing_command(const Arguments& arguments) {
  std::string text = "thimble compare";
  for (const std::string& model : arguments.models) text += " " + shell_word(model);
  if (!arguments.recipes.empty()) {
    text += " --recipes " + shell_word(fmt::format("{}", fmt::join(arguments.recipes, ",")));
  }
  if (!arguments.config.empty()) text += " --config " + shell_word(arguments.config);
  for (const std::string& source : arguments.data) text += " --data " + shell_word(source);
  if (arguments.seed) text += fmt::format(" --seed {}", *arguments.seed);
  return text + (arguments.quick ? " --quick" : "");
}

/// What was asked for, or where nothing was the comparison that the folder holds.
ComparisonPlan chosen_plan(const Arguments& arguments) {
  if (!arguments.out.empty() && !arguments.name_a_plan()) {
    if (auto plan = ComparisonFolder(arguments.out).read_plan()) return *std::move(plan);
  }
  ComparisonPlan plan = make_comparison_plan(request_of(arguments));
  plan.command = reproducing_command(arguments);
  return plan;
}

/// What is asked for at the end must not fail for a typing error after all the work.
void require_folder_of(const std::string& file, const char* option) {
  if (file.empty()) return;
  const fs::path folder = fs::path(file).parent_path();
  std::error_code error;
  if (folder.empty() || fs::is_directory(folder, error)) return;
  throw FileError(
      fmt::format("{} {}: the folder {} does not exist", option, file, folder.string()));
}

std::string resuming_command(const Arguments& arguments) {
  std::string text = "thimble compare --out " + shell_word(arguments.out);
  if (!arguments.data_dir.empty()) text += " --data-dir " + shell_word(arguments.data_dir);
  if (arguments.threads) text += fmt::format(" --threads {}", *arguments.threads);
  return text;
}

void write_report(const Comparison& comparison, const ComparisonPlan& plan,
                  const Arguments& arguments) {
  const bool asked = !arguments.report.empty() || !arguments.figures.empty();
  // The report that nobody asked for by name is left out by a build without the page.
  if (!asked && !report::has_web_file("report.js")) {
    std::cerr << "note: no report.html: this build of Thimble comes without the report page\n";
    return;
  }
  const report::Report document = report::comparison_report(comparison, plan.command);
  const std::string file = arguments.report.empty()
                               ? ComparisonFolder(arguments.out).report().string()
                               : arguments.report;
  report::write_html(file, document);
  if (!arguments.figures.empty()) report::write_figures(arguments.figures, document);
  if (!arguments.quiet) std::cout << "report     " << file << "\n";
}

void write_files(const Comparison& comparison, const ComparisonPlan& plan,
                 const Arguments& arguments) {
  const std::string figures = to_json(comparison).dump(2) + "\n";
  write_file(ComparisonFolder(arguments.out).figures(), figures);
  if (!arguments.json.empty()) write_file(arguments.json, figures);
  if (!arguments.markdown.empty()) {
    write_file(arguments.markdown, to_markdown(comparison, plan.command));
  }
  write_report(comparison, plan, arguments);
}

Comparison compare(const ComparisonPlan& plan, const Arguments& arguments) {
  ConsoleObserver observer(arguments.quiet);
  try {
    return run_comparison(plan, arguments.out, arguments.data_dir, observer);
  } catch (const Cancelled&) {
    throw Cancelled("stopped; what is finished is kept. Go on with:\n  " +
                    resuming_command(arguments));
  } catch (const FileError& error) {
    std::error_code ignored;
    if (!fs::exists(ComparisonFolder(arguments.out).plan(), ignored)) throw;
    throw FileError(fmt::format("{}\nWhat is finished is kept. When this is mended, run:\n  {}",
                                error.what(), resuming_command(arguments)));
  }
}

void run(Arguments arguments) {
  if (arguments.threads) set_thread_count(*arguments.threads);
  require_folder_of(arguments.json, "--json");
  require_folder_of(arguments.markdown, "--markdown");
  require_folder_of(arguments.report, "--report");
  const ComparisonPlan plan = chosen_plan(arguments);
  if (arguments.out.empty()) {
    arguments.out = free_folder(kComparisonsFolder, folder_name(plan)).string();
  }
  catch_interrupts();
  if (!arguments.quiet) {
    std::cout << fmt::format("comparing  {} {} on {}{}\nfolder     {}\n", plan.entries.size(),
                             plan.entries.size() == 1 ? "model" : "models",
                             fmt::join(plan.data, ", "), plan.quick ? " (quick)" : "",
                             arguments.out)
              << std::flush;
  }
  const Comparison comparison = compare(plan, arguments);
  if (!arguments.quiet) std::cout << to_text(comparison);
  write_files(comparison, plan, arguments);
}

void add_plan_options(CLI::App& command, Arguments& arguments) {
  command
      .add_option(
          "model", arguments.models,
          "Trained models to take as they are: run folders, model files or names of shipped "
          "models")
      ->type_name("MODEL");
  command
      .add_option("--recipes", arguments.recipes,
                  "Recipes to train, with commas between them; without it, and without models, " +
                      fmt::format("{}", fmt::join(default_comparison_recipes(), ",")))
      ->type_name("RECIPE,...")
      ->delimiter(',')
      ->allow_extra_args(false);
  command
      .add_option("--config", arguments.config,
                  "A compare.toml with models, settings and data (see the documentation of file "
                  "formats)")
      ->type_name("FILE.toml");
  command
      .add_option(
          "--data", arguments.data,
          "Data to compare on, as for 'train'; may be given again. Without it fashion-mnist "
          "and mnist, or what the trained models were trained on")
      ->type_name("SOURCE")
      ->allow_extra_args(false);
  add_data_dir_option(command, arguments.data_dir);
  command.add_flag("--quick", arguments.quick,
                   "Everything smaller: 10,000 training pictures, few epochs and trees; three "
                   "minutes for all default recipes");
  command.add_option("--seed", arguments.seed, "Seed of every training")->type_name("N");
  command.add_option("--threads", arguments.threads, "Threads to use; without it all cores")
      ->type_name("N");
}

void add_output_options(CLI::App& command, Arguments& arguments) {
  command
      .add_option("--out", arguments.out,
                  "Folder for the comparison; without it comparisons/<data>. One that holds this "
                  "comparison is gone on with")
      ->type_name("FOLDER");
  command.add_option("--json", arguments.json, "Write all figures to this file as JSON")
      ->type_name("FILE");
  command.add_option("--markdown", arguments.markdown, "Write the tables to this file as Markdown")
      ->type_name("FILE.md");
  command
      .add_option(
          "--report", arguments.report,
          "Write the report to this file; without it report.html in the comparison's folder")
      ->type_name("FILE.html");
  command
      .add_option("--figures", arguments.figures,
                  "Write the report's figures into this folder as SVG and PNG")
      ->type_name("FOLDER");
  command.add_flag("--quiet", arguments.quiet, "Print errors only");
}

}  // namespace

void add_compare_command(CLI::App& program) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program.add_subcommand(
      "compare", "Train and judge several models on the same data: which one to take");
  add_plan_options(*command, *arguments);
  add_output_options(*command, *arguments);
  command->footer(
      "Examples:\n"
      "  thimble compare --quick                           all of it in small, in three minutes\n"
      "  thimble compare                                   eleven recipes on two data sets\n"
      "  thimble compare --recipes svm,boost,cnn --data fashion-mnist\n"
      "  thimble compare runs/a runs/b --data shoes/       models that are there already\n"
      "  thimble compare --out comparisons/fashion-mnist-mnist    go on after Ctrl-C, or worse");
  command->callback([arguments] { run(*arguments); });
}

}  // namespace thimble::cli
