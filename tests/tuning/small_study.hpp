// A study of a tiny network on pictures that Thimble draws, for tests.

#pragma once

#include <cmath>
#include <filesystem>
#include <string>
#include <utility>

#include "base/parallel.hpp"
#include "data/synthetic.hpp"
#include "models/recipe.hpp"
#include "temporary_folder.hpp"
#include "tuning/study_plan.hpp"
#include "tuning/study_runner.hpp"

namespace thimble::tuning::testing {

inline constexpr const char* kNetwork = R"(
  name = "small"
  family = "neural"
  description = "for tests"
  [model]
  layers = ["flatten", "dense 8", "relu", "dense classes"]
  [optimizer]
  name = "sgd"
  learning_rate = 0.01
  [training]
  epochs = 4
  batch_size = 32
  validation_fraction = 0.2
)";

inline constexpr const char* kNetworkSpace = R"(
  [optimizer]
  learning_rate = { low = 0.001, high = 1.0, scale = "log" }
  momentum = { low = 0.0, high = 0.95 }
  [training]
  batch_size = [16, 32]
)";

inline const DatasetSplits& small_data() {
  static const DatasetSplits splits = make_synthetic({250, 60, 5, {12, 12, 1}});
  return splits;
}

/// A request with the texts as files in `folder`.
inline StudyRequest small_request(const TemporaryFolder& folder, const std::string& budget,
                                  const char* recipe = kNetwork,
                                  const char* space = kNetworkSpace) {
  write_text(folder / "recipe.toml", recipe);
  write_text(folder / "space.toml", space);
  StudyRequest request;
  request.recipe = (folder / "recipe.toml").string();
  request.space = (folder / "space.toml").string();
  request.budget = budget;
  request.jobs = 1;
  request.data = "synthetic";
  return request;
}

/// Begins the study in `study`, or goes on with it.
inline Study run_small_study(const std::filesystem::path& study, const StudyRequest& request,
                             StudyObserver& observer) {
  const SerialScope one_thread;  // more would spend their time on waiting for each other
  open_study(study, make_study_plan(request, small_data().train), /*resume=*/true);
  return run_study(study, small_data().train, observer);
}

inline Study run_small_study(const std::filesystem::path& study, const StudyRequest& request) {
  StudyObserver silent;
  return run_small_study(study, request, silent);
}

/// All that does not depend on the clock.
inline nlohmann::json without_times(const Study& study) {
  nlohmann::json json = nlohmann::json::array();
  const auto add = [&](const Trial& trial) {
    nlohmann::json entry = to_json(trial);
    entry.erase("seconds");
    entry.erase("started_s");
    if (entry["details"].is_object()) entry["details"].erase("last_epoch");
    json.push_back(std::move(entry));
  };
  if (study.baseline) add(*study.baseline);
  for (const Trial& trial : study.trials) add(trial);
  return json;
}

}  // namespace thimble::tuning::testing
