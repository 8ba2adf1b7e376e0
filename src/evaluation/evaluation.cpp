#include "evaluation/evaluation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "base/error.hpp"
#include "evaluation/agreement.hpp"

namespace thimble {
namespace {

constexpr double kEpsilon = std::numeric_limits<float>::epsilon();

double ratio(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

void check(const Probabilities& probabilities, std::span<const std::int32_t> labels,
           std::span<const std::string> classes) {
  if (labels.empty()) throw DataError("nothing to evaluate: there are no samples");
  if (probabilities.size() != labels.size()) {
    throw ShapeError(
        fmt::format("{} rows of probabilities for {} labels", probabilities.size(), labels.size()));
  }
  if (probabilities.classes() != classes.size()) {
    throw ShapeError(fmt::format("probabilities of {} classes, but {} class names",
                                 probabilities.classes(), classes.size()));
  }
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0 || static_cast<std::size_t>(labels[i]) >= classes.size()) {
      throw DataError(
          fmt::format("sample {}: label {}, expected 0 to {}", i, labels[i], classes.size() - 1));
    }
    const std::span<const float> row = probabilities[i];
    for (std::size_t c = 0; c < row.size(); ++c) {
      if (!(row[c] >= 0 && row[c] <= 1 + 1e-3f)) {
        throw DataError(
            fmt::format("sample {}: the model gives '{}' the probability {}, expected "
                        "a number from 0 to 1; did its training diverge?",
                        i, classes[c], row[c]));
      }
    }
  }
}

// How many classes rank before `label`.
std::size_t rank_of(std::span<const float> row, std::size_t label) {
  std::size_t rank = 0;
  for (std::size_t c = 0; c < row.size(); ++c) {
    if (row[c] > row[label] || (row[c] == row[label] && c < label)) ++rank;
  }
  return rank;
}

ClassMetrics class_metrics(const ConfusionMatrix& matrix, std::size_t index,
                           const std::string& name) {
  ClassMetrics metrics;
  metrics.name = name;
  metrics.support = matrix.support(index);
  const std::uint64_t hits = matrix.count(index, index);
  const std::uint64_t predicted = matrix.predictions(index);
  metrics.precision = ratio(hits, predicted);
  metrics.recall = ratio(hits, metrics.support);
  metrics.f1 = ratio(2 * hits, predicted + metrics.support);
  return metrics;
}

void fill_averages(Evaluation& evaluation) {
  const double classes = static_cast<double>(evaluation.classes.size());
  AverageMetrics macro;
  AverageMetrics weighted;
  for (const ClassMetrics& metrics : evaluation.classes) {
    const double weight = static_cast<double>(metrics.support);
    macro.precision += metrics.precision;
    macro.recall += metrics.recall;
    macro.f1 += metrics.f1;
    weighted.precision += metrics.precision * weight;
    weighted.recall += metrics.recall * weight;
    weighted.f1 += metrics.f1 * weight;
  }
  const double samples = static_cast<double>(evaluation.samples);
  evaluation.macro = {macro.precision / classes, macro.recall / classes, macro.f1 / classes};
  evaluation.weighted = {weighted.precision / samples, weighted.recall / samples,
                         weighted.f1 / samples};
}

nlohmann::json average_json(const AverageMetrics& average) {
  return {{"precision", average.precision}, {"recall", average.recall}, {"f1", average.f1}};
}

}  // namespace

std::size_t predicted_class(std::span<const float> probabilities) {
  return static_cast<std::size_t>(std::max_element(probabilities.begin(), probabilities.end()) -
                                  probabilities.begin());
}

std::vector<std::size_t> top_classes(std::span<const float> probabilities, std::size_t k) {
  std::vector<std::size_t> order(probabilities.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return probabilities[a] > probabilities[b];
  });
  order.resize(std::min(k, order.size()));
  return order;
}

double cross_entropy_of(std::span<const float> probabilities, std::size_t label) {
  const auto clipped = [](float p) {
    return std::clamp(static_cast<double>(p), kEpsilon, 1 - kEpsilon);
  };
  double sum = 0;
  for (float p : probabilities) sum += clipped(p);
  return -std::log(clipped(probabilities[label]) / sum);
}

