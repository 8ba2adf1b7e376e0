#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/progress.hpp"
#include "base/shell_word.hpp"
#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/data_options.hpp"
#include "cli/output_folder.hpp"
#include "cli/quiet_progress.hpp"
#include "evaluation/certainty.hpp"
#include "evaluation/evaluation.hpp"
#include "evaluation/training_run.hpp"
#include "models/recipe.hpp"
#include "models/run_folder.hpp"

namespace thimble::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRunsFolder = "runs";

struct Arguments {
  std::string recipe;  ///< empty: the run's own if resumed, else the default
  DataOptions data;
  std::string out;
  std::optional<int> epochs;
  std::optional<std::uint64_t> seed;
  std::optional<int> threads;
  std::vector<std::string> settings;
  std::string init;    ///< empty: as the recipe says
  std::string freeze;  ///< empty: as the recipe says
  bool resume = false;
  bool quiet = false;
};

std::unique_ptr<Progress> make_progress(const Arguments& arguments, const char* title,
                                        const char* unit) {
  if (arguments.quiet) return std::make_unique<QuietProgress>();
  return std::make_unique<ConsoleProgress>(title, unit);
}

/// The run in runs/ that was trained last.
fs::path latest_run() {
  const auto latest = latest_folder(kRunsFolder, RunPaths({}).checkpoint());
  if (latest) return *latest;
  throw UsageError("nothing to resume in runs/; name the run's folder with --out");
}

Recipe chosen_recipe(const Arguments& arguments) {
  const RunPaths paths(arguments.out);
  const bool from_run = arguments.resume && arguments.recipe.empty() && fs::exists(paths.config());
  Recipe recipe = load_recipe(from_run                   ? paths.config().string()
                              : arguments.recipe.empty() ? "cnn"
                                                         : arguments.recipe);
  for (const std::string& setting : arguments.settings) override_setting(recipe, setting);
  if (arguments.epochs) recipe.settings["training"]["epochs"] = *arguments.epochs;
  if (arguments.seed) recipe.settings["training"]["seed"] = *arguments.seed;
  if (arguments.init.empty() && arguments.freeze.empty()) return recipe;
  nlohmann::json& transfer = recipe.settings["transfer"];
  if (!transfer.is_object()) transfer = nlohmann::json::object();
  if (!arguments.init.empty()) {
    transfer["init"] = arguments.init;
    transfer.erase("init_sha256");
  }
  if (!arguments.freeze.empty()) transfer["freeze"] = arguments.freeze;
  return recipe;
}

/// The command that goes on with this run; its recipe is in the run's folder.
std::string resume_command(const Arguments& arguments) {
  std::string text = "thimble train --resume --out " + shell_word(arguments.out) + " --data " +
                     shell_word(arguments.data.source);
  if (!arguments.data.data_dir.empty()) {
    text += " --data-dir " + shell_word(arguments.data.data_dir);
  }
  if (arguments.threads) text += fmt::format(" --threads {}", *arguments.threads);
  return text;
}

/// What an interruption left behind, and how to go on.
std::string stopped_message(const Arguments& arguments) {
  const RunPaths paths(arguments.out);
  if (!fs::exists(paths.checkpoint())) return "stopped before there was anything to keep";
  const std::size_t epochs = read_history(paths.history()).size();
  return fmt::format(
      "stopped after {} whole {}; the state of the training is kept. Go on with:\n  {}", epochs,
      epochs == 1 ? "epoch" : "epochs", resume_command(arguments));
}

void save_model(const Classifier& classifier, const Arguments& arguments) {
  try {
    classifier.save(RunPaths(arguments.out).model());
  } catch (const FileError& error) {
    throw FileError(fmt::format("{}\nThe training itself is kept. When this is mended, run:\n  {}",
                                error.what(), resume_command(arguments)));
  }
}

std::string figures_text(const Evaluation& evaluation) {
  return fmt::format("accuracy {:.2f} % (95 % interval {:.2f} to {:.2f}), loss {:.4f}, {} pictures",
                     100 * evaluation.accuracy, 100 * evaluation.accuracy_interval.low,
                     100 * evaluation.accuracy_interval.high, evaluation.loss,
                     format_count(evaluation.samples));
}

std::string samples_text(const TrainingSamples& samples) {
  std::string text = fmt::format("{}: {} pictures to train", samples.train.provenance.name,
                                 format_count(samples.train.size()));
  if (samples.validation.size() > 0) {
    text += fmt::format(", {} to validate", format_count(samples.validation.size()));
  }
  if (samples.test) text += fmt::format(", {} to test", format_count(samples.test->size()));
  return text + fmt::format("; {}, {} classes", to_string(samples.train.images.shape()),
                            samples.train.classes.size());
}

/// Judges the trained model on the test samples: the one time that they are looked at.
void show_test(Classifier& classifier, TrainingSamples& samples, const Arguments& arguments,
               Progress& progress, std::ostream& out) {
  if (!samples.test) {
    out << "test       the data has no test split; judge the model on other data:\n"
        << "           thimble evaluate " << shell_word(arguments.out) << " --data SOURCE\n";
    return;
  }
  // `thimble evaluate` shows the rest.
  const JudgedTest judged = judge_test(classifier, samples, arguments.out, &progress);
  for (const std::string& note : judged.notes) std::cerr << "note: " << note << "\n";
  out << "test       " << figures_text(judged.evaluation) << "\n";
}

