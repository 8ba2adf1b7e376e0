// `thimble model`: what models and recipes there are, and what is in one.

#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "base/error.hpp"
#include "base/progress.hpp"
#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/data_options.hpp"
#include "cli/evaluate.hpp"
#include "cli/writable.hpp"
#include "evaluation/certainty.hpp"
#include "evaluation/training_run.hpp"
#include "models/classifier.hpp"
#include "models/description.hpp"
#include "models/recipe.hpp"
#include "models/shipped.hpp"

namespace thimble::cli {
namespace {

namespace fs = std::filesystem;

std::string trained_on_text(const Provenance& data) {
  if (data.name.empty()) return "unknown data";
  return fmt::format("{}, {} split{}", data.name, data.split,
                     data.synthetic ? " (synthetic pictures, drawn by Thimble)" : "");
}

/// "validation accuracy 94.52 %, test accuracy 94.17 %".
std::string metrics_text(const nlohmann::json& metrics) {
  std::string text;
  for (const char* split : {"validation", "test"}) {
    if (!metrics.is_object() || !metrics.contains(split)) continue;
    const nlohmann::json& figures = metrics.at(split);
    if (!figures.is_object() || !figures.contains("accuracy") ||
        !figures.at("accuracy").is_number()) {
      continue;
    }
    text += fmt::format("{}{} accuracy {:.2f} %", text.empty() ? "" : ", ", split,
                        100 * figures.at("accuracy").get<double>());
  }
  return text.empty() ? "not measured" : text;
}

void show(const std::string& model, bool as_json) {
  const fs::path file = find_model(model);
  const std::unique_ptr<Classifier> classifier = load_classifier(file);
  const ModelDescription& description = classifier->description();
  if (as_json) {
    nlohmann::json json = to_json(description);
    json["file"] = file.string();
    json["bytes"] = fs::file_size(file);
    std::cout << json.dump(2) << "\n";
    return;
  }
  std::cout << fmt::format(
      "name        {}\nfamily      {}\nfile        {} ({})\ninput       {}\nclasses     {}: {}\n"
      "trained on  {}\nmetrics     {}\npictures    {}\nmade by     {}\n\n{}",
      description.name, description.family, file.string(), format_bytes(fs::file_size(file)),
      to_string(description.input), description.classes.size(),
      fmt::join(description.classes, ", "), trained_on_text(description.trained_on),
      metrics_text(description.metrics), certainty_text(description), made_by(description),
      classifier->summary());
}

/// Names and what is to be said of each, one a line.
void print_table(const std::vector<std::pair<std::string, std::string>>& rows) {
  std::size_t width = 0;
  for (const auto& [name, text] : rows) width = std::max(width, name.size());
  for (const auto& [name, text] : rows)
    std::cout << fmt::format("  {:<{}}  {}\n", name, width, text);
}

void list() {
  std::vector<std::pair<std::string, std::string>> models;
  for (const std::string& name : shipped_model_names()) {
    try {
      const fs::path file = shipped_model(name);
      const ModelDescription description =
          is_onnx(file) ? load_classifier(file)->description()
                        : read_description(load_model_file(file), file.string());
      models.emplace_back(
          name, fmt::format("{}; {}; {}", trained_on_text(description.trained_on),
                            metrics_text(description.metrics), format_bytes(fs::file_size(file))));
    } catch (const Error& error) {
      models.emplace_back(name, error.what());
    }
  }
  std::vector<std::pair<std::string, std::string>> recipes;
  for (const std::string& name : recipe_names()) {
    try {
      recipes.emplace_back(name, load_recipe(name).description);
    } catch (const Error& error) {
      recipes.emplace_back(name, error.what());
    }
  }
  std::cout << "Models that come with the program (thimble predict NAME photo.png):\n";
  print_table(models);
  if (models.empty()) std::cout << "  none\n";
  std::cout << "\nRecipes (thimble train --recipe NAME):\n";
  print_table(recipes);
  if (recipes.empty()) std::cout << "  none in " << recipes_folder().string() << "\n";
}

struct CalibrateArguments {
  std::string model;
  DataOptions data;
  std::string out;  ///< empty: the model's own file
};

void calibrate(CalibrateArguments arguments) {
  const fs::path file = find_model(arguments.model);
  if (is_onnx(file)) {
    throw UsageError(fmt::format(
        "{}: an ONNX file keeps what it was exported with; calibrate the model it was exported "
        "from, and export that again",
        file.string()));
  }
  const fs::path out = arguments.out.empty() ? file : fs::path(arguments.out);
  require_writable_file(out);
  const std::unique_ptr<Classifier> classifier = load_classifier(file);
  const ModelDescription& description = classifier->description();
  if (arguments.data.source.empty()) arguments.data.source = default_source(description);
  const TrainingSamples samples = samples_for(description, load(arguments.data));
  const Provenance& data = samples.train.provenance;
  if (data.fingerprint != description.trained_on.fingerprint) {
    throw UsageError(fmt::format(
        "{} is not the data that the model '{}' was trained on ({}), so the pictures that its "
        "training kept aside cannot be told; name that data with --data",
        data.name, description.name, trained_on_text(description.trained_on)));
  }
  catch_interrupts();
  ConsoleProgress progress("calibrate", "images");
  const auto judged = judge_validation(*classifier, samples, &progress);
  const Probabilities validation = judged ? judged->probabilities : Probabilities();
  for (const std::string& note : fit_certainty(*classifier, samples, validation, &progress)) {
    std::cerr << "note: " << note << "\n";
  }
  classifier->save(out);
  std::cout << fmt::format("pictures    {}\nmodel       {} ({})\n",
                           certainty_text(classifier->description()), out.string(),
                           format_bytes(fs::file_size(out)));
}

void add_calibrate_command(CLI::App& parent) {
  const auto arguments = std::make_shared<CalibrateArguments>();
  arguments->data.source.clear();
  CLI::App* command = parent.add_subcommand(
      "calibrate", "Fit how sure a model is, and what is unfamiliar to it; training does it too");
  command
      ->add_option("model", arguments->model,
                   "A run's folder, a model file, or the name of a model that ships with Thimble")
      ->type_name("MODEL")
      ->required();
  add_data_options(*command, arguments->data);
  CLI::Option* data = command->get_option("--data");
  data->description(
      data->get_description() +
      "; what the model was trained on; needed where that is no data set with a name");
  command->add_option("--out", arguments->out, "Where to write the model; without it, over the old")
      ->type_name("FILE");
  command->footer(
      "For models made by earlier versions. The network stays as it is.\n\n"
      "Examples:\n"
      "  thimble model calibrate runs/cnn-fashion-mnist\n"
      "  thimble model calibrate old.safetensors --data shoes/ --out new.safetensors");
  command->callback([arguments] { calibrate(*arguments); });
}

}  // namespace

void add_model_command(CLI::App& program) {
  CLI::App* command = program.add_subcommand("model", "What models there are, what is in a model");
  command->require_subcommand(1);

  struct ShowArguments {
    std::string model;
    bool json = false;
  };
  const auto arguments = std::make_shared<ShowArguments>();
  CLI::App* show_command =
      command->add_subcommand("show", "Layers, parameters, classes, figures and origin of a model");
  show_command
      ->add_option("model", arguments->model,
                   "A run's folder, a model file, or the name of a model that ships with Thimble")
      ->type_name("MODEL")
      ->required();
  show_command->add_flag("--json", arguments->json, "Print the model's description as JSON");
  show_command->footer(
      "Examples:\n"
      "  thimble model show runs/cnn-fashion-mnist\n"
      "  thimble model show cnn --json");
  show_command->callback([arguments] { show(arguments->model, arguments->json); });

  command->add_subcommand("list", "Models that come with the program, and recipes")->callback(list);
  add_calibrate_command(*command);
  command->footer(
      "Examples:\n"
      "  thimble model list\n"
      "  thimble model show runs/cnn-fashion-mnist");
}

}  // namespace thimble::cli