Evaluation evaluate(const Probabilities& probabilities, std::span<const std::int32_t> labels,
                    std::span<const std::string> classes) {
  check(probabilities, labels, classes);
  ConfusionMatrix counts(classes.size());
  std::vector<std::uint64_t> hits(std::min(kLargestTopK, classes.size()));
  double loss = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::size_t label = static_cast<std::size_t>(labels[i]);
    counts.add(label, predicted_class(probabilities[i]));
    for (std::size_t k = rank_of(probabilities[i], label); k < hits.size(); ++k) ++hits[k];
    loss += cross_entropy_of(probabilities[i], label);
  }
  Evaluation evaluation = evaluate(counts, classes);
  evaluation.loss = loss / static_cast<double>(evaluation.samples);
  for (std::uint64_t count : hits) evaluation.top_k.push_back(ratio(count, evaluation.samples));
  return evaluation;
}

Evaluation evaluate(const ConfusionMatrix& counts, std::span<const std::string> classes) {
  if (classes.size() != counts.classes()) {
    throw ShapeError(fmt::format("a confusion matrix of {} classes, expected {} as there are names",
                                 counts.classes(), classes.size()));
  }
  Evaluation evaluation;
  evaluation.samples = counts.total();
  if (evaluation.samples == 0) throw DataError("a confusion matrix without samples");
  evaluation.confusion_matrix = counts;
  const std::uint64_t correct = counts.correct();
  evaluation.accuracy = ratio(correct, evaluation.samples);
  evaluation.accuracy_interval = wilson_interval(correct, evaluation.samples);
  evaluation.balanced_accuracy = balanced_accuracy(evaluation.confusion_matrix);
  evaluation.cohen_kappa = cohen_kappa(evaluation.confusion_matrix);
  evaluation.matthews_correlation = matthews_correlation(evaluation.confusion_matrix);
  for (std::size_t c = 0; c < classes.size(); ++c) {
    evaluation.classes.push_back(class_metrics(evaluation.confusion_matrix, c, classes[c]));
  }
  fill_averages(evaluation);
  return evaluation;
}

nlohmann::json to_json(const Evaluation& evaluation) {
  nlohmann::json classes = nlohmann::json::array();
  for (const ClassMetrics& metrics : evaluation.classes) {
    classes.push_back({{"name", metrics.name},
                       {"precision", metrics.precision},
                       {"recall", metrics.recall},
                       {"f1", metrics.f1},
                       {"support", metrics.support}});
  }
  nlohmann::json matrix = nlohmann::json::array();
  const ConfusionMatrix& counts = evaluation.confusion_matrix;
  for (std::size_t truth = 0; truth < counts.classes(); ++truth) {
    nlohmann::json row = nlohmann::json::array();
    for (std::size_t c = 0; c < counts.classes(); ++c) row.push_back(counts.count(truth, c));
    matrix.push_back(std::move(row));
  }
  nlohmann::json top_k = nlohmann::json::object();
  for (std::size_t k = 1; k <= evaluation.top_k.size(); ++k) {
    top_k[std::to_string(k)] = evaluation.top_k[k - 1];
  }
  return {{"accuracy", evaluation.accuracy},
          {"accuracy_interval", nlohmann::json::array({evaluation.accuracy_interval.low,
                                                       evaluation.accuracy_interval.high})},
          {"balanced_accuracy", evaluation.balanced_accuracy},
          {"cohen_kappa",
           evaluation.cohen_kappa ? nlohmann::json(*evaluation.cohen_kappa) : nlohmann::json()},
          {"matthews_correlation", evaluation.matthews_correlation},
          {"loss", evaluation.loss},
          {"top_k", std::move(top_k)},
          {"macro", average_json(evaluation.macro)},
          {"weighted", average_json(evaluation.weighted)},
          {"classes", std::move(classes)},
          {"confusion_matrix", std::move(matrix)},
          {"samples", evaluation.samples},
          {"model", evaluation.model},
          {"data", evaluation.data}};
}

}  // namespace thimble
