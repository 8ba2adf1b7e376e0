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
#include "evaluation/analysis.hpp"
#include "evaluation/evaluation.hpp"
#include "evaluation/evaluation_text.hpp"
#include "evaluation/prediction.hpp"
#include "evaluation/prediction_sheet.hpp"
#include "imaging/codec.hpp"
#include "models/shipped.hpp"
#include "report/evaluation_report.hpp"
#include "report/figures.hpp"
#include "report/html_page.hpp"

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

bool wants_report(const EvaluateOptions& options) {
  return !options.report.empty() || !options.figures.empty();
}

bool wants_cost(const EvaluateOptions& options) {
  return !options.json.empty() || wants_report(options);
}

/// The command in short, to make the report again.
std::string command_text(const EvaluateOptions& options) {
  std::string text = "thimble evaluate " + options.model;
  if (!options.data.source.empty()) text += " --data " + options.data.source;
  if (options.split == JudgedSplit::validation) text += " --split validation";
  if (options.split == JudgedSplit::train) text += " --split train";
  if (options.flip_tta) text += " --tta";
  if (options.temperature_scaling) text += " --temperature-scaling";
  return text + " --report " + (options.report.empty() ? "FILE.html" : options.report.string());
}

/// Memory that was added; none where the system does not tell.
std::optional<std::uint64_t> growth(const std::optional<std::uint64_t>& before,
                                    const std::optional<std::uint64_t>& after) {
  if (!before || !after) return std::nullopt;
  return *after - std::min(*before, *after);
}

/// Loads the model and sees how much memory that takes, and answering. Before anything else is in
/// memory: what was freed there would be used again unseen.
std::unique_ptr<Classifier> load_measured(const std::string& name, bool with_predictions,
                                          ModelCost& cost) {
  const std::filesystem::path file = find_model(name);
  const std::optional<std::uint64_t> before = resident_bytes();
  std::unique_ptr<Classifier> model = load_classifier(file);
  const std::optional<std::uint64_t> loaded = resident_bytes();
  cost.load_bytes = growth(before, loaded);
  cost.file_bytes = std::filesystem::file_size(file);
  cost.parameters = parameter_count(*model);
  if (with_predictions) {
    model->predict_proba(Images(model->description().input, PredictionOptions{}.batch_size));
    cost.predict_bytes = growth(loaded, resident_bytes());
  }
  return model;
}

void run(EvaluateOptions& options) {
  require_writable(options);
  ModelCost cost;
  const std::unique_ptr<Classifier> model = load_measured(options.model, wants_cost(options), cost);
  ModelRecord record =
      read_record(options.model, model->description(), /*required=*/wants_report(options));
  record.cost = cost;
  if (options.data.source.empty()) options.data.source = default_source(model->description());
  catch_interrupts();
  ConsoleProgress progress("evaluate", "images");
  evaluate_classifier(*model, load(options.data), options, std::cout, std::cerr, &progress, record);
}

/// A temperature and how many samples it was fitted on.
struct FittedTemperature {
  double temperature = 1;
  std::uint64_t samples = 0;
};

FittedTemperature fit_on_validation(const Classifier& model, const DatasetSplits& splits,
                                    const EvaluateOptions& options, Progress* progress) {
  const Dataset validation = held_out_samples(splits, model.description());
  const Probabilities probabilities =
      predict(model, validation.images, {.flip_tta = options.flip_tta, .progress = progress});
  return {fit_temperature(probabilities, validation.labels), validation.size()};
}

/// Writes the report's page and figures, whichever are wanted.
void write_report(const report::JudgedModel& judged, const EvaluateOptions& options,
                  std::ostream& out) {
  if (!wants_report(options)) return;
  const report::Report report = report::evaluation_report(judged);
  if (!options.report.empty()) {
    report::write_html(options.report, report);
    out << "report     " << options.report.string() << "\n";
  }
  if (!options.figures.empty()) {
    const auto files = report::write_figures(options.figures, report);
    out << fmt::format("figures    {} ({} files)\n", options.figures.string(), files.size());
  }
}

}  // namespace

