// Comparisons made by hand: what each model answers is written down.

#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "comparison/comparison.hpp"

namespace thimble::testing {

/// A model that gives `answers` with 80 % each.
inline FinishedCell answering(const std::string& name, const std::vector<std::int32_t>& answers,
                              std::size_t classes) {
  FinishedCell cell;
  cell.result.model = name;
  cell.result.family = "tree";
  cell.result.training.emplace();
  cell.result.training->seconds = 1.5;
  cell.result.training->stopped_because = "done";
  cell.result.prediction = {answers.size(), 0.25, 0.001};
  cell.result.model_bytes = 1000 * name.size();
  cell.result.threads = 2;
  cell.result.seconds = 2;
  cell.probabilities = Probabilities(answers.size(), classes);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    for (float& p : cell.probabilities[i]) p = 0.2f / static_cast<float>(classes - 1);
    cell.probabilities[i][static_cast<std::size_t>(answers[i])] = 0.8f;
  }
  return cell;
}

/// Test pictures of 2x2 with these labels; the classes are called "A", "B", ...
inline Dataset labelled(const std::vector<std::int32_t>& labels, std::size_t classes) {
  Dataset data;
  data.images = Images({2, 2, 1}, labels.size());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    data.images[i][0] = static_cast<std::uint8_t>(i);
  }
  data.labels = labels;
  for (std::size_t c = 0; c < classes; ++c)
    data.classes.emplace_back(1, static_cast<char>('A' + c));
  data.provenance = {"made-by-hand", "test", std::string(64, 'f'), false};
  return data;
}

/// 100 pictures of three classes; a model gets all right but those whose number modulo 100 is
/// below `wrong`, and calls them by the next class.
inline FinishedCell wrong_on(const std::string& name, const Dataset& data, std::size_t wrong) {
  std::vector<std::int32_t> answers = data.labels;
  for (std::size_t i = 0; i < wrong; ++i) {
    answers[i] = (answers[i] + 1) % static_cast<std::int32_t>(data.classes.size());
  }
  return answering(name, answers, data.classes.size());
}

inline Dataset hundred_pictures() {
  std::vector<std::int32_t> labels;
  for (std::int32_t i = 0; i < 100; ++i) labels.push_back(i % 3);
  return labelled(labels, 3);
}

/// On "easy" good and fair are equal; on "hard" they are apart, and poor is poor on both.
inline Comparison two_data_sets() {
  const Dataset data = hundred_pictures();
  Comparison comparison;
  comparison.seconds = 12;
  comparison.data.push_back(compare_models(
      "hard", data,
      {wrong_on("fair", data, 40), wrong_on("poor", data, 60), wrong_on("good", data, 5)}));
  comparison.data.push_back(compare_models(
      "easy", data,
      {wrong_on("fair", data, 3), wrong_on("poor", data, 30), wrong_on("good", data, 2)}));
  for (DataComparison& one : comparison.data) one.training_samples = 1000;
  return comparison;
}

}  // namespace thimble::testing
