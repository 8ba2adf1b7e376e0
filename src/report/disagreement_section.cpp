#include "report/disagreement_section.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"
#include "comparison/disagreement.hpp"
#include "comparison/findings.hpp"

namespace thimble::report {
namespace {

constexpr std::size_t kDivided = 24;    // pictures of each kind
constexpr std::size_t kOnlyOne = 7;     // for each model
constexpr std::size_t kOnlyModels = 8;  // that have such pictures
constexpr std::size_t kNoneRight = 32;

class PictureMaker {
 public:
  PictureMaker(const DataComparison& data, PictureAtlas& atlas) : data_(data), atlas_(atlas) {}

  /// "Shirt / Coat 6 of 9": the label, and what most models say.
  PictureCell voted(std::size_t sample) {
    const Vote vote = vote_on(data_, sample);
    const std::string& answer = data_.test.classes[vote.winner];
    PictureCell cell = plain(sample);
    cell.caption =
        fmt::format("{} / {} {} of {}", label(sample), answer, vote.count, data_.models.size());
    cell.tone = vote.winner == static_cast<std::size_t>(data_.test.labels[sample])
                    ? PictureCell::Tone::right
                    : PictureCell::Tone::wrong;
    return cell;
  }

  /// The label, and how sure the one model is that finds it.
  PictureCell found(std::size_t sample, const ComparedModel& model) {
    PictureCell cell = plain(sample);
    const auto truth = static_cast<std::size_t>(data_.test.labels[sample]);
    cell.caption = fmt::format("{} {:.0f} %", label(sample),
                               100 * static_cast<double>(model.probabilities[sample][truth]));
    cell.tone = PictureCell::Tone::right;
    return cell;
  }

 private:
  const std::string& label(std::size_t sample) const {
    return data_.test.classes[static_cast<std::size_t>(data_.test.labels[sample])];
  }

  PictureCell plain(std::size_t sample) {
    PictureCell cell;
    cell.picture = atlas_.add(data_.test, sample);
    cell.detail =
        fmt::format("test picture {}, labelled {}: {}", sample, label(sample), answers(sample));
    return cell;
  }

  std::string answers(std::size_t sample) const {
    std::string text;
    for (const ComparedModel& model : data_.models) {
      const auto answer = static_cast<std::size_t>(model.predicted[sample]);
      text += fmt::format("{}{} says {}", text.empty() ? "" : ", ", model.name,
                          data_.test.classes[answer]);
    }
    return text;
  }

  const DataComparison& data_;
  PictureAtlas& atlas_;
};

std::span<const std::size_t> first_of(const std::vector<std::size_t>& samples, std::size_t most) {
  return std::span(samples).first(std::min(most, samples.size()));
}

Chart right_by_chart(const DataComparison& data, const Disagreement& found,
                     const std::string& suffix) {
  Chart chart;
  chart.id = "right-by-" + suffix;
  chart.title = fmt::format("How many of the {} models get a picture right", data.models.size());
  chart.description = "Test pictures that no model, one, two, and so on get right";
  chart.kind = Chart::Kind::bars;
  chart.x = {.title = "Models that are right", .scale = Axis::Scale::category};
  chart.y = {.title = "Test pictures"};
  Series series;
  series.name = "Test pictures";
  for (std::size_t k = 0; k < found.right_by.size(); ++k) {
    chart.x.categories.push_back(std::to_string(k));
    series.y.push_back(static_cast<double>(found.right_by[k]));
  }
  chart.series.push_back(std::move(series));
  return chart;
}

Chart agreement_chart(const DataComparison& data, const Disagreement& found,
                      const std::string& suffix) {
  Chart chart;
  chart.id = "agreement-" + suffix;
  chart.title = "How often two models give the same answer";
  chart.description = "Share of the test pictures that two models call by the same class";
  chart.kind = Chart::Kind::heatmap;
  std::vector<std::string> names;
  for (const ComparedModel& model : data.models) names.push_back(model.name);
  chart.x = {.title = "Model", .scale = Axis::Scale::category, .categories = names};
  chart.y = {.title = "Model", .scale = Axis::Scale::category, .categories = names};
  Grid grid;
  grid.width = names.size();
  grid.height = names.size();
  grid.title = "Agreement";
  grid.unit = std::string("%");  // GCC 12 warns of the assignment of the literal, wrongly
  grid.numbers = true;
  for (const double share : found.agreement) grid.values.push_back(std::round(100 * share));
  chart.grid = std::move(grid);
  return chart;
}

/// One group for each model that has such pictures, those with most first.
PictureSheet only_one_sheet(const DataComparison& data, const Disagreement& found,
                            const std::string& suffix, PictureMaker& pictures) {
  PictureSheet sheet{"only-one-" + suffix, "Only one model gets these right", {}};
  std::vector<std::size_t> order;
  for (std::size_t m = 0; m < data.models.size(); ++m) {
    if (!found.only_right_by[m].empty()) order.push_back(m);
  }
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) {
    return found.only_right_by[a].size() > found.only_right_by[b].size();
  });
  for (const std::size_t m : first_of(order, kOnlyModels)) {
    const ComparedModel& model = data.models[m];
    PictureGroup group{
        fmt::format("{}: {}", model.name, format_count(found.only_right_by[m].size())), {}};
    for (const std::size_t sample : first_of(found.only_right_by[m], kOnlyOne)) {
      group.cells.push_back(pictures.found(sample, model));
    }
    sheet.groups.push_back(std::move(group));
  }
  return sheet;
}

PictureSheet voted_sheet(std::string id, std::string title, std::span<const std::size_t> samples,
                         PictureMaker& pictures) {
  PictureSheet sheet{std::move(id), std::move(title), {}};
  PictureGroup group;
  for (const std::size_t sample : samples) group.cells.push_back(pictures.voted(sample));
  sheet.groups.push_back(std::move(group));
  return sheet;
}

}  // namespace

Section disagreement_section(const DataComparison& data, const std::string& suffix,
                             PictureAtlas& atlas) {
  const Disagreement found = find_disagreement(data);
  PictureMaker pictures(data, atlas);
  Section section{"disagreement-" + suffix,
                  data.name + ": where the models disagree",
                  finding_on_disagreement(data, found),
                  {}};
  section.blocks.emplace_back(
      SideBySide{{right_by_chart(data, found, suffix), agreement_chart(data, found, suffix)}});
  if (!found.most_divided.empty()) {
    section.blocks.emplace_back(voted_sheet("divided-" + suffix,
                                            "The models are most divided over these",
                                            first_of(found.most_divided, kDivided), pictures));
  }
  PictureSheet only_one = only_one_sheet(data, found, suffix, pictures);
  if (!only_one.groups.empty()) section.blocks.emplace_back(std::move(only_one));
  if (!found.all_wrong.empty()) {
    section.blocks.emplace_back(Paragraph{
        "Where all models give the same answer and the label says otherwise, the label is the "
        "first suspect."});
    section.blocks.emplace_back(voted_sheet("none-right-" + suffix, "No model gets these right",
                                            first_of(found.all_wrong, kNoneRight), pictures));
  }
  return section;
}

}  // namespace thimble::report
