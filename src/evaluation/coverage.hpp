// What happens if the answers that a model is least sure of go to a person instead.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <nlohmann/json.hpp>

#include "models/classifier.hpp"

namespace thimble {

/// Accuracy against coverage: of the samples whose predicted class has the highest probability, how
/// many are right (Geifman, El-Yaniv: "Selective classification for deep neural networks", NIPS
/// 2017, with accuracy = 1 - risk).
///
/// Samples of equal probability are in random order: figures are the mean over all such orders.
class CoverageCurve {
 public:
  /// @throws ShapeError  if there are not as many labels as rows of probabilities
  /// @throws UsageError  if there are no samples
  CoverageCurve(const Probabilities& probabilities, std::span<const std::int32_t> labels);

  /// Answers kept and what they are worth.
  struct Point {
    double coverage = 0;         ///< share of the samples that are kept
    double accuracy = 0;         ///< of the kept ones; 1 where none are
    double threshold = 0;        ///< the probability from which on answers are kept
    double mistakes_caught = 0;  ///< share of all mistakes that are not kept; 0 without mistakes
  };

  /// The point of at most that share of samples, in whole samples.
  Point keeping(double share) const;

  /// The largest share that can be kept so that the kept answers are right at least this often;
  /// none if not even the surest are. Only whole groups of equal probability count.
  std::optional<Point> reaching(double accuracy) const;

  /// One point for every distinct probability, strictest first.
  std::vector<Point> points() const;

  /// Mean accuracy over all coverages 1/n, 2/n, ..., 1. One less this is the area under the
  /// risk-coverage curve (AURC).
  double area() const { return area_; }

 private:
  /// Samples with at least this probability.
  struct Group {
    double threshold = 0;
    std::uint64_t kept = 0;
    std::uint64_t mistakes = 0;
  };

  Point point_at(double threshold, double kept, double mistakes) const;

  std::vector<Group> groups_;  ///< cumulative, strictest first
  double area_ = 0;
};

/// Shares handed to a person that tables list.
inline constexpr double kHandedOver[] = {0.01, 0.02, 0.05, 0.1, 0.2, 0.3};

/// At 1 %, 2 %, ..., 100 % coverage, or fewer points where there are less than 100 samples.
std::vector<CoverageCurve::Point> drawn_points(const CoverageCurve& curve);

/// {"area", "handed_over": [{"share", "threshold", "accuracy", "mistakes_caught"}],
/// "curve": {"coverage", "accuracy"}}.
nlohmann::json to_json(const CoverageCurve& curve);

}  // namespace thimble
