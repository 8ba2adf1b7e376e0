#include "cli/predict.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <iostream>
#include <memory>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/commands.hpp"
#include "data/picture_stream.hpp"
#include "evaluation/prediction.hpp"
#include "models/run_folder.hpp"
#include "models/shipped.hpp"

namespace thimble::cli {
namespace {

struct Arguments {
  std::vector<std::string> model_and_inputs;
  std::string format = "table";
  std::size_t top = 1;
  double review_below = 0;
  bool flip_tta = false;
};

std::string counted(std::uint64_t count, const char* noun) {
  return fmt::format("{} {}{}", format_count(count), noun, count == 1 ? "" : "s");
}

// What was done, in a line.
std::string summary(const PredictReport& report, const std::string& model,
                    const PredictionFormat& format, double seconds) {
  std::string line = fmt::format("{} through model '{}' in {}", counted(report.pictures, "picture"),
                                 model, format_duration(seconds));
  if (seconds > 0) {
    const double rate = static_cast<double>(report.pictures) / seconds;
    line += fmt::format(" ({} a second)", format_count(static_cast<std::uint64_t>(rate)));
  }
  if (format.review_below) {
    const double share = report.pictures == 0 ? 0
                                              : 100 * static_cast<double>(report.to_review) /
                                                    static_cast<double>(report.pictures);
    line += fmt::format("; {} to review ({:.1f} %, below {})", format_count(report.to_review),
                        share, *format.review_below);
  }
  return line;
}

void announce(const ModelDescription& description,
              const std::function<void(const std::string&)>& say) {
  if (description.trained_on.synthetic) {
    say(fmt::format(
        "note: the model '{}' was trained on synthetic pictures, drawn by Thimble; its answers on "
        "photos mean little",
        description.name));
  }
}

std::uint64_t count_reviews(const Probabilities& probabilities, const PredictionFormat& format) {
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < probabilities.size(); ++i) {
    if (needs_review(probabilities[i], format)) ++count;
  }
  return count;
}

// A model that is missing or not yet trained must be an error, not an input beside the default
// model.
bool names_a_model(const std::filesystem::path& argument) {
  if (is_model(argument) || has_model_name(argument)) return true;
  std::error_code ignored;
  if (std::filesystem::exists(argument, ignored)) return holds_run(argument);
  const std::vector<std::string> shipped = shipped_model_names();
  return std::find(shipped.begin(), shipped.end(), argument.string()) != shipped.end();
}

void run(const Arguments& arguments, bool review) {
  PredictOptions options;
  options.inputs.assign(arguments.model_and_inputs.begin(), arguments.model_and_inputs.end());
  options.format.name = arguments.format;
  options.format.top = arguments.top;
  if (review) options.format.review_below = arguments.review_below;
  options.flip_tta = arguments.flip_tta;

  const std::unique_ptr<Classifier> model = load_classifier(take_model(options.inputs));
  // Rows on the terminal are progress enough.
  std::unique_ptr<Progress> progress;
  if (isatty(STDOUT_FILENO) == 0) progress = std::make_unique<ConsoleProgress>("predict", "images");
  const auto begin = std::chrono::steady_clock::now();
  const PredictReport report =
      predict_inputs(*model, options, std::cout, std::cerr, progress.get());
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
  progress.reset();
  std::cerr << summary(report, model->description().name, options.format, elapsed.count()) << "\n";
  if (report.failures > 0) {
    throw DataError(fmt::format("{} could not be read", counted(report.failures, "input")));
  }
}

}  // namespace

std::filesystem::path take_model(std::vector<std::filesystem::path>& arguments) {
  std::filesystem::path model;
  if (!arguments.empty() && names_a_model(arguments.front())) {
    model = find_model(arguments.front().string());
    arguments.erase(arguments.begin());
  }
  if (arguments.empty()) {
    throw UsageError("nothing to predict: name pictures, folders, IDX or CSV files");
  }
  return model.empty() ? shipped_model() : model;
}

