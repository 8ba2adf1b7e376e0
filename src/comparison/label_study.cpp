#include "comparison/label_study.hpp"

#include <cmath>
#include <iterator>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.hpp"

namespace thimble {
namespace {

using nlohmann::json;
using Output = std::back_insert_iterator<std::string>;

json to_json(const MeanInterval& value) {
  json object{{"mean", value.mean}, {"standard_deviation", value.standard_deviation}};
  object["interval"] = std::isfinite(value.interval.low)
                           ? json{value.interval.low, value.interval.high}
                           : json(nullptr);
  return object;
}

json cell_json(const LabelStudy& study, std::size_t labels, std::size_t way) {
  const LabelStudyCell& cell = study.cell(labels, way);
  json object{{"labels", study.labels[labels]},
              {"way", study.ways[way].name},
              {"accuracies", cell.accuracies},
              {"accuracy", to_json(cell.accuracy)},
              {"seconds", cell.seconds}};
  if (cell.gain) object["gain"] = to_json(*cell.gain);
  return object;
}

std::string interval_text(const MeanInterval& value, const char* format) {
  if (!std::isfinite(value.interval.low)) return "one seed";
  return fmt::format(fmt::runtime(format), 100 * value.interval.low, 100 * value.interval.high);
}

void write_table(Output out, const LabelStudy& study, std::size_t labels) {
  const auto line = [&](const std::string& way, const std::string& accuracy,
                        const std::string& interval, const std::string& gain,
                        const std::string& seconds) {
    fmt::format_to(out, "{:<22} {:>8} {:>17} {:>27} {:>10}\n", way, accuracy, interval, gain,
                   seconds);
  };
  fmt::format_to(out, "\n{} pictures a class\n",
                 format_count(static_cast<std::uint64_t>(study.labels[labels])));
  line("way", "accuracy", "95 % interval", "against " + study.ways.front().name, "training");
  for (std::size_t way = 0; way < study.ways.size(); ++way) {
    const LabelStudyCell& cell = study.cell(labels, way);
    std::string gain;
    if (cell.gain) {
      gain = fmt::format("{:+.2f} ({})", 100 * cell.gain->mean,
                         interval_text(*cell.gain, "{:+.2f} to {:+.2f}"));
    }
    line(study.ways[way].name, fmt::format("{:.2f} %", 100 * cell.accuracy.mean),
         interval_text(cell.accuracy, "{:.2f} to {:.2f}"), gain, format_duration(cell.seconds));
  }
}

/// Which way is best with the fewest labels, and whether that may be luck.
std::string finding(const LabelStudy& study) {
  std::size_t best = 1;
  for (std::size_t way = 2; way < study.ways.size(); ++way) {
    if (study.cell(0, way).gain->mean > study.cell(0, best).gain->mean) best = way;
  }
  const MeanInterval& gain = *study.cell(0, best).gain;
  const std::string start =
      fmt::format("With {} pictures a class, {} is {:.1f} points {} than {}", study.labels.front(),
                  study.ways[best].name, 100 * std::abs(gain.mean),
                  gain.mean < 0 ? "worse" : "better", study.ways.front().name);
  if (gain.interval.low > 0 || gain.interval.high < 0) return start + ".";
  return start + ", which may be luck.";
}

}  // namespace

void summarise(LabelStudy& study) {
  for (std::size_t labels = 0; labels < study.labels.size(); ++labels) {
    const std::vector<double>& scratch = study.cell(labels, 0).accuracies;
    for (std::size_t way = 0; way < study.ways.size(); ++way) {
      LabelStudyCell& cell = study.cells.at(labels * study.ways.size() + way);
      cell.accuracy = mean_interval(cell.accuracies);
      cell.gain.reset();
      if (way == 0) continue;
      std::vector<double> differences;
      for (std::size_t i = 0; i < cell.accuracies.size(); ++i) {
        differences.push_back(cell.accuracies[i] - scratch.at(i));
      }
      cell.gain = mean_interval(differences);
    }
  }
}

json to_json(const LabelStudy& study) {
  json ways = json::array();
  for (const LabelStudyWay& way : study.ways) {
    ways.push_back({{"name", way.name}, {"title", way.title}, {"description", way.description}});
  }
  json cells = json::array();
  for (std::size_t labels = 0; labels < study.labels.size(); ++labels) {
    for (std::size_t way = 0; way < study.ways.size(); ++way) {
      cells.push_back(cell_json(study, labels, way));
    }
  }
  return {
      {"data", study.data},
      {"split", study.split},
      {"samples", study.test_samples},
      {"classes", study.classes},
      {"init",
       {{"model", study.init}, {"name", study.init_name}, {"trained_on", study.init_trained_on}}},
      {"labels", study.labels},
      {"seeds", study.seeds},
      {"ways", std::move(ways)},
      {"cells", std::move(cells)},
      {"seconds", study.seconds},
      {"notes", study.notes}};
}

std::string to_text(const LabelStudy& study) {
  std::string text;
  const Output out = std::back_inserter(text);
  fmt::format_to(out, "\n{} from {} ({}), judged by {} {} pictures; {} {}\n", study.data,
                 study.init_name, study.init_trained_on, format_count(study.test_samples),
                 study.split, study.seeds.size(), study.seeds.size() == 1 ? "seed" : "seeds");
  for (const std::string& note : study.notes) fmt::format_to(out, "note: {}\n", note);
  for (std::size_t labels = 0; labels < study.labels.size(); ++labels) {
    write_table(out, study, labels);
  }
  fmt::format_to(out, "\n{}\nAll trainings took {}.\n", finding(study),
                 format_duration(study.seconds));
  return text;
}

}  // namespace thimble
