#include "report/exploration_report.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/shipped.hpp"
#include "base/text.hpp"
#include "report/exploration/context.hpp"

namespace thimble::report {
namespace {

/// As its authors write it.
std::string written(const std::string& name) {
  if (name == "fashion-mnist") return "Fashion-MNIST";
  if (name == "mnist") return "MNIST";
  return name.empty() ? "Data set" : name;
}

std::string title_of(const Provenance& provenance) {
  return fmt::format("{} explored{}", written(provenance.name),
                     provenance.synthetic ? " (synthetic pictures)" : "");
}

std::vector<std::string> notes_of(const DatasetSplits& splits,
                                  const ExplorationReportOptions& options) {
  std::vector<std::string> notes;
  const auto add = [&](const Dataset& dataset) {
    const Provenance& data = dataset.provenance;
    notes.push_back(fmt::format("{}, {}: {} pictures, fingerprint {}", data.name, data.split,
                                format_count(dataset.size()), data.fingerprint));
  };
  add(splits.train);
  if (splits.test) add(*splits.test);
  for (const std::string& note : splits.notes) notes.push_back(note);
  if (splits.train.provenance.synthetic) {
    notes.push_back("Synthetic pictures, drawn by Thimble: nothing here is about real ones.");
  }
  notes.push_back("Samples and pixels are counted from 0, pixels from the top left.");
  notes.push_back(fmt::format("Thimble {}{}{}", program_version(),
                              options.command.empty() ? "" : ": ", options.command));
  return notes;
}

}  // namespace

std::size_t map_pictures(const PictureShape& shape) {
  constexpr std::size_t kMostBytes = 6'000'000;
  constexpr std::size_t kMost = 6000;
  const auto edge = [](int side) {
    return static_cast<std::size_t>(std::min(side, PictureAtlas::kMaxEdge));
  };
  const std::size_t bytes =
      edge(shape.height) * edge(shape.width) * static_cast<std::size_t>(shape.channels);
  return std::clamp<std::size_t>(kMostBytes / std::max<std::size_t>(bytes, 1), 200, kMost);
}

Report exploration_report(const DatasetSplits& splits, const Exploration& found,
                          const ExplorationReportOptions& options) {
  Report report;
  report.title = title_of(splits.train.provenance);
  report.notes = notes_of(splits, options);
  const ExplorationContext context{splits, found, report.pictures, options.published, options.seed};
  report.sections = {
      overview_section(context),   counts_section(context),        samples_section(context),
      grey_level_section(context), class_picture_section(context), statistics_section(context),
      pixel_section(context),      correlation_section(context),   overlap_section(context)};
  if (found.map) report.sections.push_back(map_section(context));
  report.sections.push_back(duplicate_section(context));
  report.sections.push_back(outlier_section(context));
  if (found.labels) report.sections.push_back(label_section(context));
  report.lead = splits.test
                    ? "Duplicates, outliers and neighbours are looked for in both splits; "
                      "everything else is about the training set alone."
                    : "What the pictures look like, how the classes differ, and which pictures "
                      "deserve a second look.";
  return report;
}

}  // namespace thimble::report
