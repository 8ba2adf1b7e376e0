// Class by class: precision, recall, and how well the class's probability ranks the pictures.

#include <algorithm>
#include <numeric>
#include <vector>

#include <fmt/format.h>

#include "base/text.hpp"
#include "report/evaluation_sections.hpp"
#include "report/words.hpp"

namespace thimble::report {
namespace {

/// Lines that an eye can still tell apart in one chart.
constexpr std::size_t kMostLines = 10;

Cell number_or_nothing(const std::optional<double>& value) { return value ? Cell(*value) : Cell(); }

Table classification_table(const Evaluation& e) {
  using Format = Column::Format;
  Table table;
  table.caption = "Classification report";
  table.columns = {{"Class", Format::text},
                   {"Precision", Format::decimal},
                   {"Recall", Format::decimal},
                   {"F1", Format::decimal},
                   {"Pictures", Format::integer}};
  const auto add = [&](const std::string& name, const auto& figures, std::uint64_t samples) {
    table.rows.push_back(
        {name, figures.precision, figures.recall, figures.f1, static_cast<double>(samples)});
  };
  for (const ClassMetrics& one : e.classes) add(one.name, one, one.support);
  add("Macro average", e.macro, e.samples);
  add("Weighted average", e.weighted, e.samples);
  return table;
}

/// Adds how well the probabilities rank the pictures.
void add_ranking(Table& table, const Curves& curves) {
  table.columns.push_back({"Average precision", Column::Format::decimal});
  table.columns.push_back({"ROC AUC", Column::Format::decimal});
  for (std::size_t c = 0; c < curves.classes.size(); ++c) {
    table.rows[c].push_back(number_or_nothing(curves.classes[c].average_precision));
    table.rows[c].push_back(number_or_nothing(curves.classes[c].roc_auc));
  }
  std::vector<Cell>& macro = table.rows[curves.classes.size()];
  macro.push_back(number_or_nothing(curves.macro_average_precision));
  macro.push_back(number_or_nothing(curves.macro_roc_auc));
  table.rows.back().resize(table.columns.size());
}

/// Classes with pictures, lowest recall first.
std::vector<std::size_t> classes_by_recall(const Evaluation& e) {
  std::vector<std::size_t> order;
  for (std::size_t c = 0; c < e.classes.size(); ++c) {
    if (e.classes[c].support > 0) order.push_back(c);
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return e.classes[a].recall < e.classes[b].recall;
  });
  return order;
}

Chart recall_chart(const Evaluation& e) {
  Series bars;
  bars.name = "Accuracy";
  Chart chart;
  std::vector<std::size_t> best_first = classes_by_recall(e);
  std::reverse(best_first.begin(), best_first.end());
  for (const std::size_t c : best_first) {
    const Interval interval = wilson_interval(e.confusion_matrix.count(c, c), e.classes[c].support);
    chart.y.categories.push_back(e.classes[c].name);
    bars.y.push_back(100 * e.classes[c].recall);
    bars.low.push_back(100 * interval.low);
    bars.high.push_back(100 * interval.high);
  }
  chart.id = "class-accuracy";
  chart.title = "Accuracy by class";
  chart.description =
      "For each class the share of its pictures that the model names right, with its 95 % "
      "interval; the class with the highest share first.";
  chart.kind = Chart::Kind::bars;
  chart.horizontal = true;
  chart.x = {.title = "Right answers", .unit = "%", .min = 0, .max = 100};
  chart.y.title = "True class";
  chart.y.scale = Axis::Scale::category;
  chart.series = {std::move(bars)};
  chart.references = {{ReferenceLine::Kind::vertical, 100 * e.accuracy, "all pictures"}};
  return chart;
}

std::string classes_finding(const Evaluation& e) {
  const std::vector<std::size_t> order = classes_by_recall(e);
  const ClassMetrics& worst = e.classes[order.front()];
  const ClassMetrics& best = e.classes[order.back()];
  if (worst.recall == best.recall) {
    return order.size() == 1
               ? fmt::format("All pictures are of one class, {}: {} of them are named right.",
                             worst.name, percentage(worst.recall))
               : fmt::format("All classes are recognised equally well: {} of their pictures.",
                             percentage(worst.recall));
  }
  return fmt::format(
      "{} is the hardest class, {} of its pictures are named right; {} is the "
      "easiest with {}.",
      worst.name, percentage(worst.recall), best.name, percentage(best.recall));
}

/// What the figures of a table cannot say by themselves.
std::vector<std::string> odd_classes(const Evaluation& e) {
  const auto listed = [&](auto matches) {
    std::string names;
    for (std::size_t c = 0; c < e.classes.size(); ++c) {
      if (matches(c)) names += (names.empty() ? "" : ", ") + e.classes[c].name;
    }
    return names;
  };
  std::vector<std::string> notes;
  const std::string never =
      listed([&](std::size_t c) { return e.confusion_matrix.predictions(c) == 0; });
  if (!never.empty()) {
    notes.push_back("Never predicted: " + never +
                    ". Precision is then not defined and shown as 0.");
  }
  const std::string absent = listed([&](std::size_t c) { return e.classes[c].support == 0; });
  if (!absent.empty()) {
    notes.push_back("Without pictures here: " + absent +
                    ". Recall is then not defined and shown as 0; averages count it so.");
  }
  return notes;
}

Section classes_section(const Evaluation& e, Table table) {
  Section section{"classes", "Class by class", classes_finding(e), {}};
  section.blocks.emplace_back(recall_chart(e));
  section.blocks.emplace_back(std::move(table));
  for (std::string& note : odd_classes(e)) section.blocks.emplace_back(Paragraph{std::move(note)});
  return section;
}

/// Classes with an average precision, lowest first.
std::vector<std::size_t> classes_by_ranking(const Curves& curves) {
  std::vector<std::size_t> order;
  for (std::size_t c = 0; c < curves.classes.size(); ++c) {
    if (curves.classes[c].average_precision) order.push_back(c);
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return *curves.classes[a].average_precision < *curves.classes[b].average_precision;
  });
  return order;
}

