// thimble transfer: what a trained network is worth where few pictures have labels.

#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/progress.hpp"
#include "base/shell_word.hpp"
#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/data_options.hpp"
#include "cli/quiet_progress.hpp"
#include "cli/writable.hpp"
#include "comparison/label_study_runner.hpp"
#include "report/html_page.hpp"
#include "report/label_study_report.hpp"
#include "report/web_files.hpp"

namespace thimble::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kStudiesFolder = "transfers";

struct Arguments {
  LabelStudyOptions study;
  std::string data_dir;
  std::string out;
  std::string json;
  std::string report;
  std::optional<int> threads;
  bool quiet = false;
};

/// One line a training; its epochs would drown the rest.
class TrainingProgress : public ConsoleProgress {
 public:
  using ConsoleProgress::ConsoleProgress;
  void message(const std::string&) override {}
};

class ConsoleObserver : public LabelStudyObserver {
 public:
  explicit ConsoleObserver(bool quiet) : quiet_(quiet) {}

  std::unique_ptr<Progress> begin(const LabelStudyPlace& place) override {
    if (quiet_) return std::make_unique<QuietProgress>();
    return std::make_unique<TrainingProgress>(
        fmt::format("{}/{} {}", place.number, place.trainings, place.way), "images");
  }

  void finished(const LabelStudyPlace& place, double accuracy, double seconds, bool kept) override {
    if (quiet_) return;
    std::cout << fmt::format("{:>3}/{} {:>4} labels a class, seed {:<2} {:<12} {:>6.2f} %  {}{}\n",
                             place.number, place.trainings, place.labels, place.seed, place.way,
                             100 * accuracy, format_duration(seconds),
                             kept ? ", kept from before" : "")
              << std::flush;
  }

 private:
  bool quiet_;
};

/// What makes the figures again: the folder is where they are kept, not part of it.
std::string reproducing_command(const Arguments& arguments) {
  const LabelStudyOptions& study = arguments.study;
  std::string text =
      "thimble transfer --init " + shell_word(study.init) + " --data " + shell_word(study.data);
  if (!arguments.data_dir.empty()) text += " --data-dir " + shell_word(arguments.data_dir);
  std::string labels;
  for (const int count : study.labels)
    labels += fmt::format("{}{}", labels.empty() ? "" : ",", count);
  text += fmt::format(" --labels {} --seeds {}", labels, study.seeds);
  for (const std::string& setting : study.settings) text += " --set " + shell_word(setting);
  if (study.validate) text += " --validate";
  return text;
}

std::string resuming_command(const Arguments& arguments) {
  return reproducing_command(arguments) + " --out " + shell_word(arguments.out);
}

LabelStudy run_study(const Arguments& arguments) {
  ConsoleObserver observer(arguments.quiet);
  try {
    return run_label_study(arguments.study, arguments.out, observer);
  } catch (const Cancelled&) {
    throw Cancelled("stopped; what is finished is kept. Go on with:\n  " +
                    resuming_command(arguments));
  }
}

void write_report(const LabelStudy& study, const Arguments& arguments) {
  // The report that nobody asked for by name is left out by a build without the page.
  if (arguments.report.empty() && !report::has_web_file("report.js")) {
    std::cerr << "note: no report.html: this build of Thimble comes without the report page\n";
    return;
  }
  const std::string file = arguments.report.empty()
                               ? LabelStudyFolder(arguments.out).report().string()
                               : arguments.report;
  report::write_html(file, report::label_study_report(study, reproducing_command(arguments)));
  if (!arguments.quiet) std::cout << "report     " << file << "\n";
}

void run(Arguments arguments) {
  if (arguments.threads) set_thread_count(*arguments.threads);
  arguments.study.data_dir = arguments.data_dir;
  if (arguments.out.empty()) {
    const std::string name = fs::path(arguments.study.init).stem().string() + "-" +
                             fs::path(arguments.study.data).stem().string();
    arguments.out = (fs::path(kStudiesFolder) / file_name_for(name)).string();
  }
  require_writable_file(arguments.json);
  require_writable_file(arguments.report);
  catch_interrupts();
  if (!arguments.quiet) std::cout << "folder     " << arguments.out << "\n" << std::flush;
  const LabelStudy study = run_study(arguments);
  if (!arguments.quiet) std::cout << to_text(study);
  const std::string figures = to_json(study).dump(2) + "\n";
  write_file(LabelStudyFolder(arguments.out).figures(), figures);
  if (!arguments.json.empty()) write_file(arguments.json, figures);
  write_report(study, arguments);
}

void add_study_options(CLI::App& command, Arguments& arguments) {
  LabelStudyOptions& study = arguments.study;
  command
      .add_option("--init", study.init,
                  "The trained network: a run's folder, a model file or the name of a shipped "
                  "model")
      ->type_name("MODEL")
      ->capture_default_str();
  command
      .add_option(
          "--data", study.data,
          "What is to be learned, with a test split: a name, or a folder as 'thimble train' "
          "takes it")
      ->type_name("SOURCE")
      ->capture_default_str();
  add_data_dir_option(command, arguments.data_dir);
  command
      .add_option("--labels", study.labels, "Pictures a class to learn from, with commas between")
      ->type_name("N,...")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->capture_default_str();
  command
      .add_option("--seeds", study.seeds,
                  "How many times to draw the pictures and to train from them")
      ->type_name("N")
      ->capture_default_str();
  command
      .add_option("--set", study.settings,
                  "Change a setting of both network trainings, from nothing and fine-tuned; may be "
                  "given again")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  command.add_flag("--validate", study.validate,
                   "Judge by training pictures kept aside instead of the test split: for choosing "
                   "settings");
}

}  // namespace

void add_transfer_command(CLI::App& program) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program.add_subcommand(
      "transfer", "Measure what a trained network is worth where few pictures have labels");
  add_study_options(*command, *arguments);
  command
      ->add_option("--out", arguments->out,
                   "Folder for the study; without it transfers/<model>-<data>. One that holds this "
                   "study is gone on with")
      ->type_name("FOLDER");
  command->add_option("--json", arguments->json, "Write all figures to this file as JSON")
      ->type_name("FILE");
  command->add_option("--threads", arguments->threads, "Threads to use; without it all cores")
      ->type_name("N");
  command->add_flag("--quiet", arguments->quiet, "Print errors only");
  command->footer(
      "Examples:\n"
      "  thimble transfer                                     the shipped network on MNIST\n"
      "  thimble transfer --init runs/shoes --data bags/ --labels 5,20 --seeds 10\n"
      "\n"
      "Each draw of pictures is learned from nothing, by a new head on the network as it is, and "
      "by\n"
      "fine-tuning all of it. Every training is judged once by the whole test split.");
  command->callback([arguments] { run(*arguments); });
}

}  // namespace thimble::cli
