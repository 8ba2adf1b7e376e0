// What `thimble evaluate` reads beside the model, and where it writes.

#include <system_error>

#include <fmt/format.h>

#include "base/error.hpp"
#include "cli/evaluate.hpp"
#include "cli/writable.hpp"
#include "models/onnx_classifier.hpp"
#include "models/run_folder.hpp"
#include "report/web_files.hpp"

namespace thimble::cli {

namespace fs = std::filesystem;

ModelRecord read_record(const fs::path& model, const ModelDescription& description, bool required) {
  ModelRecord record;
  std::error_code unknown;
  if (description.family == kOnnxFamily) {
    record.no_learning_curves =
        "An ONNX file keeps no record of its training; where it was exported by Thimble, the run's "
        "folder shows how the model learned.";
    return record;
  }
  if (description.family != "neural") {
    record.no_learning_curves =
        fmt::format("There are no epochs to show: a model of family '{}' learns in one go.",
                    description.family);
    return record;
  }
  if (!fs::is_directory(model, unknown)) {
    record.no_learning_curves =
        "A model file keeps no record of its training; name its run's folder to see how it "
        "learned.";
    return record;
  }
  const RunPaths paths(model);
  const std::vector<nlohmann::json> history = read_history(paths.history());
  if (history.empty() && required) {
    throw FileError(fmt::format(
        "{}: {}, so there are no learning curves to show; name the model file instead for a report "
        "without them: {}",
        paths.history().string(),
        fs::exists(paths.history(), unknown) ? "this file holds no whole epoch"
                                             : "there is no such file",
        paths.model().string()));
  }
  if (history.empty()) return record;
  record.learning_curves = learning_curves(history, paths.history().string());
  return record;
}

void require_writable(const EvaluateOptions& options) {
  for (const fs::path& file : {options.json, options.sheet, options.report}) {
    require_writable_file(file);
  }
  require_writable_folder(options.figures);
  // The scripts that draw may be missing from an installation.
  if (!options.report.empty()) report::read_web_file("report.js");
  if (!options.figures.empty()) report::read_web_file("figures.js");
}

}  // namespace thimble::cli