std::string default_source(const ModelDescription& model) {
  const std::vector<std::string> known = dataset_names();
  const bool named = std::find(known.begin(), known.end(), model.trained_on.name) != known.end();
  return named ? model.trained_on.name : "fashion-mnist";
}

Evaluation evaluate_classifier(const Classifier& model, DatasetSplits splits,
                               const EvaluateOptions& options, std::ostream& out,
                               std::ostream& notes, Progress* progress, const ModelRecord& record) {
  const ModelDescription& description = model.description();
  std::optional<FittedTemperature> fitted;
  if (options.temperature_scaling) fitted = fit_on_validation(model, splits, options, progress);
  const JudgedData judged = choose_judged_data(std::move(splits), options.split, description);
  const Dataset& dataset = judged.dataset;
  const Probabilities probabilities =
      predict(model, dataset.images, {.flip_tta = options.flip_tta, .progress = progress});
  Evaluation evaluation = evaluate(probabilities, dataset.labels, dataset.classes);
  evaluation.model = judged_model_json(description, options.model, options.flip_tta);
  evaluation.data = judged_data_json(judged);
  Analysis analysis = analyse(probabilities, dataset.labels);
  analysis.learning_curves = record.learning_curves;
  if (fitted) {
    analysis.temperature =
        judge_temperature(probabilities, dataset.labels, fitted->temperature, fitted->samples);
  }
  if (wants_cost(options)) {
    analysis.cost = record.cost;
    analysis.cost->speed = measure_speed(model, dataset.images, progress);
  }

  if (options.flip_tta && !knows_mirror_images(description)) {
    notes << "note: the model was not trained on mirrored pictures; --tta may do harm\n";
  }
  if (fitted && options.split == JudgedSplit::validation) {
    notes << "note: the temperature was fitted on these very samples; its figures flatter it\n";
  }
  for (const std::string& note : judged.notes) notes << "note: " << note << "\n";
  out << heading(description, dataset, options.flip_tta) << to_text(evaluation)
      << to_text(analysis, evaluation.accuracy);
  if (!options.json.empty()) {
    nlohmann::json json = to_json(evaluation);
    add_json(analysis, /*points=*/true, json);
    write_file(options.json, json.dump(2) + "\n");
  }
  if (!options.sheet.empty()) {
    write_sheet(dataset, probabilities, description.name, options.sheet);
  }
  write_report({description, judged, probabilities, evaluation, analysis, record.no_learning_curves,
                command_text(options)},
               options, out);
  return evaluation;
}

void add_evaluate_command(CLI::App& program) {
  const auto options = std::make_shared<EvaluateOptions>();
  options->data.source.clear();
  CLI::App* command =
      program.add_subcommand("evaluate",
                             "Judge a model on labelled pictures: accuracy, per-class "
                             "figures, confusion matrix, report");
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
  command
      ->add_option("--report", options->report,
                   "Write a report to this file: one HTML page with figures and pictures, which "
                   "needs nothing else")
      ->type_name("FILE.html");
  command
      ->add_option("--figures", options->figures,
                   "Write the report's figures into this folder as SVG and PNG")
      ->type_name("FOLDER");
  command->add_flag("--temperature-scaling", options->temperature_scaling,
                    "Also judge the probabilities after dividing the logits by a temperature that "
                    "is fitted on the validation split of the training");
  command->add_flag("--tta", options->flip_tta,
                    "Test-time augmentation: average each answer with that of the mirror image; "
                    "takes twice as long");
  command->footer(
      "Examples:\n"
      "  thimble evaluate runs/cnn-fashion-mnist              on the test set of its data\n"
      "  thimble evaluate cnn --tta                           the model that ships, a little "
      "better\n"
      "  thimble evaluate runs/shoes --data shoes/ --json figures.json\n"
      "  thimble evaluate cnn --sheet mistakes.png            look at what it gets wrong\n"
      "  thimble evaluate runs/cnn-fashion-mnist --report report.html --figures figures/");
  command->callback([options, split] {
    if (!split->empty()) options->split = split_named(*split);
    run(*options);
  });
}

}  // namespace thimble::cli
