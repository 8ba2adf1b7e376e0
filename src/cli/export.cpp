// `thimble export`: a model as an ONNX file, for other programs to run.

#include <filesystem>
#include <iostream>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/writable.hpp"
#include "models/classifier.hpp"
#include "models/onnx_export.hpp"
#include "models/shipped.hpp"
#include "onnx/model_builder.hpp"

namespace thimble::cli {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  std::string model;
  std::string format = "onnx";
  std::string out;  ///< empty: the model's name in the working folder
  OnnxOptions options;
};

/// What is in the file, and how to run it, as two lines of Python.
std::string how_to_run(const fs::path& file, const ModelDescription& description, int top) {
  const PictureShape& shape = description.input;
  const std::string more =
      top == 0 ? ""
               : fmt::format(
                     "          top_classes, int64, and top_probabilities, float32, [batch, "
                     "{}]\n",
                     top);
  return fmt::format(
      "input     pictures, uint8 [batch, {}, {}, {}], values 0 to 255\n"
      "output    probabilities, float32 [batch, {}]; class names are in the metadata\n{}"
      "operators ai.onnx {}, ai.onnx.ml {}\n\n"
      "To run it in Python:\n"
      "  import onnxruntime; session = onnxruntime.InferenceSession(\"{}\")\n"
      "  probabilities = session.run([\"probabilities\"], {{\"pictures\": pictures}})[0]\n",
      shape.height, shape.width, shape.channels, description.classes.size(), more, onnx::kOpset,
      onnx::kMlOpset, file.string());
}

void run(const Arguments& arguments) {
  const fs::path found = find_model(arguments.model);
  if (is_onnx(found)) throw UsageError(found.string() + " is an ONNX file already");
  const std::unique_ptr<Classifier> classifier = load_classifier(found);
  const ModelDescription& description = classifier->description();
  const fs::path out = arguments.out.empty() ? description.name + ".onnx" : arguments.out;
  require_writable_file(out);
  const std::string bytes = export_onnx(*classifier, arguments.options);
  write_file(out, bytes);
  std::cout << fmt::format("model     {} ({})\nfile      {} ({})\n", description.name,
                           description.family, out.string(), format_bytes(bytes.size()))
            << how_to_run(out, description, arguments.options.top);
}

}  // namespace

void add_export_command(CLI::App& program) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* command =
      program.add_subcommand("export", "Write a model as an ONNX file, for other programs to run");
  command
      ->add_option("model", arguments->model,
                   "A run's folder, a model file, or the name of a model that ships with Thimble")
      ->type_name("MODEL")
      ->required();
  command->add_option("--to", arguments->format, "The file's format")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"onnx"}))
      ->capture_default_str();
  command
      ->add_option("--out", arguments->out,
                   "Where to write; without it, the model's name and .onnx, in this folder")
      ->type_name("FILE");
  command->add_flag("--keep-batch-norm", arguments->options.keep_batch_norm,
                    "Leave batch norms as they were trained, instead of folding each into the "
                    "convolution before it");
  command
      ->add_option("--top", arguments->options.top,
                   "Also give the K likeliest classes and their probabilities, as outputs "
                   "top_classes and top_probabilities")
      ->type_name("K")
      ->check(CLI::Range(1, 65536));
  command->footer(
      "The file takes pictures as they are, any number at a time, and gives what 'thimble "
      "predict'\n"
      "prints, computed in float32.\n\n"
      "Examples:\n"
      "  thimble export cnn\n"
      "  thimble export runs/svm-fashion-mnist --to onnx --out svm.onnx\n"
      "  thimble predict svm.onnx photo.png");
  command->callback([arguments] { run(*arguments); });
}

}  // namespace thimble::cli