PredictReport predict_inputs(const Classifier& model, const PredictOptions& options,
                             std::ostream& out, std::ostream& notes, Progress* progress) {
  const ModelDescription& description = model.description();
  // On a terminal, lines must not run into that of the progress.
  const auto say = [&](const std::string& line) {
    if (progress != nullptr) {
      progress->message(line);
    } else {
      notes << line << "\n";
    }
  };
  announce(description, say);
  if (options.flip_tta && !knows_mirror_images(description)) {
    say("note: the model was not trained on mirrored pictures; --tta may do harm");
  }
  PictureStream stream(options.inputs, description.input, description.style);
  const auto writer = make_prediction_writer(options.format, description.classes, out);
  PredictReport report;
  while (!stream.at_end()) {
    const std::uint64_t resized_before = stream.resized();
    const std::uint64_t cut_out_before = stream.cut_out();
    const PictureBatch batch = stream.read(options.chunk_size);
    for (const std::string& failure : batch.failures) {
      say("thimble: " + failure);
    }
    report.failures += batch.failures.size();
    if (resized_before == 0 && stream.resized() > 0) {
      say(fmt::format("note: pictures of another size ({}) are resized to the model's {}",
                      to_string(stream.first_resized_shape()), to_string(description.input)));
    }
    if (cut_out_before == 0 && stream.cut_out() > 0) {
      say(
          fmt::format("note: pictures that are not like the model's ({}) are brought to its style: "
                      "the object cut out, centred, light on black",
                      to_string(description.input)));
    }
    for (const std::string& notice : batch.notices) {
      say("note: " + notice);
    }
    if (batch.images.empty()) continue;
    const Probabilities probabilities =
        predict(model, batch.images, {.flip_tta = options.flip_tta});
    writer->write(batch.origins, probabilities);
    if (!out) throw FileError("standard output: cannot write (is the disk full?)");
    report.pictures += batch.images.size();
    report.to_review += count_reviews(probabilities, options.format);
    if (progress != nullptr) progress->update(report.pictures, 0, "");
  }
  if (stream.resized() > 0) {
    say(fmt::format("note: {} of {} were resized", format_count(stream.resized()),
                    counted(report.pictures, "picture")));
  }
  if (stream.cut_out() > 0) {
    say(fmt::format("note: {} of {} were brought to the model's style",
                    format_count(stream.cut_out()), counted(report.pictures, "picture")));
  }
  return report;
}

void add_predict_command(CLI::App& program) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program.add_subcommand(
      "predict", "Name the class of pictures: files, folders, IDX and CSV, any number of them");
  command
      ->add_option("inputs", arguments->model_and_inputs,
                   "A run's folder or model file (without one, the model that ships), then PNG, "
                   "JPEG or WebP pictures, folders of them, IDX or CSV files")
      ->type_name("[MODEL] INPUT")
      ->required();
  command->add_option("--top", arguments->top, "How many classes to name, most likely first")
      ->type_name("K")
      ->check(CLI::Range(std::size_t{1}, std::size_t{65536}))
      ->capture_default_str();
  command->add_option("--format", arguments->format, "table, csv or jsonl (one JSON object a line)")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"table", "csv", "jsonl"}))
      ->capture_default_str();
  CLI::Option* review =
      command
          ->add_option("--review-below", arguments->review_below,
                       "Mark rows whose most likely class is less likely than this, from 0 to 1")
          ->type_name("P")
          ->check(CLI::Range(0.0, 1.0));
  command->add_flag("--tta", arguments->flip_tta,
                    "Test-time augmentation: average each answer with that of the mirror image; "
                    "takes twice as long");
  command->footer(
      "Examples:\n"
      "  thimble predict shirt.png boot.png                    with the model that ships\n"
      "  thimble predict runs/cnn-fashion-mnist pictures/ --top 3\n"
      "  thimble predict t10k-images-idx3-ubyte.gz --format csv > labels.csv\n"
      "  thimble predict new-stock/ --format jsonl --review-below 0.9\n"
      "\n"
      "What cannot be read is reported on standard error, the rest goes on, and the exit status is "
      "1.");
  command->callback([arguments, review] { run(*arguments, review->count() > 0); });
}

}  // namespace thimble::cli
