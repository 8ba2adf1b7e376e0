#include "comparison/cell.hpp"

#include <algorithm>
#include <system_error>
#include <type_traits>

#include <fmt/format.h>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/json_number.hpp"
#include "models/model_file.hpp"

namespace thimble {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr std::uint64_t kLargestResult = 10'000'000;  // bytes
constexpr const char* kProbabilities = "probabilities";
constexpr const char* kHowToMend = "; remove its folder, and the model is trained again";

json to_json(const TrainingCost& training) {
  return {{"seconds", training.seconds},
          {"stopped_because", training.stopped_because},
          {"resumed", training.resumed},
          {"peak_memory_bytes",
           training.peak_memory_bytes ? json(*training.peak_memory_bytes) : json()},
          {"samples", training.samples},
          {"validation_samples", training.validation_samples},
          {"seed", training.seed}};
}

TrainingCost training_from_json(const json& document, const std::string& place) {
  TrainingCost training;
  document.at("seconds").get_to(training.seconds);
  document.at("stopped_because").get_to(training.stopped_because);
  document.at("resumed").get_to(training.resumed);
  const auto read = [&](const char* key, auto& value) {
    value = whole_number<std::decay_t<decltype(value)>>(document, key, place);
  };
  if (!document.at("peak_memory_bytes").is_null()) {
    read("peak_memory_bytes", training.peak_memory_bytes.emplace());
  }
  read("samples", training.samples);
  read("validation_samples", training.validation_samples);
  read("seed", training.seed);
  return training;
}

Probabilities load_probabilities(const fs::path& path, const Dataset& test) {
  const ModelFile file = load_model_file(path);
  const auto tensor = file.tensors.find(kProbabilities);
  const std::vector<std::int64_t> expected{static_cast<std::int64_t>(test.size()),
                                           static_cast<std::int64_t>(test.classes.size())};
  if (tensor == file.tensors.end() || tensor->second.shape != expected) {
    throw DataError(fmt::format("{}: expected 'probabilities' of {} pictures and {} classes{}",
                                path.string(), expected[0], expected[1], kHowToMend));
  }
  Probabilities probabilities(test.size(), test.classes.size());
  std::ranges::copy(tensor->second.as<float>(), probabilities.values().begin());
  return probabilities;
}

}  // namespace

json to_json(const CellResult& result) {
  return {{"model", result.model},
          {"family", result.family},
          {"training", result.training ? to_json(*result.training) : json()},
          {"prediction",
           {{"pictures", result.prediction.pictures},
            {"seconds", result.prediction.seconds},
            {"latency_seconds", result.prediction.latency_seconds}}},
          {"model_bytes", result.model_bytes},
          {"threads", result.threads},
          {"seconds", result.seconds},
          {"train_fingerprint", result.train_fingerprint},
          {"test_fingerprint", result.test_fingerprint},
          {"program_version", result.program_version},
          {"notes", result.notes}};
}

CellResult cell_result_from_json(const json& document, const std::string& place) {
  try {
    CellResult result;
    document.at("model").get_to(result.model);
    document.at("family").get_to(result.family);
    if (!document.at("training").is_null()) {
      result.training = training_from_json(document.at("training"), place);
    }
    const json& prediction = document.at("prediction");
    const auto read = [&](const json& object, const char* key, auto& value) {
      value = whole_number<std::decay_t<decltype(value)>>(object, key, place);
    };
    read(prediction, "pictures", result.prediction.pictures);
    prediction.at("seconds").get_to(result.prediction.seconds);
    prediction.at("latency_seconds").get_to(result.prediction.latency_seconds);
    read(document, "model_bytes", result.model_bytes);
    read(document, "threads", result.threads);
    document.at("seconds").get_to(result.seconds);
    document.at("train_fingerprint").get_to(result.train_fingerprint);
    document.at("test_fingerprint").get_to(result.test_fingerprint);
    document.at("program_version").get_to(result.program_version);
    document.at("notes").get_to(result.notes);
    return result;
  } catch (const json::exception& error) {
    throw DataError(
        fmt::format("{}: not the result of a comparison: {}{}", place, error.what(), kHowToMend));
  }
}

void save_cell(const CellPaths& paths, const FinishedCell& cell) {
  ModelFile file;
  const auto rows = static_cast<std::int64_t>(cell.probabilities.size());
  const auto columns = static_cast<std::int64_t>(cell.probabilities.classes());
  file.tensors[kProbabilities] = Tensor::from(cell.probabilities.values(), {rows, columns});
  save_model_file(paths.predictions(), file);
  write_file(paths.result(), to_json(cell.result).dump(2) + "\n");
}

std::optional<FinishedCell> load_cell(const CellPaths& paths, const DatasetSplits& data) {
  std::error_code error;
  if (!fs::exists(paths.result(), error)) return std::nullopt;
  const std::string place = paths.result().string();
  const json document = json::parse(read_file(paths.result(), kLargestResult), nullptr, false);
  FinishedCell cell{cell_result_from_json(document, place), {}};
  if (cell.result.train_fingerprint != data.train.provenance.fingerprint ||
      cell.result.test_fingerprint != data.test->provenance.fingerprint) {
    throw UsageError(fmt::format(
        "{}: it was made from other pictures than {} has now; compare in another --out folder",
        place, data.train.provenance.name));
  }
  cell.probabilities = load_probabilities(paths.predictions(), *data.test);
  return cell;
}

}  // namespace thimble
