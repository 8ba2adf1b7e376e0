#include "evaluation/evaluation_text.hpp"

#include <algorithm>
#include <iterator>
#include <set>

#include <fmt/format.h>

#include "base/text.hpp"

namespace thimble {
namespace {

constexpr std::size_t kWidth = 100;
constexpr std::size_t kNameWidth = 20;       // of a class in the table
constexpr std::size_t kRowNameWidth = 12;    // of a class beside the matrix
constexpr std::size_t kColumnNameWidth = 5;  // of a class above the matrix
constexpr std::size_t kPairs = 4;
constexpr double kUnsureShare = 0.05;

using Output = std::back_insert_iterator<std::string>;

void write_figures(Output out, const Evaluation& e) {
  fmt::format_to(out, "accuracy   {:.2f} %  (95 % interval {:.2f} to {:.2f} %)\n", 100 * e.accuracy,
                 100 * e.accuracy_interval.low, 100 * e.accuracy_interval.high);
  if (e.top_k.size() > 2) fmt::format_to(out, "top-2      {:.2f} %\n", 100 * e.top_k[1]);
  fmt::format_to(out, "loss       {:.4f}\n", e.loss);
  fmt::format_to(out, "samples    {}\n", format_count(e.samples));
}

void write_classes(Output out, const Evaluation& e) {
  const auto row = [&](const std::string& name, double precision, double recall, double f1,
                       std::uint64_t support) {
    fmt::format_to(out, "{:<{}.{}} {:>9.4f} {:>9.4f} {:>9.4f} {:>9}\n", name, kNameWidth,
                   kNameWidth, precision, recall, f1, format_count(support));
  };
  fmt::format_to(out, "\n{:<{}} {:>9} {:>9} {:>9} {:>9}\n", "class", kNameWidth, "precision",
                 "recall", "F1", "support");
  for (const ClassMetrics& c : e.classes) row(c.name, c.precision, c.recall, c.f1, c.support);
  row("macro average", e.macro.precision, e.macro.recall, e.macro.f1, e.samples);
  row("weighted average", e.weighted.precision, e.weighted.recall, e.weighted.f1, e.samples);
}

void write_matrix(Output out, const Evaluation& e) {
  const ConfusionMatrix& matrix = e.confusion_matrix;
  std::uint64_t largest = 0;
  std::vector<std::string> names;
  for (std::size_t truth = 0; truth < matrix.classes(); ++truth) {
    names.push_back(e.classes[truth].name);
    for (std::size_t c = 0; c < matrix.classes(); ++c) {
      largest = std::max(largest, matrix.count(truth, c));
    }
  }
  const std::size_t column = 1 + std::max(kColumnNameWidth, std::to_string(largest).size());
  if (kRowNameWidth + column * matrix.classes() > kWidth) {
    fmt::format_to(out,
                   "\nThe confusion matrix of {} classes is too wide to print; --json has it.\n",
                   matrix.classes());
    return;
  }
  fmt::format_to(out, "\nconfusion matrix: a row a true class, a column a predicted one\n{:<{}}",
                 "", kRowNameWidth);
  for (const std::string& name : short_names(names, kColumnNameWidth)) {
    fmt::format_to(out, "{:>{}}", name, column);
  }
  fmt::format_to(out, "\n");
  for (std::size_t truth = 0; truth < matrix.classes(); ++truth) {
    fmt::format_to(out, "{:<{}.{}}", names[truth], kRowNameWidth, kRowNameWidth);
    for (std::size_t c = 0; c < matrix.classes(); ++c) {
      const std::uint64_t count = matrix.count(truth, c);
      // Zeros are most of a good matrix and would hide the rest.
      fmt::format_to(out, "{:>{}}", count == 0 ? "." : std::to_string(count), column);
    }
    fmt::format_to(out, "\n");
  }
}

void write_mistakes(Output out, const Evaluation& e) {
  const auto pairs = e.confusion_matrix.most_confused(kPairs);
  if (pairs.empty()) {
    fmt::format_to(out, "\nNo mistakes.\n");
    return;
  }
  std::string line = "most confused:";
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const std::string pair =
        fmt::format("{} {} and {} ({})", i == 0 ? "" : ",", e.classes[pairs[i].first].name,
                    e.classes[pairs[i].second].name, pairs[i].count);
    if (i > 0 && line.size() + pair.size() > kWidth) break;
    line += pair;
  }
  fmt::format_to(out, "\n{}\n", line);
}

}  // namespace

std::vector<std::string> short_names(std::span<const std::string> names, std::size_t width) {
  std::vector<std::string> prefixes;
  std::multiset<std::string> seen;
  for (const std::string& name : names) {
    prefixes.push_back(fmt::format("{:.{}}", name, width));
    seen.insert(prefixes.back());
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (seen.count(prefixes[i]) > 1) prefixes[i] = fmt::format("#{}", i);
  }
  return prefixes;
}

std::string to_text(const Analysis& analysis, double accuracy) {
  std::string text;
  const Output out(text);
  const Reliability& reliability = analysis.reliability;
  fmt::format_to(
      out, "\ncertainty  claims {:.2f} %, right {:.2f} %; expected calibration error {:.2f} %\n",
      100 * reliability.mean_confidence, 100 * accuracy, 100 * reliability.expected_error);
  if (analysis.temperature) {
    fmt::format_to(
        out,
        "           divided by temperature {:.3f}: error {:.2f} %, loss {:.4f} (fitted on "
        "{} others)\n",
        analysis.temperature->temperature, 100 * analysis.temperature->reliability.expected_error,
        analysis.temperature->loss, format_count(analysis.temperature->validation_samples));
  }
  const CoverageCurve::Point kept = analysis.coverage.keeping(1 - kUnsureShare);
  fmt::format_to(
      out,
      "unsure     the {:.0f} % least sure to a person: {:.2f} % of the rest right, {:.0f} % "
      "of the mistakes caught\n",
      100 * kUnsureShare, 100 * kept.accuracy, 100 * kept.mistakes_caught);
  if (analysis.curves.macro_roc_auc && analysis.curves.macro_average_precision) {
    fmt::format_to(out, "ranking    mean ROC AUC {:.4f}, mean average precision {:.4f}\n",
                   *analysis.curves.macro_roc_auc, *analysis.curves.macro_average_precision);
  }
  if (analysis.cost) {
    const AnswerSpeed& speed = analysis.cost->speed;
    fmt::format_to(out, "speed      {:.0f} pictures/s in batches; one picture {:.3g} ms\n",
                   speed.pictures_per_second, 1000 * speed.latency.median_seconds);
  }
  return text;
}

std::string to_text(const Evaluation& evaluation) {
  std::string text;
  const Output out(text);
  write_figures(out, evaluation);
  write_classes(out, evaluation);
  write_matrix(out, evaluation);
  write_mistakes(out, evaluation);
  return text;
}

}  // namespace thimble
