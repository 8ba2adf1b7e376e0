#include "evaluation/curves.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <queue>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/parallel.hpp"

namespace thimble {
namespace {

constexpr double kNearEnough = 1e-4;  // of a unit square: less than a pixel on any screen

/// Samples taken for the class at the thresholds of one curve, strictest first.
struct RankCounts {
  std::vector<double> thresholds;
  std::vector<std::uint64_t> true_positives;
  std::vector<std::uint64_t> false_positives;
};

RankCounts count_by_rank(std::span<const float> scores, std::span<const std::uint8_t> positive) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  RankCounts counts;
  std::uint64_t hits = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    hits += positive[order[i]] != 0 ? 1 : 0;
    if (i + 1 < order.size() && scores[order[i]] == scores[order[i + 1]]) continue;
    counts.thresholds.push_back(static_cast<double>(scores[order[i]]));
    counts.true_positives.push_back(hits);
    counts.false_positives.push_back(i + 1 - hits);
  }
  return counts;
}

double share(std::uint64_t part, std::uint64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

void fill_precision_recall(const RankCounts& counts, ClassCurves& curves) {
  PrecisionRecallCurve& curve = curves.precision_recall;
  curve.thresholds = counts.thresholds;
  curve.recall = {0};
  curve.precision = {1};
  double area = 0;
  for (std::size_t i = 0; i < counts.thresholds.size(); ++i) {
    const std::uint64_t hits = counts.true_positives[i];
    curve.recall.push_back(share(hits, curves.positives));
    curve.precision.push_back(share(hits, hits + counts.false_positives[i]));
    area += (curve.recall[i + 1] - curve.recall[i]) * curve.precision[i + 1];
  }
  curves.average_precision = area;
}

void fill_roc(const RankCounts& counts, ClassCurves& curves) {
  RocCurve& curve = curves.roc;
  curve.thresholds = counts.thresholds;
  curve.false_positive_rate = {0};
  curve.true_positive_rate = {0};
  double area = 0;
  for (std::size_t i = 0; i < counts.thresholds.size(); ++i) {
    curve.false_positive_rate.push_back(share(counts.false_positives[i], curves.negatives));
    curve.true_positive_rate.push_back(share(counts.true_positives[i], curves.positives));
    area += (curve.false_positive_rate[i + 1] - curve.false_positive_rate[i]) *
            (curve.true_positive_rate[i + 1] + curve.true_positive_rate[i]) / 2;
  }
  curves.roc_auc = area;
}

/// The point between two kept ones that is farthest from the line through them.
struct Gap {
  double distance = 0;
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t farthest = 0;

  bool operator<(const Gap& other) const {
    return distance != other.distance ? distance < other.distance : begin > other.begin;
  }
};

Gap find_gap(std::span<const double> x, std::span<const double> y, std::size_t begin,
             std::size_t end) {
  Gap gap{0, begin, end, begin};
  const double dx = x[end] - x[begin];
  const double dy = y[end] - y[begin];
  const double length = std::hypot(dx, dy);
  for (std::size_t i = begin + 1; i < end; ++i) {
    const double px = x[i] - x[begin];
    const double py = y[i] - y[begin];
    const double distance = length > 0 ? std::abs(dx * py - dy * px) / length : std::hypot(px, py);
    if (distance > gap.distance) {
      gap.distance = distance;
      gap.farthest = i;
    }
  }
  return gap;
}

std::vector<double> picked(const std::vector<double>& values,
                           std::span<const std::size_t> indices) {
  std::vector<double> result;
  result.reserve(indices.size());
  for (const std::size_t i : indices) result.push_back(values[i]);
  return result;
}

void thin(ClassCurves& curves, std::size_t most) {
  if (PrecisionRecallCurve& curve = curves.precision_recall; !curve.recall.empty()) {
    const auto kept = thin_curve(curve.recall, curve.precision, most);
    curve = {picked(curve.recall, kept), picked(curve.precision, kept), {}};
  }
  if (RocCurve& curve = curves.roc; !curve.true_positive_rate.empty()) {
    const auto kept = thin_curve(curve.false_positive_rate, curve.true_positive_rate, most);
    curve = {picked(curve.false_positive_rate, kept), picked(curve.true_positive_rate, kept), {}};
  }
}

std::optional<double> mean_of(std::span<const ClassCurves> classes,
                              std::optional<double> ClassCurves::*value) {
  double sum = 0;
  std::size_t defined = 0;
  for (const ClassCurves& curves : classes) {
    if (!(curves.*value)) continue;
    sum += *(curves.*value);
    ++defined;
  }
  if (defined == 0) return std::nullopt;
  return sum / static_cast<double>(defined);
}

}  // namespace

