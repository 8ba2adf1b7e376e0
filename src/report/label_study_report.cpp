#include "report/label_study_report.hpp"

#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "base/shipped.hpp"
#include "base/text.hpp"
#include "report/words.hpp"

namespace thimble::report {
namespace {

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

std::string labels_text(int labels) {
  return counted(static_cast<std::size_t>(labels), "label", "labels") + " a class";
}

/// "85.12 %".
std::string accuracy_text(double accuracy) { return fmt::format("{:.2f} %", 100 * accuracy); }

/// "83.90 to 86.34"; nothing of a single run.
std::string interval_text(const MeanInterval& mean) {
  if (mean.n < 2) return "";
  return fmt::format("{:.2f}\u00a0to {:.2f}", 100 * mean.interval.low, 100 * mean.interval.high);
}

/// Whether a gain is more, or less, than nothing with 95 % confidence.
bool is_sure(const MeanInterval& gain) {
  return gain.n > 1 && (gain.interval.low > 0 || gain.interval.high < 0);
}

Axis labels_axis(const LabelStudy& study) {
  Axis axis{.title = "Labels a class", .scale = Axis::Scale::category};
  for (const int labels : study.labels)
    axis.categories.push_back(format_count(static_cast<std::uint64_t>(labels)));
  return axis;
}

/// The way with the highest mean accuracy at a number of labels.
std::size_t best_way(const LabelStudy& study, std::size_t labels) {
  std::size_t best = 0;
  for (std::size_t way = 1; way < study.ways.size(); ++way) {
    if (study.cell(labels, way).accuracy.mean > study.cell(labels, best).accuracy.mean) best = way;
  }
  return best;
}

std::string gain_clause(const MeanInterval& gain) {
  const std::string size = fmt::format("{:.1f} points {} than from nothing",
                                       100 * std::abs(gain.mean), gain.mean < 0 ? "less" : "more");
  if (gain.n < 2) return size + " (a single run)";
  return fmt::format("{} ({:.1f} to {:.1f} with 95 % confidence{})", size, 100 * gain.interval.low,
                     100 * gain.interval.high, is_sure(gain) ? "" : ", so it may be luck");
}

std::string summary_finding(const LabelStudy& study) {
  const std::size_t way = best_way(study, 0);
  const LabelStudyCell& cell = study.cell(0, way);
  const std::string start = fmt::format("With {} {} is right on {}", labels_text(study.labels[0]),
                                        study.ways[way].name, accuracy_text(cell.accuracy.mean));
  if (cell.gain) return start + ", " + gain_clause(*cell.gain) + ".";
  return start + ": no use of the trained network was better than starting from nothing.";
}

Section summary_section(const LabelStudy& study) {
  Facts facts;
  for (std::size_t way = 0; way < study.ways.size(); ++way) {
    const MeanInterval& accuracy = study.cell(0, way).accuracy;
    const std::string interval = interval_text(accuracy);
    facts.facts.push_back(
        {study.ways[way].title, accuracy_text(accuracy.mean),
         fmt::format("with {}{}", labels_text(study.labels[0]),
                     interval.empty() ? "" : "; " + interval + " % with 95 % confidence")});
  }
  facts.facts.push_back(
      {"Trainings", format_count(study.cells.size() * study.seeds.size()),
       fmt::format("{} each, {} in all", counted(study.seeds.size(), "seed", "seeds"),
                   format_duration(study.seconds))});
  return {"summary", "In short", summary_finding(study), {std::move(facts)}};
}

Chart accuracy_chart(const LabelStudy& study) {
  Chart chart;
  chart.id = "accuracy-by-labels";
  chart.title = "Test accuracy by labels a class";
  chart.description =
      "A line for each way of training: the mean over the seeds and its 95 % interval";
  chart.x = labels_axis(study);
  chart.y = {.title = "Test accuracy", .unit = "%"};
  for (std::size_t way = 0; way < study.ways.size(); ++way) {
    Series series;
    series.name = study.ways[way].title;
    for (std::size_t labels = 0; labels < study.labels.size(); ++labels) {
      const MeanInterval& accuracy = study.cell(labels, way).accuracy;
      series.y.push_back(100 * accuracy.mean);
      series.low.push_back(100 * accuracy.interval.low);
      series.high.push_back(100 * accuracy.interval.high);
    }
    // A line needs two points.
    if (study.labels.size() == 1) series.style = Series::Style::points;
    chart.series.push_back(std::move(series));
  }
  return chart;
}

/// Says for how many numbers of labels the best way surely helps.
std::string accuracy_finding(const LabelStudy& study) {
  const std::size_t last = study.labels.size() - 1;
  const double first_best = study.cell(0, best_way(study, 0)).accuracy.mean;
  const double last_scratch = study.cell(last, 0).accuracy.mean;
  if (last == 0) return fmt::format("All ways learned from {}.", labels_text(study.labels[0]));
  std::string text = fmt::format(
      "From nothing, {} take the accuracy from {} to {}", labels_text(study.labels[last]),
      accuracy_text(study.cell(0, 0).accuracy.mean), accuracy_text(last_scratch));
  return text + fmt::format("; the best way reaches {} with {}.", accuracy_text(first_best),
                            labels_text(study.labels[0]));
}

Chart gain_chart(const LabelStudy& study) {
  Chart chart;
  chart.id = "gain-by-labels";
  chart.title = "Difference to training from nothing";
  chart.description =
      "A bar for each way and number of labels: points of accuracy more than from nothing with the "
      "same pictures, with the 95 % interval over the seeds";
  chart.kind = Chart::Kind::bars;
  chart.x = labels_axis(study);
  chart.y = {.title = "Gain in accuracy", .unit = "points"};
  for (std::size_t way = 1; way < study.ways.size(); ++way) {
    Series series;
    series.name = study.ways[way].title;
    for (std::size_t labels = 0; labels < study.labels.size(); ++labels) {
      const std::optional<MeanInterval>& gain = study.cell(labels, way).gain;
      series.y.push_back(gain ? 100 * gain->mean : kNothing);
      series.low.push_back(gain ? 100 * gain->interval.low : kNothing);
      series.high.push_back(gain ? 100 * gain->interval.high : kNothing);
    }
    chart.series.push_back(std::move(series));
  }
  return chart;
}

std::string gain_finding(const LabelStudy& study) {
  std::size_t better = 0;
  std::size_t worse = 0;
  std::size_t all = 0;
  for (const LabelStudyCell& cell : study.cells) {
    if (!cell.gain) continue;
    ++all;
    if (!is_sure(*cell.gain)) continue;
    ++(cell.gain->mean > 0 ? better : worse);
  }
  if (study.seeds.size() < 2) return "One seed cannot say which differences are luck.";
  return fmt::format(
      "Of {} comparisons with training from nothing {} {} surely better, {} surely "
      "worse; the others may be luck.",
      all, better, better == 1 ? "is" : "are", worse);
}

Section gain_section(const LabelStudy& study) {
  Section section{"gain", "What the trained network is worth", gain_finding(study), {}};
  section.blocks.emplace_back(gain_chart(study));
  section.blocks.emplace_back(Paragraph{
      "Each seed draws the pictures anew, and all ways learn from the same ones, so differences "
      "are taken seed by seed. Intervals: Student's t over the seeds."});
  return section;
}

Section table_section(const LabelStudy& study) {
  using Format = Column::Format;
  Table table;
  table.caption = fmt::format("Accuracy on {} test pictures", format_count(study.test_samples));
  table.columns = {{"Way"},
                   {"Labels a class", Format::integer},
                   {"Accuracy", Format::percent},
                   {"95 % interval, %"},
                   {"Worst seed", Format::percent},
                   {"Best seed", Format::percent},
                   {"Gain, points"},
                   {"95 % interval of the gain"},
                   {"One training", Format::seconds}};
  for (std::size_t labels = 0; labels < study.labels.size(); ++labels) {
    for (std::size_t way = 0; way < study.ways.size(); ++way) {
      const LabelStudyCell& cell = study.cell(labels, way);
      const Extremes ends = extremes(cell.accuracies);
      const auto words = [](const std::string& text) { return text.empty() ? Cell{} : Cell{text}; };
      const bool any = !cell.accuracies.empty();
      table.rows.push_back({study.ways[way].title, static_cast<double>(study.labels[labels]),
                            cell.accuracy.mean, words(interval_text(cell.accuracy)),
                            any ? Cell{cell.accuracies[ends.smallest]} : Cell{},
                            any ? Cell{cell.accuracies[ends.largest]} : Cell{},
                            cell.gain ? Cell{std::round(10000 * cell.gain->mean) / 100} : Cell{},
                            cell.gain ? words(interval_text(*cell.gain)) : Cell{}, cell.seconds});
    }
  }
  std::size_t cheapest = 0;
  for (std::size_t way = 1; way < study.ways.size(); ++way) {
    if (study.cell(0, way).seconds < study.cell(0, cheapest).seconds) cheapest = way;
  }
  const std::string finding =
      fmt::format("With {} the quickest is {}, {} a training.", labels_text(study.labels[0]),
                  study.ways[cheapest].name, format_duration(study.cell(0, cheapest).seconds));
  return {"figures", "All figures", finding, {std::move(table)}};
}

Section method_section(const LabelStudy& study) {
  std::vector<std::string> names;
  for (const LabelStudyWay& way : study.ways) names.push_back(way.name);
  Section section{"method",
                  "What was done",
                  fmt::format("Few labels of {}, learned in {} ways: {}.", study.data,
                              study.ways.size(), listed(names)),
                  {}};
  Table table;
  table.caption = "The ways";
  table.columns = {{"Way"}, {"What is done"}};
  for (const LabelStudyWay& way : study.ways) table.rows.push_back({way.title, way.description});
  section.blocks.emplace_back(std::move(table));
  for (const std::string& note : study.notes) section.blocks.emplace_back(Paragraph{note});
  return section;
}

}  // namespace

Report label_study_report(const LabelStudy& study, const std::string& command) {
  Report report;
  report.title = fmt::format("Few labels of {}, with and without {}", study.data, study.init);
  report.lead = fmt::format(
      "What a network that learned {} is worth where {} has few labels: {} learning from the same "
      "pictures, judged on {} test pictures.",
      study.init_trained_on, study.data, counted(study.ways.size(), "way", "ways") + " of",
      format_count(study.test_samples));
  report.notes.push_back(fmt::format("Trained network: {} ({}), trained on {}.", study.init,
                                     study.init_name, study.init_trained_on));
  report.notes.push_back(fmt::format("{} classes; seeds {} to {}.", study.classes.size(),
                                     study.seeds.empty() ? 0 : study.seeds.front(),
                                     study.seeds.empty() ? 0 : study.seeds.back()));
  report.notes.push_back(fmt::format("Made by thimble {}{}", program_version(),
                                     command.empty() ? "." : ": " + command));
  if (study.labels.empty() || study.ways.empty()) return report;
  report.sections.push_back(summary_section(study));
  report.sections.push_back(
      {"accuracy", "Accuracy by labels", accuracy_finding(study), {accuracy_chart(study)}});
  if (study.ways.size() > 1) report.sections.push_back(gain_section(study));
  report.sections.push_back(table_section(study));
  report.sections.push_back(method_section(study));
  return report;
}

}  // namespace thimble::report
