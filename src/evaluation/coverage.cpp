#include "evaluation/coverage.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "base/error.hpp"
#include "evaluation/evaluation.hpp"

namespace thimble {

CoverageCurve::CoverageCurve(const Probabilities& probabilities,
                             std::span<const std::int32_t> labels) {
  if (probabilities.size() != labels.size()) {
    throw ShapeError(
        fmt::format("{} rows of probabilities for {} labels", probabilities.size(), labels.size()));
  }
  if (labels.empty()) throw UsageError("coverage: there are no samples");
  std::vector<std::pair<float, bool>> answers;  // confidence, wrong
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::size_t predicted = predicted_class(probabilities[i]);
    answers.emplace_back(probabilities[i][predicted],
                         predicted != static_cast<std::size_t>(labels[i]));
  }
  std::sort(answers.begin(), answers.end(),
            [](const auto& a, const auto& b) { return a.first > b.first; });

  std::uint64_t mistakes = 0;
  Group before;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    mistakes += answers[i].second ? 1 : 0;
    if (i + 1 < answers.size() && answers[i].first == answers[i + 1].first) continue;
    const Group group{static_cast<double>(answers[i].first), i + 1, mistakes};
    const double rate = static_cast<double>(group.mistakes - before.mistakes) /
                        static_cast<double>(group.kept - before.kept);
    for (std::uint64_t kept = before.kept + 1; kept <= group.kept; ++kept) {
      const double expected =
          static_cast<double>(before.mistakes) + rate * static_cast<double>(kept - before.kept);
      area_ += 1 - expected / static_cast<double>(kept);
    }
    groups_.push_back(group);
    before = group;
  }
  area_ /= static_cast<double>(answers.size());
}

CoverageCurve::Point CoverageCurve::point_at(double threshold, double kept, double mistakes) const {
  const double all = static_cast<double>(groups_.back().kept);
  const double all_mistakes = static_cast<double>(groups_.back().mistakes);
  return {kept / all, kept > 0 ? (kept - mistakes) / kept : 1, threshold,
          all_mistakes > 0 ? (all_mistakes - mistakes) / all_mistakes : 0};
}

CoverageCurve::Point CoverageCurve::keeping(double share) const {
  const double all = static_cast<double>(groups_.back().kept);
  // A share such as 0.95 is not exact in binary: 0.95 * 20 must give 19 whole samples.
  constexpr double kRounding = 1e-9;
  const double kept = std::floor(std::clamp(share, 0.0, 1.0) * all + kRounding);
  Group before;
  for (const Group& group : groups_) {
    if (static_cast<double>(group.kept) >= kept) {
      const double rate = static_cast<double>(group.mistakes - before.mistakes) /
                          static_cast<double>(group.kept - before.kept);
      const double of_group = kept - static_cast<double>(before.kept);
      return point_at(group.threshold, kept,
                      static_cast<double>(before.mistakes) + rate * of_group);
    }
    before = group;
  }
  return point_at(groups_.back().threshold, all, static_cast<double>(groups_.back().mistakes));
}

std::optional<CoverageCurve::Point> CoverageCurve::reaching(double accuracy) const {
  for (auto group = groups_.rbegin(); group != groups_.rend(); ++group) {
    const Point point = point_at(group->threshold, static_cast<double>(group->kept),
                                 static_cast<double>(group->mistakes));
    if (point.accuracy >= accuracy) return point;
  }
  return std::nullopt;
}

std::vector<CoverageCurve::Point> CoverageCurve::points() const {
  std::vector<Point> points;
  for (const Group& group : groups_) {
    points.push_back(point_at(group.threshold, static_cast<double>(group.kept),
                              static_cast<double>(group.mistakes)));
  }
  return points;
}

std::vector<CoverageCurve::Point> drawn_points(const CoverageCurve& curve) {
  constexpr int kPercent = 100;
  std::vector<CoverageCurve::Point> points;
  double before = 0;
  for (int percent = 1; percent <= kPercent; ++percent) {
    const CoverageCurve::Point point = curve.keeping(percent / static_cast<double>(kPercent));
    if (point.coverage > before) points.push_back(point);
    before = point.coverage;
  }
  return points;
}

nlohmann::json to_json(const CoverageCurve& curve) {
  nlohmann::json coverage = nlohmann::json::array();
  nlohmann::json accuracy = nlohmann::json::array();
  for (const CoverageCurve::Point& point : drawn_points(curve)) {
    coverage.push_back(point.coverage);
    accuracy.push_back(point.accuracy);
  }
  nlohmann::json handed_over = nlohmann::json::array();
  for (const double share : kHandedOver) {
    const CoverageCurve::Point point = curve.keeping(1 - share);
    handed_over.push_back({{"share", share},
                           {"threshold", point.threshold},
                           {"accuracy", point.accuracy},
                           {"mistakes_caught", point.mistakes_caught}});
  }
  return {{"area", curve.area()},
          {"handed_over", std::move(handed_over)},
          {"curve", {{"coverage", std::move(coverage)}, {"accuracy", std::move(accuracy)}}}};
}

}  // namespace thimble