std::string next_steps(const Arguments& arguments) {
  const std::string run = shell_word(arguments.out);
  return fmt::format(
      "model      {}\n\n"
      "Next:\n"
      "  thimble evaluate {}              figures for every class, the confusion matrix\n"
      "  thimble predict {} photo.png     name what is on a picture\n",
      RunPaths(arguments.out).model().string(), run, run);
}

/// What training counts: networks see pictures one after another, other models take steps.
const char* unit_of(const Classifier& classifier) {
  return classifier.description().family == "neural" ? "images" : "steps";
}

void fit_and_judge(Classifier& classifier, TrainingSamples& samples, const Arguments& arguments,
                   std::ostream& out) {
  catch_interrupts();
  FitReport report;
  {
    const std::unique_ptr<Progress> progress =
        make_progress(arguments, "train", unit_of(classifier));
    report = fit_run(classifier, samples, arguments.out, arguments.resume, progress.get());
  }
  out << fmt::format("trained    {} in {}\n", report.stopped_because,
                     format_duration(report.seconds));
  const std::unique_ptr<Progress> progress = make_progress(arguments, "evaluate", "images");
  const auto judged = judge_validation(classifier, samples, progress.get());
  if (judged) out << "validation " << figures_text(judged->evaluation) << "\n";
  const Probabilities validation = judged ? judged->probabilities : Probabilities();
  for (const std::string& note : fit_certainty(classifier, samples, validation, progress.get())) {
    std::cerr << "note: " << note << "\n";
  }
  // Saved before the test as well: nothing that goes wrong from here on can cost the model.
  save_model(classifier, arguments);
  show_test(classifier, samples, arguments, *progress, out);
  save_model(classifier, arguments);
}

void run(Arguments arguments) {
  if (arguments.threads) set_thread_count(*arguments.threads);
  if (arguments.resume && arguments.out.empty()) arguments.out = latest_run().string();
  if (!arguments.resume && !arguments.out.empty()) require_no_run(arguments.out);

  const Recipe recipe = chosen_recipe(arguments);
  const std::unique_ptr<Classifier> classifier = make_classifier(recipe);
  const std::uint64_t seed = training_seed(classifier->description());
  TrainingSamples samples = samples_for(classifier->description(), load(arguments.data));
  if (arguments.out.empty()) {
    const std::string name = recipe.name + "-" + samples.train.provenance.name;
    arguments.out = free_folder(kRunsFolder, file_name_for(name)).string();
  }
  std::ostream silent(nullptr);
  std::ostream& out = arguments.quiet ? silent : std::cout;
  out << fmt::format("data       {}\nrecipe     {} ({}), seed {}\nrun        {}\n",
                     samples_text(samples), recipe.name, recipe.family, seed, arguments.out)
      << std::flush;
  try {
    fit_and_judge(*classifier, samples, arguments, out);
  } catch (const Cancelled&) {
    throw Cancelled(stopped_message(arguments));
  }
  out << next_steps(arguments);
}

}  // namespace

void add_train_command(CLI::App& program) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program.add_subcommand("train", "Train a model as a recipe says");
  command
      ->add_option("--recipe", arguments->recipe,
                   "Name (cnn, mlp, svm, forest, ...; see 'thimble model list') or .toml file; "
                   "without it cnn, or with --resume the run's own")
      ->type_name("RECIPE");
  add_data_options(*command, arguments->data);
  command
      ->add_option("--out", arguments->out,
                   "Folder for the run; without it runs/<recipe>-<data>, or with --resume the "
                   "latest run in runs/")
      ->type_name("RUN");
  command->add_option("--epochs", arguments->epochs, "Passes over the training pictures")
      ->type_name("N");
  command->add_option("--seed", arguments->seed, "Seed of everything that is random")
      ->type_name("N");
  command->add_option("--threads", arguments->threads, "Threads to use; without it all cores")
      ->type_name("N");
  command
      ->add_option("--set", arguments->settings,
                   "Change a setting of the recipe, such as optimizer.learning_rate=0.01; may be "
                   "given again")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  command
      ->add_option("--init", arguments->init,
                   "Start from this trained network (model file, run folder, shipped model, or "
                   "torchvision's ResNet-18 as safetensors) with a new head")
      ->type_name("MODEL");
  command
      ->add_option("--freeze", arguments->freeze,
                   "With --init: keep its first stages as they are, up to this one's number, or "
                   "all but the head")
      ->type_name("STAGE|backbone");
  command->add_flag("--resume", arguments->resume,
                    "Go on with an interrupted run; the result is the same as without the "
                    "interruption");
  command->add_flag("--quiet", arguments->quiet, "Print errors only");
  command->footer(
      "Examples:\n"
      "  thimble train                                     the default model, Fashion-MNIST\n"
      "  thimble train --recipe keras-cnn --epochs 5\n"
      "  thimble train --data shoes/ --out runs/shoes      class folders with pictures\n"
      "  thimble train --set optimizer.learning_rate=0.05 --set augmentation.shift_pixels=1\n"
      "  thimble train --recipe finetune --init cnn --data shoes/\n"
      "  thimble train --resume --out runs/shoes           after Ctrl-C, or worse");
  command->callback([arguments] { run(*arguments); });
}

}  // namespace thimble::cli
