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
#include "base/text.hpp"
#include "cli/commands.hpp"
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
      "trained on  {}\nmetrics     {}\nmade by     thimble {}\n\n{}",
      description.name, description.family, file.string(), format_bytes(fs::file_size(file)),
      to_string(description.input), description.classes.size(),
      fmt::join(description.classes, ", "), trained_on_text(description.trained_on),
      metrics_text(description.metrics), description.program_version, classifier->summary());
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
      const ModelDescription description = read_description(load_model_file(file), file.string());
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
  command->footer(
      "Examples:\n"
      "  thimble model list\n"
      "  thimble model show runs/cnn-fashion-mnist");
}

}  // namespace thimble::cli
