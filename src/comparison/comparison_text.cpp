#include "comparison/comparison_text.hpp"

#include <algorithm>
#include <iterator>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.hpp"
#include "comparison/findings.hpp"

namespace thimble {
namespace {

constexpr std::size_t kWidth = 100;
constexpr std::size_t kNameWidth = 18;
constexpr std::size_t kPairs = 8;
constexpr const char* kUnknown = "-";

using Output = std::back_insert_iterator<std::string>;

struct Row {
  std::string name;
  std::string accuracy;
  std::string interval;
  std::string macro_f1;
  std::string training;
  std::string batch;
  std::string single;
  std::string size;
  std::string memory;
};

Row row_of(const ComparedModel& model) {
  const Evaluation& e = model.evaluation;
  const CellResult& m = model.measured;
  const bool memory_known = m.training && m.training->peak_memory_bytes;
  return {model.name,
          percent_text(e.accuracy),
          fmt::format("{:.2f} to {:.2f}", 100 * e.accuracy_interval.low,
                      100 * e.accuracy_interval.high),
          fmt::format("{:.4f}", e.macro.f1),
          m.training ? time_text(m.training->seconds) : kUnknown,
          time_text(m.prediction.seconds_per_10000()),
          time_text(m.prediction.latency_seconds),
          format_bytes(m.model_bytes),
          memory_known ? format_bytes(*m.training->peak_memory_bytes) : kUnknown};
}

/// Breaks at spaces, so that no line is longer than kWidth.
std::string wrapped(const std::string& text, std::size_t indent = 0) {
  std::string lines;
  std::string line(indent, ' ');
  bool empty = true;
  for (const std::string& word : split(text, ' ')) {
    if (!empty && line.size() + 1 + word.size() > kWidth) {
      lines += line + "\n";
      line.assign(indent, ' ');
      empty = true;
    }
    line += (empty ? "" : " ") + word;
    empty = false;
  }
  return lines + line + "\n";
}

std::string heading_of(const DataComparison& data) {
  return fmt::format("{}: {} {}, trained on {} pictures, judged by {} others", data.name,
                     data.models.size(), data.models.size() == 1 ? "model" : "models",
                     format_count(data.training_samples), format_count(data.test.size()));
}

void write_table(Output out, const DataComparison& data) {
  const auto line = [&](const Row& row) {
    fmt::format_to(out, "{:<{}.{}} {:>8} {:>15} {:>8} {:>11} {:>7} {:>8} {:>8} {:>8}\n", row.name,
                   kNameWidth, kNameWidth, row.accuracy, row.interval, row.macro_f1, row.training,
                   row.batch, row.single, row.size, row.memory);
  };
  line({"model", "accuracy", "95 % interval", "macro F1", "training", "10,000", "one", "file",
        "memory"});
  for (const ComparedModel& model : data.models) line(row_of(model));
}

void write_data(Output out, const DataComparison& data) {
  fmt::format_to(out, "\n{}\n", heading_of(data));
  for (const std::string& note : data.notes) fmt::format_to(out, "{}", wrapped("note: " + note));
  fmt::format_to(out, "\n");
  write_table(out, data);
  fmt::format_to(out, "\n{}", wrapped(finding_on_best(data)));
  const std::vector<std::string> open = undecided_pairs(data, kPairs);
  if (!open.empty()) {
    fmt::format_to(out, "Differences that may be luck (McNemar's test, Holm's correction):\n");
    for (const std::string& pair : open) fmt::format_to(out, "  {}\n", pair);
  } else if (!data.pairs.empty()) {
    fmt::format_to(out, "{}", wrapped(finding_on_differences(data)));
  }
  if (data.models.size() > 1) {
    fmt::format_to(out, "{}", wrapped(finding_on_disagreement(data, find_disagreement(data))));
  }
}

/// How it was measured, for all tables together.
std::string circumstances(const Comparison& comparison) {
  std::set<int> threads;
  std::size_t models = 0;
  bool resumed = false;
  for (const DataComparison& data : comparison.data) {
    models += data.models.size();
    for (const ComparedModel& model : data.models) {
      threads.insert(model.measured.threads);
      resumed |= model.measured.training && model.measured.training->resumed;
    }
  }
  std::string text =
      fmt::format("All {} took {} on {} {}{}.", models, time_text(comparison.seconds),
                  fmt::join(threads, " or "), threads == std::set{1} ? "thread" : "threads",
                  comparison.seed ? fmt::format(", seed {}", *comparison.seed) : "");
  if (resumed) text += " Some trainings were interrupted; their times add up all parts.";
  return text;
}

constexpr const char* kMemoryMeans =
    "is the most that the program held while it trained, with the data.";

}  // namespace

std::string to_text(const Comparison& comparison) {
  std::string text;
  const Output out(text);
  for (const DataComparison& data : comparison.data) write_data(out, data);
  fmt::format_to(out, "\n");
  if (const auto contrast = find_contrast(comparison)) {
    fmt::format_to(out, "{}", wrapped(finding_on_contrast(comparison, *contrast)));
  }
  fmt::format_to(out, "{}",
                 wrapped(fmt::format("{} \"10,000\" and \"one\" are the times to classify so many "
                                     "pictures; \"memory\" {}",
                                     circumstances(comparison), kMemoryMeans)));
  if (comparison.quick) fmt::format_to(out, "{}", wrapped(quick_note(comparison)));
  return text;
}

std::string to_markdown(const Comparison& comparison, const std::string& command) {
  std::string text;
  const Output out(text);
  for (const DataComparison& data : comparison.data) {
    fmt::format_to(out, "**{}**{}\n\n", heading_of(data), comparison.quick ? " (quick)" : "");
    fmt::format_to(out,
                   "| model | accuracy | 95 % interval | macro F1 | training | 10,000 pictures | "
                   "one picture | file | peak memory |\n"
                   "|---|---:|---:|---:|---:|---:|---:|---:|---:|\n");
    for (const ComparedModel& model : data.models) {
      const Row row = row_of(model);
      fmt::format_to(out, "| `{}` | {} | {} | {} | {} | {} | {} | {} | {} |\n", row.name,
                     row.accuracy, row.interval, row.macro_f1, row.training, row.batch, row.single,
                     row.size, row.memory);
    }
    fmt::format_to(out, "\n{} {}\n\n", finding_on_best(data), finding_on_differences(data));
    for (const std::string& note : data.notes) fmt::format_to(out, "Note: {}.\n\n", note);
  }
  if (const auto contrast = find_contrast(comparison)) {
    fmt::format_to(out, "{}\n\n", finding_on_contrast(comparison, *contrast));
  }
  fmt::format_to(out, "Reproduced by `{}`. {} Peak memory {}\n", command, circumstances(comparison),
                 kMemoryMeans);
  if (comparison.quick) fmt::format_to(out, "{}\n", quick_note(comparison));
  return text;
}

}  // namespace thimble
