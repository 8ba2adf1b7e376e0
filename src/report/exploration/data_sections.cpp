// What there is: overview, counts, samples of each class.

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/random.hpp"
#include "base/text.hpp"
#include "exploration/samples_by_class.hpp"
#include "report/exploration/context.hpp"
#include "report/words.hpp"

namespace thimble::report {

std::string ExplorationContext::name(const SampleId& sample) const {
  const char* split = sample.split == SampleId::Split::test ? "test "
                      : splits.test                         ? "training "
                                                            : "";
  return fmt::format("{}picture {}", split, sample.index);
}

Axis class_axis(const ExplorationContext& context, const std::string& title) {
  return {.title = title, .scale = Axis::Scale::category, .categories = context.classes()};
}

namespace {

std::string kind_words(const PictureShape& shape) {
  return fmt::format("{} pictures of {} x {} pixels", shape.channels == 1 ? "grey" : "RGB",
                     shape.width, shape.height);
}

std::string overview_finding(const ExplorationContext& context) {
  const Dataset& train = context.train();
  const std::size_t test = context.splits.test ? context.splits.test->size() : 0;
  std::string text = fmt::format("{} {} in {} classes", format_count(train.size() + test),
                                 kind_words(train.images.shape()), train.classes.size());
  text += context.splits.test ? fmt::format(", {} for training and {} for testing",
                                            format_count(train.size()), format_count(test))
                              : ", with no test set of their own";
  if (context.published) text += "; the content is the published one, byte for byte";
  return text + ".";
}

Facts overview_facts(const ExplorationContext& context) {
  const Exploration& found = context.found;
  const PictureShape& shape = context.train().images.shape();
  Facts facts;
  facts.facts.push_back({"Training pictures", format_count(context.train().size())});
  if (context.splits.test) {
    facts.facts.push_back({"Test pictures", format_count(context.splits.test->size())});
  }
  facts.facts.push_back({"Values a picture", format_count(shape.size()), to_string(shape)});
  if (found.neighbors > 0) {
    facts.facts.push_back({"Nearest neighbour agrees", percentage(found.overlap.nearest_same_class),
                           "of pictures have the class of the one most like them"});
  }
  const DuplicateCounts& copies = found.duplicates.exact_counts;
  facts.facts.push_back({"Exact copies", format_count(copies.samples - copies.groups),
                         copies.test_in_train == 0
                             ? ""
                             : fmt::format("{} test pictures are in the training set too",
                                           format_count(copies.test_in_train))});
  facts.facts.push_back(
      {"Clear outliers", format_count(found.outliers.clear), "unlike the rest of their class"});
  if (found.labels) {
    const double share =
        found.labels->estimated_errors / static_cast<double>(context.train().size());
    facts.facts.push_back(
        {"Wrong labels, estimated",
         format_count(static_cast<std::uint64_t>(std::llround(found.labels->estimated_errors))),
         percentage(share) + " of the training set"});
  }
  return facts;
}

std::vector<double> as_doubles(const std::vector<std::size_t>& counts) {
  return {counts.begin(), counts.end()};
}

std::string counts_finding(const ExplorationContext& context) {
  const std::vector<std::size_t> counts = context.train().class_counts();
  std::vector<std::string> empty;
  for (std::size_t c = 0; c < counts.size(); ++c) {
    if (counts[c] == 0) empty.push_back(context.class_name(c));
  }
  if (!empty.empty()) {
    return fmt::format("{} {} no training picture: no model can learn {}.", listed(empty),
                       empty.size() == 1 ? "has" : "have", empty.size() == 1 ? "it" : "them");
  }
  const auto [least, most] = std::minmax_element(counts.begin(), counts.end());
  if (*least == *most) {
    return fmt::format(
        "All {} classes have the same number of training pictures, {}, so plain accuracy is a "
        "fair measure.",
        counts.size(), format_count(*most));
  }
  const double ratio = static_cast<double>(*most) / static_cast<double>(*least);
  const std::string& rare = context.class_name(static_cast<std::size_t>(least - counts.begin()));
  const std::string& common = context.class_name(static_cast<std::size_t>(most - counts.begin()));
  if (ratio < 1.5) {
    return fmt::format(
        "The classes are nearly of a size, from {} training pictures ({}) to {} ({}), so plain "
        "accuracy is a fair measure.",
        format_count(*least), rare, format_count(*most), common);
  }
  return fmt::format(
      "{} has {} times as many training pictures as {} ({} against {}): plain accuracy hides how "
      "the rare classes fare, so look at macro F1 as well.",
      common, plain_number(ratio), rare, format_count(*most), format_count(*least));
}

Chart counts_chart(const ExplorationContext& context) {
  Chart chart;
  chart.id = "class-counts";
  chart.title = "Pictures of each class";
  chart.description = "Bars: how many pictures each class has in each split.";
  chart.kind = Chart::Kind::bars;
  chart.horizontal = true;
  chart.x = {.title = "Pictures"};
  chart.y = class_axis(context, "Class");
  const bool both = context.splits.test.has_value();
  chart.series.push_back(
      {.name = both ? "Training" : "Pictures", .y = as_doubles(context.train().class_counts())});
  if (both) {
    chart.series.push_back({.name = "Test", .y = as_doubles(context.splits.test->class_counts())});
  }
  return chart;
}

/// Root of the mean variance of a class's pixels: how much its pictures differ, in grey levels.
double variety(const PixelMoments& moments) {
  if (moments.pictures == 0 || moments.variance.empty()) return std::nan("");
  double sum = 0;
  for (const double value : moments.variance) sum += value;
  return std::sqrt(sum / static_cast<double>(moments.variance.size()));
}

}  // namespace

Section overview_section(const ExplorationContext& context) {
  return {"overview", "Overview", overview_finding(context), {overview_facts(context)}};
}

Section counts_section(const ExplorationContext& context) {
  return {"counts", "Class counts", counts_finding(context), {counts_chart(context)}};
}

Section samples_section(const ExplorationContext& context) {
  constexpr std::size_t kSamples = 12;
  PictureSheet sheet{"class-samples", "Training pictures of each class, chosen at random", {}};
  const std::vector<std::vector<std::size_t>> samples = samples_by_class(context.train());
  for (std::size_t c = 0; c < samples.size(); ++c) {
    std::vector<std::size_t> order = samples[c];
    Random random(hash_seed(context.seed, c));
    random.shuffle(std::span(order));
    order.resize(std::min(order.size(), kSamples));
    PictureGroup group{context.class_name(c), {}};
    for (const std::size_t sample : order) {
      const SampleId id{SampleId::Split::train, sample};
      group.cells.push_back({.picture = context.picture(id), .detail = context.name(id)});
    }
    sheet.groups.push_back(std::move(group));
  }
  std::vector<double> varieties;
  for (const PixelMoments& moments : context.found.pictures.classes) {
    varieties.push_back(variety(moments));
  }
  const Extremes most = extremes(varieties);
  const std::string finding = fmt::format(
      "Pictures of {} vary most and those of {} least: their pixels typically lie {} against {} "
      "grey "
      "levels (of 255) from the class's mean.",
      context.class_name(most.largest), context.class_name(most.smallest),
      plain_number(varieties[most.largest]), plain_number(varieties[most.smallest]));
  return {"samples", "Samples", finding, {std::move(sheet)}};
}

}  // namespace thimble::report
