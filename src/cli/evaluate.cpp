#include "cli/evaluate.hpp"

#include <algorithm>
#include <iostream>
#include <memory>
#include <utility>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/atomic_file.hpp"
#include "base/text.hpp"
#include "cli/commands.hpp"
#include "data/source.hpp"
#include "evaluation/evaluation.hpp"
#include "evaluation/evaluation_text.hpp"
#include "evaluation/prediction.hpp"
#include "evaluation/prediction_sheet.hpp"
#include "imaging/codec.hpp"

namespace thimble::cli {
namespace {

std::string heading(const ModelDescription& description, const Dataset& dataset, bool flip_tta) {
  const Provenance& data = dataset.provenance;
  return fmt::format(
      "model      {} ({}), trained on {}{}\ndata       {}, {}{}{}\n", description.name,
      description.family,
      description.trained_on.name.empty() ? "unknown data" : description.trained_on.name,
      description.trained_on.synthetic ? " (synthetic pictures)" : "", data.name,
      data.split.empty() || data.split == "all" ? "all samples" : data.split + " split",
      data.synthetic ? " (synthetic pictures)" : "",
      flip_tta ? "; each answer is the mean over the picture and its mirror image" : "");
}

void write_sheet(const Dataset& dataset, const Probabilities& probabilities,
                 const std::string& model, const std::filesystem::path& path) {
  PredictionSheetOptions options;
  options.title = fmt::format("{} on {}", model, dataset.provenance.name);
  write_png(path, draw_prediction_sheet(dataset, probabilities, options));
}

JudgedSplit split_named(const std::string& name) {
  if (name == "validation") return JudgedSplit::validation;
  return name == "train" ? JudgedSplit::train : JudgedSplit::test;
}

void run(EvaluateOptions& options) {
  const std::unique_ptr<Classifier> model = load_classifier(options.model);
  if (options.data.source.empty()) options.data.source = default_source(model->description());
  ConsoleProgress progress("evaluate", "images");
  evaluate_classifier(*model, load(options.data), options, std::cout, std::cerr, &progress);
}

}  // namespace

std::string default_source(const ModelDescription& model) {
  const std::vector<std::string> known = dataset_names();
  const bool named = std::find(known.begin(), known.end(), model.trained_on.name) != known.end();
  return named ? model.trained_on.name : "fashion-mnist";
}

Evaluation evaluate_classifier(const Classifier& model, DatasetSplits splits,
                               const EvaluateOptions& options, std::ostream& out,
                               std::ostream& notes, Progress* progress) {
  const ModelDescription& description = model.description();
  const JudgedData judged = choose_judged_data(std::move(splits), options.split, description);
  const Dataset& dataset = judged.dataset;
  const Probabilities probabilities =
      predict(model, dataset.images, {.flip_tta = options.flip_tta, .progress = progress});
  Evaluation evaluation = evaluate(probabilities, dataset.labels, dataset.classes);
  evaluation.model = judged_model_json(description, options.model, options.flip_tta);
  evaluation.data = judged_data_json(judged);

  if (options.flip_tta && !knows_mirror_images(description)) {
    notes << "note: the model was not trained on mirrored pictures; --tta may do harm\n";
  }
  for (const std::string& note : judged.notes) notes << "note: " << note << "\n";
  out << heading(description, dataset, options.flip_tta) << to_text(evaluation);
  if (!options.json.empty()) write_file(options.json, to_json(evaluation).dump(2) + "\n");
  if (!options.sheet.empty()) {
    write_sheet(dataset, probabilities, description.name, options.sheet);
  }
  return evaluation;
}

void add_evaluate_command(CLI::App& program) {
  const auto options = std::make_shared<EvaluateOptions>();
  options->data.source.clear();
  CLI::App* command =
      program.add_subcommand("evaluate",
                             "Judge a model on labelled pictures: accuracy, per-class "
                             "figures, confusion matrix");
  command
      ->add_option("model", options->model,
                   "A run's folder, a model file, or the name of a model that ships with Thimble")
      ->type_name("MODEL")
      ->required();
  add_data_options(*command, options->data);
  CLI::Option* data = command->get_option("--data");
  data->description(data->get_description() + "; without it, what the model was trained on");
  const auto split = std::make_shared<std::string>();
  command
      ->add_option("--split", *split,
                   "Samples to judge by: test, validation (as the training kept it aside) or train")
      ->type_name("SPLIT")
      ->check(CLI::IsMember({"test", "validation", "train"}));
  command->add_option("--json", options->json, "Write all figures to this file as JSON")
      ->type_name("FILE");
  command
      ->add_option("--sheet", options->sheet,
                   "Write a sheet of right and wrong predictions to this file as PNG")
      ->type_name("FILE.png");
  command->add_flag("--tta", options->flip_tta,
                    "Test-time augmentation: average each answer with that of the mirror image; "
                    "takes twice as long");
  command->footer(
      "Examples:\n"
      "  thimble evaluate runs/cnn-fashion-mnist              on the test set of its data\n"
      "  thimble evaluate cnn --tta                           the model that ships, a little "
      "better\n"
      "  thimble evaluate runs/shoes --data shoes/ --json figures.json\n"
      "  thimble evaluate cnn --sheet mistakes.png            look at what it gets wrong");
  command->callback([options, split] {
    if (!split->empty()) options->split = split_named(*split);
    run(*options);
  });
}

}  // namespace thimble::cli