std::string ranking_finding(const JudgedModel& judged) {
  const Curves& curves = judged.analysis.curves;
  const std::vector<std::size_t> order = classes_by_ranking(curves);
  if (order.empty() || !curves.macro_roc_auc) {
    return "All pictures are of one class: how well classes are told apart cannot be said.";
  }
  const std::size_t worst = order.front();
  return fmt::format(
      "A picture of a class gets a higher probability for it than another picture in {:.2f} % of "
      "cases (mean ROC AUC); hardest to find without false finds is {}, average precision {:.3f} "
      "against {:.3f} on average.",
      100 * *curves.macro_roc_auc, judged.evaluation.classes[worst].name,
      *curves.classes[worst].average_precision, *curves.macro_average_precision);
}

Axis share_axis(const std::string& title) {
  return {.title = title, .unit = "%", .min = 0, .max = 100};
}

std::vector<double> in_percent(std::vector<double> shares) {
  for (double& share : shares) share *= 100;
  return shares;
}

Chart precision_recall_chart(const JudgedModel& judged, const std::vector<std::size_t>& drawn) {
  Chart chart;
  chart.id = "precision-recall";
  chart.title = "Precision and recall";
  chart.description =
      "One line a class: how many of the pictures found are of the class (precision) as more and "
      "more of the class's pictures are found (recall).";
  chart.x = share_axis("Recall");
  chart.y = share_axis("Precision");
  for (const std::size_t c : drawn) {
    const ClassCurves& curves = judged.analysis.curves.classes[c];
    chart.series.push_back({.name = judged.evaluation.classes[c].name,
                            .x = in_percent(curves.precision_recall.recall),
                            .y = in_percent(curves.precision_recall.precision)});
  }
  return chart;
}

Chart roc_chart(const JudgedModel& judged, const std::vector<std::size_t>& drawn) {
  Chart chart;
  chart.id = "roc";
  chart.title = "ROC";
  chart.description =
      "One line a class: how many of the class's pictures are found as more and more pictures of "
      "other classes are taken for it.";
  chart.x = share_axis("False positive rate");
  chart.y = share_axis("True positive rate");
  for (const std::size_t c : drawn) {
    const ClassCurves& curves = judged.analysis.curves.classes[c];
    if (!curves.roc_auc) continue;
    chart.series.push_back({.name = judged.evaluation.classes[c].name,
                            .x = in_percent(curves.roc.false_positive_rate),
                            .y = in_percent(curves.roc.true_positive_rate)});
  }
  chart.references = {{ReferenceLine::Kind::diagonal, 0, "chance"}};
  return chart;
}

}  // namespace

Section classes_section(const JudgedModel& judged) {
  Table table = classification_table(judged.evaluation);
  add_ranking(table, judged.analysis.curves);
  return classes_section(judged.evaluation, std::move(table));
}

Section classes_section(const Evaluation& e) { return classes_section(e, classification_table(e)); }

Section ranking_section(const JudgedModel& judged) {
  std::vector<std::size_t> drawn = classes_by_ranking(judged.analysis.curves);
  Section section{"ranking", "Finding one class among all", ranking_finding(judged), {}};
  if (drawn.size() > kMostLines) {
    section.blocks.emplace_back(
        Paragraph{fmt::format("Drawn are the {} classes with the lowest average precision of {}.",
                              kMostLines, drawn.size())});
    drawn.resize(kMostLines);
  }
  std::sort(drawn.begin(), drawn.end());  // colours by the order of the classes
  SideBySide charts;
  if (!drawn.empty()) charts.blocks.emplace_back(precision_recall_chart(judged, drawn));
  if (judged.analysis.curves.macro_roc_auc) charts.blocks.emplace_back(roc_chart(judged, drawn));
  if (!charts.blocks.empty()) section.blocks.emplace_back(std::move(charts));
  return section;
}

}  // namespace thimble::report
