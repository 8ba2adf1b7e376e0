#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/error.hpp"
#include "base/free_memory.hpp"
#include "base/parallel.hpp"
#include "base/progress.hpp"
#include "base/shell_word.hpp"
#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/data_options.hpp"
#include "cli/output_folder.hpp"
#include "cli/quiet_progress.hpp"
#include "cli/tune_output.hpp"
#include "cli/writable.hpp"
#include "report/html_page.hpp"
#include "report/study_report.hpp"
#include "report/web_files.hpp"
#include "tuning/budget.hpp"
#include "tuning/study_plan.hpp"
#include "tuning/study_runner.hpp"
#include "tuning/winner.hpp"

namespace thimble::cli {
namespace {

namespace fs = std::filesystem;
using tuning::Study;
using tuning::StudyPaths;
using tuning::StudyPlan;

constexpr const char* kStudiesFolder = "studies";

struct Arguments {
  std::string recipe;
  std::vector<std::string> settings;
  std::string space;
  std::optional<int> epochs;
  std::string data;
  std::string data_dir;
  std::string budget;
  std::string method;
  std::string stopping;
  std::string metric;
  std::optional<std::uint64_t> seed;
  std::optional<int> jobs;
  std::optional<int> threads;
  bool no_baseline = false;
  bool no_refit = false;
  bool resume = false;
  bool quiet = false;
  std::string out;
  std::string report;
};

/// The study in studies/ that was worked at last.
fs::path latest_study() {
  const auto latest = latest_folder(kStudiesFolder, StudyPaths({}).clock());
  if (latest) return *latest;
  throw UsageError("nothing to resume in studies/; name the study's folder with --out");
}

/// Puts what was given on the command line in the place of `value`.
void take(const std::string& given, std::string& value) {
  if (!given.empty()) value = given;
}

tuning::StudyRequest request_of(const Arguments& arguments) {
  tuning::StudyRequest request;
  take(arguments.recipe, request.recipe);
  take(arguments.method, request.sampler);
  take(arguments.metric, request.metric);
  take(arguments.budget, request.budget);
  request.settings = arguments.settings;
  request.space = arguments.space;
  request.epochs = arguments.epochs;
  request.stopping = arguments.stopping;
  request.seed = arguments.seed.value_or(request.seed);
  request.baseline = !arguments.no_baseline;
  request.jobs = arguments.jobs.value_or(0);
  request.data = arguments.data.empty() ? DataOptions().source : arguments.data;
  request.data_dir = arguments.data_dir;
  return request;
}

/// The plan that the folder holds, with what was given again: open_study() refuses what may not
/// change.
StudyPlan kept_plan(const Arguments& arguments) {
  if (!arguments.settings.empty() || arguments.epochs || !arguments.space.empty() ||
      arguments.no_baseline) {
    throw UsageError(
        "--resume takes up the study as it was begun; leave out --set, --epochs, --space and "
        "--no-baseline, or repeat the whole command with --recipe");
  }
  StudyPlan plan = tuning::load_study(arguments.out).plan;
  take(arguments.data, plan.data);
  take(arguments.data_dir, plan.data_dir);
  take(arguments.method, plan.sampler);
  take(arguments.stopping, plan.stopping);
  take(arguments.metric, plan.metric);
  take(arguments.budget, plan.budget);
  (void)tuning::parse_budget(plan.budget);
  plan.seed = arguments.seed.value_or(plan.seed);
  plan.jobs = arguments.jobs.value_or(plan.jobs);
  return plan;
}

std::string resume_command(const Arguments& arguments) {
  std::string text = "thimble tune --resume --out " + shell_word(arguments.out);
  if (arguments.threads) text += fmt::format(" --threads {}", *arguments.threads);
  if (arguments.no_refit) text += " --no-refit";
  return text;
}

std::string head_text(const StudyPlan& plan, const Dataset& train, const std::string& folder) {
  const std::optional<int> epochs = tuning::epochs_of(plan.recipe);
  const tuning::CoreShares shares =
      tuning::share_cores(plan.recipe, thread_count(), plan.jobs, free_memory_bytes());
  const auto parameters = tuning::SearchSpace::parse(plan.space_toml, "space").parameters().size();
  return fmt::format(
      "data       {}: {} training pictures, {:.0f} % of them kept aside to judge trials by\n"
      "recipe     {} ({}){}\n"
      "search     {} settings by {}, stopping {}; {}, {} with {} {} each\n"
      "study      {}\n",
      train.provenance.name, format_count(train.size()), 100 * plan.validation_fraction,
      plan.recipe.name, plan.recipe.family,
      epochs ? fmt::format(", {} epochs a trial", *epochs) : "", parameters, plan.sampler,
      plan.stopping, to_text(tuning::parse_budget(plan.budget)),
      shares.jobs == 1 ? "one trial at a time" : fmt::format("{} trials side by side", shares.jobs),
      shares.threads, shares.threads == 1 ? "thread" : "threads", folder);
}

/// Trains the winner on everything and tells how it did on the test set.
void refit(Study& study, DatasetSplits splits, const Arguments& arguments, bool tested_before,
           std::ostream& out) {
  std::unique_ptr<Progress> progress = std::make_unique<QuietProgress>();
  if (!arguments.quiet) {
    progress = std::make_unique<ConsoleProgress>(
        "refit", study.plan.recipe.family == "neural" ? "images" : "steps");
  }
  const tuning::RefitOutcome outcome =
      tuning::refit_winner(study, arguments.out, std::move(splits), progress.get());
  progress.reset();
  for (const std::string& note : outcome.notes) std::cerr << "note: " << note << "\n";
  if (tested_before) {
    std::cerr << "note: the test set was looked at before, for an earlier winner of this study\n";
  }
  study.refit = outcome.refit;
  const tuning::Refit& done = outcome.refit;
  out << fmt::format("\nrefit      on all {} training pictures in {}\n",
                     format_count(done.pictures), format_duration(done.seconds));
  if (done.test_accuracy) {
    out << fmt::format("test       accuracy {:.2f} % (95 % interval {:.2f} to {:.2f})\n",
                       100 * *done.test_accuracy, 100 * *done.test_accuracy_low,
                       100 * *done.test_accuracy_high);
  } else {
    out << "test       the data has no test split; judge the model on other data:\n"
        << "           thimble evaluate " << shell_word(StudyPaths(arguments.out).winner())
        << " --data SOURCE\n";
  }
}

/// What makes the figures again: the folder is where they are kept, not part of it.
std::string reproducing_command(const StudyPlan& plan, const Arguments& arguments) {
  std::string text = "thimble tune --recipe " +
                     shell_word(arguments.recipe.empty() ? plan.recipe.name : arguments.recipe);
  for (const std::string& setting : arguments.settings) text += " --set " + shell_word(setting);
  if (!arguments.space.empty()) text += " --space " + shell_word(arguments.space);
  if (const auto epochs = tuning::epochs_of(plan.recipe)) {
    text += fmt::format(" --epochs {}", *epochs);
  }
  text += fmt::format(" --data {} --budget {} --method {} --stopping {} --metric {} --seed {}",
                      shell_word(plan.data), plan.budget, plan.sampler, plan.stopping, plan.metric,
                      plan.seed);
  if (plan.jobs != 0) text += fmt::format(" --jobs {}", plan.jobs);
  return text + (plan.baseline ? "" : " --no-baseline");
}

void write_report(const Study& study, const Arguments& arguments, std::ostream& out) {
  // The report that nobody asked for by name is left out by a build without the page.
  if (arguments.report.empty() && !report::has_web_file("report.js")) {
    std::cerr << "note: no report.html: this build of Thimble comes without the report page\n";
    return;
  }
  const std::string file =
      arguments.report.empty() ? StudyPaths(arguments.out).report().string() : arguments.report;
  report::write_html(file, report::study_report(study, study.plan.command));
  out << "report     " << file << "\n";
}

std::string next_steps(const Study& study, const Arguments& arguments) {
  const StudyPaths paths(arguments.out);
  std::string text = fmt::format("recipe     {}\n", paths.winner_recipe().string());
  if (study.refit) {
    text += fmt::format("model      {}\n", (paths.folder / study.refit->model).string());
  }
  text += fmt::format("\nNext:\n  thimble train --recipe {}\n", shell_word(paths.winner_recipe()));
  if (study.refit) {
    text += fmt::format("  thimble evaluate {}\n", shell_word(paths.winner()));
  }
  return text + fmt::format("  thimble tune --resume --out {} --budget 2h    to go on searching\n",
                            shell_word(arguments.out));
}

void search_and_refit(const StudyPlan& plan, DatasetSplits splits, const Arguments& arguments,
                      std::ostream& out) {
  Study study;
  {
    TuneObserver observer(arguments.quiet, plan.metric);
    study = tuning::run_study(arguments.out, splits.train, observer);
  }
  const bool tested_before = tuning::write_winner_recipe(study, arguments.out);
  out << "\n" << trials_text(study) << "; " << winner_table(study) << std::flush;
  if (!arguments.no_refit) refit(study, std::move(splits), arguments, tested_before, out);
  write_report(study, arguments, out);
  out << next_steps(study, arguments);
}

void run(Arguments arguments) {
  if (arguments.threads) set_thread_count(*arguments.threads);
  if (arguments.resume && arguments.out.empty()) arguments.out = latest_study().string();
  if (!arguments.resume && !arguments.out.empty() && tuning::holds_study(arguments.out)) {
    throw UsageError(arguments.out +
                     ": holds a study already; choose another --out, or go on with it: --resume");
  }
  require_writable_file(arguments.report);
  require_writable_folder(arguments.out);

  const bool kept = arguments.resume && arguments.recipe.empty();
  StudyPlan plan;
  if (kept) plan = kept_plan(arguments);
  const tuning::StudyRequest request = request_of(arguments);
  DatasetSplits splits = kept ? load(DataOptions{plan.data, plan.data_dir})
                              : load(DataOptions{request.data, request.data_dir});
  if (kept) {
    plan.data_fingerprint = splits.train.provenance.fingerprint;
  } else {
    plan = tuning::make_study_plan(request, splits.train);
    plan.command = reproducing_command(plan, arguments);
  }
  if (arguments.out.empty()) {
    const std::string name = plan.recipe.name + "-" + splits.train.provenance.name;
    arguments.out = free_folder(kStudiesFolder, file_name_for(name)).string();
  }
  tuning::open_study(arguments.out, plan, arguments.resume);
  catch_interrupts();
  std::ostream silent(nullptr);
  std::ostream& out = arguments.quiet ? silent : std::cout;
  out << head_text(plan, splits.train, arguments.out) << std::flush;
  try {
    search_and_refit(plan, std::move(splits), arguments, out);
  } catch (const Cancelled&) {
    throw Cancelled("stopped; what is finished is kept. Go on with:\n  " +
                    resume_command(arguments));
  } catch (const FileError& error) {
    throw FileError(fmt::format("{}\nWhat is finished is kept. When this is mended, run:\n  {}",
                                error.what(), resume_command(arguments)));
  }
}

void add_search_options(CLI::App& command, Arguments& arguments) {
  command
      .add_option("--recipe", arguments.recipe,
                  "What to begin with: name or .toml file; without it cnn, or with --resume the "
                  "study's own")
      ->type_name("RECIPE");
  command
      .add_option("--space", arguments.space,
                  "What to try: a .toml file with ranges and choices for keys of the recipe, or a "
                  "recipe's name; without it the one that ships for the recipe")
      ->type_name("SPACE");
  command
      .add_option("--budget", arguments.budget,
                  "How long to search, 90s, 30m or 2h, or how many trials, 40trials; the refit at "
                  "the end is not counted. Of a time no trial gets more than a tenth, or three "
                  "times what the quickest took. Without it 30m")
      ->type_name("BUDGET");
  command
      .add_option("--method", arguments.method,
                  "How settings are chosen: tpe (from what came out so far; default) or random")
      ->check(CLI::IsMember({"tpe", "random"}));
  command
      .add_option("--stopping", arguments.stopping,
                  "How poor trials are ended early: hyperband (default where there are epochs), "
                  "halving or none")
      ->check(CLI::IsMember({"hyperband", "halving", "none"}));
  command
      .add_option("--metric", arguments.metric,
                  "What is to be best on validation: accuracy (default) or loss")
      ->check(CLI::IsMember({"accuracy", "loss"}));
  command.add_option("--epochs", arguments.epochs, "Passes over the training pictures in a trial")
      ->type_name("N");
  command
      .add_option("--set", arguments.settings,
                  "Change a setting of the recipe that is the same in all trials; may be given "
                  "again")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  command.add_option("--seed", arguments.seed, "Seed of what is tried; without it 1")
      ->type_name("N");
  command.add_flag("--no-baseline", arguments.no_baseline,
                   "Do not train the recipe as it is for comparison");
}

void add_work_options(CLI::App& command, Arguments& arguments) {
  command
      .add_option("--data", arguments.data,
                  "Name (fashion-mnist, mnist, synthetic), folder of IDX files, CSV file or "
                  "folder, or folder of class folders")
      ->type_name("SOURCE");
  add_data_dir_option(command, arguments.data_dir);
  command
      .add_option("--out", arguments.out,
                  "Folder for the study; without it studies/<recipe>-<data>, or with --resume the "
                  "latest study in studies/")
      ->type_name("STUDY");
  command
      .add_option("--jobs", arguments.jobs,
                  "Trials side by side, which share the cores; without it as suits the model: "
                  "networks one a core, up to 8, others one at a time")
      ->type_name("N")
      ->check(CLI::PositiveNumber);
  command
      .add_option("--report", arguments.report,
                  "Write the report to this file; without it report.html in the study's folder")
      ->type_name("FILE.html");
  command.add_option("--threads", arguments.threads, "Threads to use in all; without it all cores")
      ->type_name("N");
  command.add_flag("--resume", arguments.resume,
                   "Go on with a study; a new --budget counts what is spent already");
  command.add_flag("--no-refit", arguments.no_refit,
                   "Leave it at the winning recipe: no training on all pictures, no test");
  command.add_flag("--quiet", arguments.quiet, "Print errors only");
}

}  // namespace

void add_tune_command(CLI::App& program) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* command =
      program.add_subcommand("tune", "Search for better settings of a recipe, on validation data");
  add_search_options(*command, *arguments);
  add_work_options(*command, *arguments);
  command->footer(
      "Examples:\n"
      "  thimble tune                                  the default model, half an hour\n"
      "  thimble tune --recipe svm --budget 10m\n"
      "  thimble tune --recipe cnn --epochs 8 --budget 40trials --jobs 1    repeatable\n"
      "  thimble tune --recipe my.toml --space ranges.toml --data shoes/\n"
      "  thimble tune --resume --budget 1h             after Ctrl-C, or for more");
  command->callback([arguments] { run(*arguments); });
}

}  // namespace thimble::cli
