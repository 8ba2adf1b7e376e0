// How far probabilities can be trusted, and what that is good for.

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "base/text.hpp"
#include "evaluation/prediction.hpp"
#include "report/evaluation_sections.hpp"
#include "report/words.hpp"

namespace thimble::report {
namespace {

/// Share of the pictures that the finding hands to a person.
constexpr double kUnsure = 0.05;

Series reliability_series(const std::string& name, const Reliability& reliability) {
  Series series;
  series.name = name;
  for (const ReliabilityBin& bin : reliability.bins) {
    if (bin.samples == 0) continue;
    series.x.push_back(100 * bin.confidence);
    series.y.push_back(100 * bin.accuracy);
    series.low.push_back(100 * bin.accuracy_interval.low);
    series.high.push_back(100 * bin.accuracy_interval.high);
  }
  return series;
}

Chart reliability_chart(const Analysis& analysis) {
  Chart chart;
  chart.id = "reliability";
  chart.title = "Reliability";
  chart.description =
      "How often the model is right against how sure it says it is, in bins of equal width, with "
      "95 % intervals. On the diagonal its word can be taken.";
  chart.x = {.title = "Claimed probability", .unit = "%", .min = 0, .max = 100};
  chart.y = {.title = "Right answers", .unit = "%", .min = 0, .max = 100};
  chart.series.push_back(reliability_series("As it is", analysis.reliability));
  if (analysis.temperature) {
    Series scaled =
        reliability_series(fmt::format("Temperature {:.2f}", analysis.temperature->temperature),
                           analysis.temperature->reliability);
    scaled.style = Series::Style::dashed;
    // Two bands on top of each other would hide both.
    scaled.low.clear();
    scaled.high.clear();
    chart.series.push_back(std::move(scaled));
  }
  chart.references = {{ReferenceLine::Kind::diagonal, 0, "perfectly calibrated"}};
  return chart;
}

Chart confidence_chart(const Reliability& reliability) {
  Chart chart;
  chart.id = "confidence";
  chart.title = "How sure it says it is";
  chart.description = "Share of the pictures by the probability of the answer.";
  chart.kind = Chart::Kind::bars;
  chart.x = {.title = "Claimed probability", .unit = "%", .scale = Axis::Scale::category};
  chart.y = {.title = "Pictures", .unit = "%", .min = 0};
  double samples = 0;
  for (const ReliabilityBin& bin : reliability.bins) samples += static_cast<double>(bin.samples);
  Series bars;
  bars.name = "Pictures";
  for (const ReliabilityBin& bin : reliability.bins) {
    chart.x.categories.push_back(fmt::format("{:.0f}-{:.0f}", 100 * bin.low, 100 * bin.high));
    bars.y.push_back(100 * static_cast<double>(bin.samples) / samples);
  }
  chart.series = {std::move(bars)};
  return chart;
}

std::string calibration_finding(const JudgedModel& judged) {
  if (answers_by_votes(judged.model)) {
    return "No: its probabilities are shares of votes between pairs of classes, which rank the "
           "classes but do not say how sure an answer is.";
  }
  const Analysis& analysis = judged.analysis;
  const double claimed = analysis.reliability.mean_confidence;
  const double accuracy = judged.evaluation.accuracy;
  constexpr double kHonest = 0.01;
  std::string text;
  if (analysis.reliability.expected_error < kHonest) {
    text = fmt::format(
        "The probabilities can be taken at their word: claimed and true accuracy "
        "differ by {:.1f} points on average",
        100 * analysis.reliability.expected_error);
  } else {
    const double points = 100 * std::abs(claimed - accuracy);
    text = fmt::format(
        "The model is {}: it claims {} on average and is right {} of the time; its expected "
        "calibration error is {:.1f} points",
        points < 0.5         ? "about as sure as it should be on the whole, but not in every range"
        : claimed > accuracy ? "surer than it should be"
                             : "less sure than it could be",
        percentage(claimed), percentage(accuracy), 100 * analysis.reliability.expected_error);
  }
  if (!analysis.temperature) return text + ".";
  const TemperatureScaling& scaled = *analysis.temperature;
  const double gained =
      100 * (analysis.reliability.expected_error - scaled.reliability.expected_error);
  // The error is told to a tenth of a point.
  const std::string outcome = std::abs(gained) < 0.05 ? "changes nothing worth mentioning"
                              : gained > 0            ? fmt::format("brings that down to {:.1f}",
                                                                    100 * scaled.reliability.expected_error)
                                           : fmt::format("does not help: it is then {:.1f}",
                                                         100 * scaled.reliability.expected_error);
  return text + fmt::format("; dividing its logits by {:.2f}, fitted on {} validation {}, {}.",
                            scaled.temperature, format_count(scaled.validation_samples),
                            plural("picture", scaled.validation_samples), outcome);
}

Table calibration_table(const JudgedModel& judged) {
  using Format = Column::Format;
  const Analysis& analysis = judged.analysis;
  Table table;
  table.caption = "Figures of the probabilities; smaller is better";
  table.columns = {{"Probabilities", Format::text},
                   {"Expected calibration error", Format::percent},
                   {"Largest of a bin", Format::percent},
                   {"Brier score", Format::decimal},
                   {"Loss", Format::decimal}};
  table.rows.push_back({"As they are", analysis.reliability.expected_error,
                        analysis.reliability.maximum_error, analysis.brier_score,
                        judged.evaluation.loss});
  table.rows.push_back({"As they are, bins of equally many pictures",
                        analysis.reliability_equal_mass.expected_error,
                        analysis.reliability_equal_mass.maximum_error,
                        {},
                        {}});
  if (analysis.temperature) {
    const TemperatureScaling& scaled = *analysis.temperature;
    table.rows.push_back({fmt::format("Divided by temperature {:.3f}", scaled.temperature),
                          scaled.reliability.expected_error, scaled.reliability.maximum_error,
                          scaled.brier_score, scaled.loss});
  }
  return table;
}

Chart coverage_chart(const JudgedModel& judged) {
  const double accuracy = judged.evaluation.accuracy;
  Series line;
  line.name = "This model";
  Series oracle;
  oracle.name = "Had it known all its mistakes";
  oracle.style = Series::Style::dashed;
  for (const CoverageCurve::Point& point : drawn_points(judged.analysis.coverage)) {
    line.x.push_back(100 * point.coverage);
    line.y.push_back(100 * point.accuracy);
    oracle.x.push_back(100 * point.coverage);
    oracle.y.push_back(100 * std::min(1.0, accuracy / point.coverage));
  }
  Chart chart;
  chart.id = "accuracy-by-coverage";
  chart.title = "Accuracy against coverage";
  chart.description =
      "How often the answers that are kept are right, against how many are kept, the surest first.";
  chart.x = {.title = "Answers kept", .unit = "%", .min = 0, .max = 100};
  chart.y = {.title = "Right among them", .unit = "%", .max = 100};
  chart.series = {std::move(line), std::move(oracle)};
  chart.references = {{ReferenceLine::Kind::vertical, 100 * (1 - kUnsure), "5 % to a person"}};
  return chart;
}

Table coverage_table(const CoverageCurve& curve) {
  using Format = Column::Format;
  Table table;
  table.caption = "What handing the unsure answers to a person brings";
  table.columns = {{"Handed over", Format::percent},
                   {"Those below", Format::percent},
                   {"Right among the rest", Format::percent},
                   {"Mistakes caught", Format::percent}};
  for (const double share : kHandedOver) {
    const CoverageCurve::Point point = curve.keeping(1 - share);
    if (point.coverage == 0) continue;
    table.rows.push_back(
        {1 - point.coverage, point.threshold, point.accuracy, point.mistakes_caught});
  }
  return table;
}

std::string coverage_finding(const JudgedModel& judged) {
  const double accuracy = judged.evaluation.accuracy;
  if (accuracy == 1) return "There is no mistake that a person could catch.";
  const CoverageCurve::Point point = judged.analysis.coverage.keeping(1 - kUnsure);
  constexpr double kWorthIt = 0.0005;
  if (point.accuracy - accuracy < kWorthIt) {
    return fmt::format(
        "Handing the unsure 5 % to a person does not pay: {} of the rest are right, as of all; the "
        "model does not know where it errs.",
        percentage(point.accuracy));
  }
  return fmt::format(
      "If the unsure 5 % go to a person, {} of the rest are right instead of {}, and "
      "{} of all mistakes are caught.",
      percentage(point.accuracy), percentage(accuracy), percentage(point.mistakes_caught));
}

/// What it takes to be right as often as people ask for, with at most half as many mistakes.
std::string target_text(const JudgedModel& judged) {
  const double mistakes = 1 - judged.evaluation.accuracy;
  for (const double target : {0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999}) {
    if (1 - target > mistakes / 2) continue;
    const auto point = judged.analysis.coverage.reaching(target);
    if (!point) {
      return fmt::format("{} right answers are out of reach: not even the surest are that good.",
                         percentage(target));
    }
    return fmt::format(
        "To be right {} of the time it may keep {} of its answers, those with a "
        "probability of at least {:.3f}.",
        percentage(target), percentage(point->coverage), point->threshold);
  }
  return "";
}

}  // namespace

Section calibration_section(const JudgedModel& judged) {
  const Analysis& analysis = judged.analysis;
  return {"calibration",
          "Does it know how sure it is?",
          calibration_finding(judged),
          {SideBySide{{reliability_chart(analysis), confidence_chart(analysis.reliability)}},
           calibration_table(judged)}};
}

Section coverage_section(const JudgedModel& judged) {
  Section section{"coverage", "When unsure, ask a person", coverage_finding(judged), {}};
  section.blocks.emplace_back(coverage_chart(judged));
  if (judged.evaluation.accuracy == 1) return section;
  if (std::string text = target_text(judged); !text.empty()) {
    section.blocks.emplace_back(Paragraph{std::move(text)});
  }
  section.blocks.emplace_back(coverage_table(judged.analysis.coverage));
  return section;
}

}  // namespace thimble::report