ClassCurves class_curves(std::span<const float> scores, std::span<const std::uint8_t> positive) {
  if (scores.size() != positive.size()) {
    throw ShapeError(fmt::format("{} scores for {} samples", scores.size(), positive.size()));
  }
  ClassCurves curves;
  for (const std::uint8_t is_positive : positive) curves.positives += is_positive != 0 ? 1 : 0;
  curves.negatives = positive.size() - curves.positives;
  if (curves.positives == 0) return curves;
  const RankCounts counts = count_by_rank(scores, positive);
  fill_precision_recall(counts, curves);
  if (curves.negatives > 0) fill_roc(counts, curves);
  return curves;
}

std::vector<std::size_t> thin_curve(std::span<const double> x, std::span<const double> y,
                                    std::size_t most) {
  if (x.size() != y.size()) {
    throw ShapeError(fmt::format("a curve of {} and {} values", x.size(), y.size()));
  }
  if (x.size() <= 2) {
    std::vector<std::size_t> all(x.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    return all;
  }
  std::vector<std::size_t> kept = {0, x.size() - 1};
  std::priority_queue<Gap> gaps;
  gaps.push(find_gap(x, y, 0, x.size() - 1));
  while (kept.size() < most && gaps.top().distance > kNearEnough) {
    const Gap gap = gaps.top();
    gaps.pop();
    kept.push_back(gap.farthest);
    gaps.push(find_gap(x, y, gap.begin, gap.farthest));
    gaps.push(find_gap(x, y, gap.farthest, gap.end));
  }
  std::sort(kept.begin(), kept.end());
  return kept;
}

Curves one_vs_rest_curves(const Probabilities& probabilities, std::span<const std::int32_t> labels,
                          std::size_t most_points) {
  if (probabilities.size() != labels.size()) {
    throw ShapeError(
        fmt::format("{} rows of probabilities for {} labels", probabilities.size(), labels.size()));
  }
  Curves curves;
  curves.classes.resize(probabilities.classes());
  parallel_tasks(probabilities.classes(), [&](std::size_t c) {
    std::vector<float> scores(labels.size());
    std::vector<std::uint8_t> positive(labels.size());
    for (std::size_t i = 0; i < labels.size(); ++i) {
      scores[i] = probabilities[i][c];
      positive[i] = static_cast<std::size_t>(labels[i]) == c ? 1 : 0;
    }
    curves.classes[c] = class_curves(scores, positive);
    thin(curves.classes[c], most_points);
  });
  curves.macro_average_precision = mean_of(curves.classes, &ClassCurves::average_precision);
  curves.macro_roc_auc = mean_of(curves.classes, &ClassCurves::roc_auc);
  return curves;
}

nlohmann::json to_json(const Curves& curves, std::span<const std::string> classes) {
  nlohmann::json list = nlohmann::json::array();
  for (std::size_t c = 0; c < curves.classes.size(); ++c) {
    const ClassCurves& one = curves.classes[c];
    list.push_back(
        {{"name", classes[c]},
         {"precision_recall",
          {{"recall", one.precision_recall.recall}, {"precision", one.precision_recall.precision}}},
         {"roc",
          {{"false_positive_rate", one.roc.false_positive_rate},
           {"true_positive_rate", one.roc.true_positive_rate}}}});
  }
  return list;
}

}  // namespace thimble
