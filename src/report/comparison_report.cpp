#include "report/comparison_report.hpp"

#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/shipped.hpp"
#include "base/text.hpp"
#include "comparison/contrast.hpp"
#include "comparison/findings.hpp"
#include "report/disagreement_section.hpp"

namespace thimble::report {
namespace {

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kUndecided = 12;  // pairs in words

std::vector<std::string> names_of(const DataComparison& data) {
  std::vector<std::string> names;
  for (const ComparedModel& model : data.models) names.push_back(model.name);
  return names;
}

double or_nothing(const std::optional<double>& value) { return value ? *value : kNothing; }

std::optional<double> training_seconds(const ComparedModel& model) {
  if (!model.measured.training) return std::nullopt;
  return model.measured.training->seconds;
}

std::optional<double> peak_memory(const ComparedModel& model) {
  if (!model.measured.training || !model.measured.training->peak_memory_bytes) return std::nullopt;
  return static_cast<double>(*model.measured.training->peak_memory_bytes);
}

Table summary_table(const DataComparison& data) {
  using Format = Column::Format;
  Table table;
  table.caption = fmt::format("{} models on {}", data.models.size(), data.name);
  table.columns = {{"Model", Format::text},
                   {"Accuracy", Format::percent},
                   {"95 % interval", Format::text},
                   {"Macro F1", Format::decimal},
                   {"Log loss", Format::decimal},
                   {"Training", Format::seconds},
                   {"10,000 pictures", Format::seconds},
                   {"One picture", Format::seconds},
                   {"File", Format::bytes},
                   {"Peak memory", Format::bytes}};
  for (const ComparedModel& model : data.models) {
    const Evaluation& e = model.evaluation;
    table.rows.push_back(
        {model.name, e.accuracy,
         fmt::format("{:.2f}\u00a0to {:.2f}\u00a0%", 100 * e.accuracy_interval.low,
                     100 * e.accuracy_interval.high),
         e.macro.f1, e.loss, or_nothing(training_seconds(model)),
         model.measured.prediction.seconds_per_10000(), model.measured.prediction.latency_seconds,
         static_cast<double>(model.measured.model_bytes), or_nothing(peak_memory(model))});
  }
  return table;
}

Chart accuracy_chart(const DataComparison& data, const std::string& suffix) {
  Chart chart;
  chart.id = "accuracy-" + suffix;
  chart.title = fmt::format("Accuracy on {} with 95 % intervals", data.name);
  chart.description =
      "A point for each model, the best first, with the range that covers its true accuracy with "
      "95 % confidence";
  chart.kind = Chart::Kind::points;
  chart.x = {.title = "Model", .scale = Axis::Scale::category, .categories = names_of(data)};
  chart.y = {.title = "Test accuracy", .unit = "%"};
  Series series;
  series.name = "Accuracy";
  series.style = Series::Style::points;
  for (const ComparedModel& model : data.models) {
    series.y.push_back(100 * model.evaluation.accuracy);
    series.low.push_back(100 * model.evaluation.accuracy_interval.low);
    series.high.push_back(100 * model.evaluation.accuracy_interval.high);
    series.labels.push_back(model.name);
  }
  chart.series.push_back(std::move(series));
  return chart;
}

/// Accuracy against what it costs, on a logarithmic axis. Models of which `cost` gives nothing, or
/// 0, are left out.
template <class Cost>
Chart cost_chart(const DataComparison& data, std::string id, std::string title, Axis x,
                 const Cost& cost) {
  Chart chart;
  chart.id = std::move(id);
  chart.title = std::move(title);
  chart.description = "A point for each model; the best for their cost lie at the top left";
  chart.kind = Chart::Kind::points;
  chart.x = std::move(x);
  chart.x.scale = Axis::Scale::log;
  chart.y = {.title = "Test accuracy", .unit = "%"};
  chart.show_labels = true;
  Series series;
  series.name = "Models";
  series.style = Series::Style::points;
  for (const ComparedModel& model : data.models) {
    const std::optional<double> value = cost(model);
    if (!value || *value <= 0) continue;
    series.x.push_back(*value);
    series.y.push_back(100 * model.evaluation.accuracy);
    series.labels.push_back(model.name);
  }
  chart.series.push_back(std::move(series));
  return chart;
}

Chart time_chart(const DataComparison& data, const std::string& suffix) {
  return cost_chart(data, "time-" + suffix,
                    fmt::format("Accuracy against training time on {}", data.name),
                    {.title = "Training time", .unit = "s"}, training_seconds);
}

Chart size_chart(const DataComparison& data, const std::string& suffix) {
  return cost_chart(data, "size-" + suffix,
                    fmt::format("Accuracy against the size of the model file on {}", data.name),
                    {.title = "Model file", .unit = "MB"},
                    [](const ComparedModel& model) -> std::optional<double> {
                      return static_cast<double>(model.measured.model_bytes) / 1e6;
                    });
}

/// How many points the row's model is better than the column's, where that is no luck.
Chart difference_chart(const DataComparison& data, const std::string& suffix) {
  const std::size_t models = data.models.size();
  Chart chart;
  chart.id = "differences-" + suffix;
  chart.title = fmt::format("Which differences are real on {}", data.name);
  chart.description =
      "Points of accuracy by which the model of the row is better than that of the column; a pair "
      "whose difference may be luck is left empty";
  chart.kind = Chart::Kind::heatmap;
  chart.x = {.title = "than", .scale = Axis::Scale::category, .categories = names_of(data)};
  chart.y = {.title = "Better", .scale = Axis::Scale::category, .categories = names_of(data)};
  Grid grid;
  grid.width = models;
  grid.height = models;
  grid.values.assign(models * models, kNothing);
  grid.title = "Difference";
  grid.unit = "points";
  grid.diverging = true;
  grid.numbers = true;
  for (const ModelPair& pair : data.pairs) {
    if (!pair.is_real()) continue;
    const double points = std::round(10000 * pair.difference) / 100;
    grid.values[pair.first * models + pair.second] = points;
    grid.values[pair.second * models + pair.first] = -points;
  }
  chart.grid = std::move(grid);
  return chart;
}

Chart recall_chart(const DataComparison& data, const std::string& suffix) {
  Chart chart;
  chart.id = "recall-" + suffix;
  chart.title = fmt::format("Recall by class on {}", data.name);
  chart.description = "Share of each class's test pictures that each model finds";
  chart.kind = Chart::Kind::heatmap;
  chart.x = {.title = "Class", .scale = Axis::Scale::category, .categories = data.test.classes};
  chart.y = {.title = "Model", .scale = Axis::Scale::category, .categories = names_of(data)};
  Grid grid;
  grid.width = data.test.classes.size();
  grid.height = data.models.size();
  grid.title = "Recall";
  grid.unit = "%";
  grid.numbers = true;
  for (const ComparedModel& model : data.models) {
    for (const ClassMetrics& metrics : model.evaluation.classes) {
      grid.values.push_back(metrics.support == 0 ? kNothing : std::round(100 * metrics.recall));
    }
  }
  chart.grid = std::move(grid);
  return chart;
}

Section summary_section(const DataComparison& data, const std::string& suffix) {
  Section section{"models-" + suffix, data.name, finding_on_best(data), {}};
  section.blocks.emplace_back(summary_table(data));
  section.blocks.emplace_back(accuracy_chart(data, suffix));
  for (const std::string& note : data.notes) section.blocks.emplace_back(Paragraph{note + "."});
  return section;
}

Section cost_section(const DataComparison& data, const std::string& suffix) {
  Section section{"cost-" + suffix, data.name + ": what accuracy costs", finding_on_time(data), {}};
  const Chart time = time_chart(data, suffix);
  SideBySide charts;
  if (!time.series.front().y.empty()) charts.blocks.emplace_back(time);
  charts.blocks.emplace_back(size_chart(data, suffix));
  section.blocks.emplace_back(std::move(charts));
  section.blocks.emplace_back(Paragraph{finding_on_size(data)});
  return section;
}

Section difference_section(const DataComparison& data, const std::string& suffix) {
  Section section{"differences-between-" + suffix,
                  data.name + ": which differences are real",
                  finding_on_differences(data),
                  {}};
  section.blocks.emplace_back(difference_chart(data, suffix));
  section.blocks.emplace_back(Paragraph{
      "Both models of a pair are judged on the same pictures, so those that only one of them gets "
      "right decide (McNemar's test). With so many pairs some would differ by luck alone; Holm's "
      "correction keeps the chance of even one such mistake at 5 %. Each model was trained once: "
      "luck with the training's seed is not part of it."});
  const std::vector<std::string> pairs = undecided_pairs(data, kUndecided);
  if (!pairs.empty()) {
    section.blocks.emplace_back(Paragraph{fmt::format("May be luck: {}.", fmt::join(pairs, "; "))});
  }
  return section;
}

Section class_section(const DataComparison& data, const std::string& suffix) {
  Section section{
      "classes-" + suffix, data.name + ": class by class", finding_on_classes(data), {}};
  section.blocks.emplace_back(recall_chart(data, suffix));
  return section;
}

Chart contrast_chart(const Comparison& comparison, const Contrast& contrast) {
  const DataComparison& easier = comparison.data[contrast.easier];
  const DataComparison& harder = comparison.data[contrast.harder];
  Chart chart;
  chart.id = "one-against-the-other";
  chart.title = fmt::format("The same models on {} and on {}", easier.name, harder.name);
  chart.description =
      "A point for each model: errors on the one data set against errors on the other, in percent; "
      "on the diagonal both are as hard";
  chart.kind = Chart::Kind::points;
  chart.x = {.title = "Errors on " + easier.name, .unit = "%"};
  chart.y = {.title = "Errors on " + harder.name, .unit = "%"};
  chart.x.min = chart.y.min = 0;
  chart.show_labels = true;
  chart.references.push_back({ReferenceLine::Kind::diagonal, 0, "equally hard"});
  Series series;
  series.name = "Models";
  series.style = Series::Style::points;
  for (const std::string& name : contrast.models) {
    series.x.push_back(100 * (1 - easier.models[*place_of(easier, name)].evaluation.accuracy));
    series.y.push_back(100 * (1 - harder.models[*place_of(harder, name)].evaluation.accuracy));
    series.labels.push_back(name);
  }
  chart.series.push_back(std::move(series));
  return chart;
}

Section contrast_section(const Comparison& comparison, const Contrast& contrast) {
  const DataComparison& easier = comparison.data[contrast.easier];
  const DataComparison& harder = comparison.data[contrast.harder];
  Section section{"contrast",
                  fmt::format("What {} hides and {} shows", easier.name, harder.name),
                  finding_on_contrast(comparison, contrast),
                  {}};
  section.blocks.emplace_back(Facts{
      {{"Half of the models on " + easier.name, points_text(contrast.half_within_on_easier),
        "or less behind the best"},
       {"Half of the models on " + harder.name, points_text(contrast.half_within_on_harder),
        "or less behind the best"},
       {"Real differences on " + easier.name,
        fmt::format("{} of {}", contrast.real_on_easier, contrast.pairs), "pairs of models"},
       {"Real differences on " + harder.name,
        fmt::format("{} of {}", contrast.real_on_harder, contrast.pairs), "pairs of models"}}});
  section.blocks.emplace_back(contrast_chart(comparison, contrast));
  if (contrast.hidden_pairs.empty()) return section;
  Table table;
  table.caption =
      fmt::format("Pairs that cannot be told apart on {}, but on {}", easier.name, harder.name);
  table.columns = {{"Better", Column::Format::text},
                   {"than", Column::Format::text},
                   {"On " + easier.name + " by", Column::Format::percent},
                   {"On " + harder.name + " by", Column::Format::percent}};
  for (const Contrast::HiddenPair& pair : contrast.hidden_pairs) {
    table.rows.push_back(
        {pair.first, pair.second, pair.difference_on_easier, pair.difference_on_harder});
  }
  section.blocks.emplace_back(std::move(table));
  return section;
}

std::string lead_of(const Comparison& comparison) {
  std::string text =
      fmt::format("Trained and judged one after another in {}.", time_text(comparison.seconds));
  if (comparison.quick) text = quick_note(comparison) + " " + text;
  return text;
}

std::vector<std::string> notes_of(const Comparison& comparison, const std::string& command) {
  std::vector<std::string> notes;
  std::set<int> threads;
  for (const DataComparison& data : comparison.data) {
    notes.push_back(fmt::format("{}: {} training and {} test pictures, fingerprint {:.16}",
                                data.name, format_count(data.training_samples),
                                format_count(data.test.size()), data.test.provenance.fingerprint));
    for (const ComparedModel& model : data.models) threads.insert(model.measured.threads);
  }
  notes.push_back(
      fmt::format("Thimble {}, threads: {}", program_version(), fmt::join(threads, " or ")));
  notes.emplace_back(
      "Times are those of this machine. Prediction: the quickest of up to three passes over the "
      "test set, and the median of single pictures. Memory: the most that the whole program held "
      "during a training, with the pictures in it.");
  notes.push_back(command);
  return notes;
}

}  // namespace

Report comparison_report(const Comparison& comparison, const std::string& command) {
  Report report;
  std::vector<std::string> names;
  for (const DataComparison& data : comparison.data) names.push_back(data.name);
  report.title = fmt::format("Models compared on {}{}", fmt::join(names, " and "),
                             comparison.quick ? " (quick)" : "");
  report.lead = lead_of(comparison);
  report.notes = notes_of(comparison, command);
  const auto contrast = find_contrast(comparison);
  std::set<std::string> suffixes;
  for (const DataComparison& data : comparison.data) {
    if (data.models.empty()) continue;
    std::string suffix = file_name_for(data.name);
    while (!suffixes.insert(suffix).second) suffix += "-again";
    report.sections.push_back(summary_section(data, suffix));
    report.sections.push_back(cost_section(data, suffix));
    if (data.models.size() > 1) report.sections.push_back(difference_section(data, suffix));
    report.sections.push_back(class_section(data, suffix));
    if (data.models.size() > 1) {
      report.sections.push_back(disagreement_section(data, suffix, report.pictures));
    }
  }
  if (contrast) report.sections.push_back(contrast_section(comparison, *contrast));
  return report;
}

}  // namespace thimble::report
