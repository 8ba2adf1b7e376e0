// What the pictures look like: grey levels, mean pictures, basic statistics.

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "base/text.hpp"
#include "report/exploration/context.hpp"
#include "report/words.hpp"

namespace thimble::report {
namespace {

constexpr std::size_t kBins = 32;
constexpr std::size_t kLevelsPerBin = 256 / kBins;

/// Percent of pixels in each of kBins ranges of grey levels.
std::vector<double> binned(const GreyHistogram& histogram) {
  std::vector<double> bins(kBins, 0);
  const double total =
      static_cast<double>(std::accumulate(histogram.begin(), histogram.end(), std::uint64_t{0}));
  if (total == 0) return std::vector<double>(kBins, std::nan(""));
  for (std::size_t level = 0; level < histogram.size(); ++level) {
    bins[level / kLevelsPerBin] += 100 * static_cast<double>(histogram[level]) / total;
  }
  return bins;
}

std::vector<double> bin_middles() {
  std::vector<double> middles(kBins);
  for (std::size_t bin = 0; bin < kBins; ++bin) {
    middles[bin] = static_cast<double>(bin * kLevelsPerBin) + (kLevelsPerBin - 1) / 2.0;
  }
  return middles;
}

Chart grey_chart(const std::string& id, const std::string& title, const std::string& what) {
  Chart chart;
  chart.id = id;
  chart.title = title;
  chart.description =
      what + ": how many of the pixels have which grey level, on a logarithmic scale.";
  chart.x = {.title = "Grey level, 0 black to 255 white", .min = 0, .max = 255};
  chart.y = {.title = "Share of pixels", .unit = "%", .scale = Axis::Scale::log};
  return chart;
}

Chart overall_chart(const PictureStatistics& overall) {
  Chart chart = grey_chart("grey-levels", "Grey levels of all pixels", "Lines");
  chart.series.push_back({.name = "All", .x = bin_middles(), .y = binned(overall.histogram)});
  if (overall.channel_histograms.size() == 3) {
    const char* names[] = {"Red", "Green", "Blue"};
    chart.title = "Levels of all pixels, by channel";
    chart.series.front().name = "Luma";
    for (std::size_t channel = 0; channel < 3; ++channel) {
      chart.series.push_back({.name = names[channel],
                              .x = bin_middles(),
                              .y = binned(overall.channel_histograms[channel])});
    }
  }
  return chart;
}

Chart class_chart(const ExplorationContext& context) {
  Chart chart = grey_chart("grey-levels-by-class", "Grey levels of each class", "One line a class");
  for (std::size_t c = 0; c < context.classes().size(); ++c) {
    chart.series.push_back({.name = context.class_name(c),
                            .x = bin_middles(),
                            .y = binned(context.found.statistics.classes[c].histogram)});
  }
  return chart;
}

Chart brightness_chart(const ExplorationContext& context) {
  Chart chart;
  chart.id = "brightness-by-class";
  chart.title = "Brightness of the pictures";
  chart.description =
      "Bars: the mean grey level of each class's pictures; whiskers: the middle half of them.";
  chart.kind = Chart::Kind::bars;
  chart.horizontal = true;
  chart.x = {.title = "Mean grey level; whiskers: the middle half of the pictures"};
  chart.y = class_axis(context, "Class");
  Series series;
  series.name = "Brightness";
  for (const PictureStatistics& one : context.found.statistics.classes) {
    series.y.push_back(one.brightness.mean);
    series.low.push_back(one.brightness.q25);
    series.high.push_back(one.brightness.q75);
  }
  chart.series.push_back(std::move(series));
  return chart;
}

/// A figure of each class.
template <class Figure>
std::vector<double> by_class(const ExplorationContext& context, const Figure& figure) {
  std::vector<double> values;
  for (const PictureStatistics& one : context.found.statistics.classes) {
    values.push_back(one.pictures == 0 ? std::nan("") : figure(one));
  }
  return values;
}

std::string grey_finding(const ExplorationContext& context) {
  const DataStatistics& statistics = context.found.statistics;
  const GreyHistogram& histogram = statistics.overall.histogram;
  const auto level = static_cast<std::size_t>(std::max_element(histogram.begin(), histogram.end()) -
                                              histogram.begin());
  const double total =
      static_cast<double>(std::accumulate(histogram.begin(), histogram.end(), std::uint64_t{0}));
  const double share = static_cast<double>(histogram[level]) / total;
  const std::vector<double> brightness =
      by_class(context, [](const PictureStatistics& one) { return one.mean; });
  const Extremes ends = extremes(brightness);
  return fmt::format(
      "{} of all pixels are {}; on average {} is the brightest class (mean grey level {} of 255) "
      "and {} the darkest ({}).",
      percentage(share),
      level == 0     ? "pure black"
      : level == 255 ? "pure white"
                     : fmt::format("of the most frequent grey level, {}", level),
      context.class_name(ends.largest), plain_number(brightness[ends.largest]),
      context.class_name(ends.smallest), plain_number(brightness[ends.smallest]));
}

PictureSheet moment_sheet(const ExplorationContext& context) {
  const ClassPictures& pictures = context.found.pictures;
  PictureGroup means{"Mean", {}};
  PictureGroup deviations{fmt::format("Standard deviation: black 0, white {} grey levels",
                                      plain_number(largest_deviation(pictures))),
                          {}};
  const auto add = [&](const PixelMoments& moments, const std::string& name) {
    if (moments.pictures == 0) return;
    means.cells.push_back({.picture = context.pictures.add(mean_picture(pictures, moments)),
                           .caption = name,
                           .detail = "mean of " + format_count(moments.pictures) + " pictures"});
    deviations.cells.push_back(
        {.picture = context.pictures.add(deviation_picture(pictures, moments)),
         .caption = name,
         .detail = "standard deviation of each pixel"});
  };
  for (std::size_t c = 0; c < pictures.classes.size(); ++c) {
    add(pictures.classes[c], context.class_name(c));
  }
  add(pictures.overall, "All");
  return {"mean-and-deviation", "Mean and deviation of each class", {means, deviations}};
}

/// The classes whose mean pictures are nearest to each other and farthest apart.
std::string moment_finding(const ExplorationContext& context) {
  const ClassDistances& distances = context.found.distances;
  std::vector<double> pairs = distances.mean_distance;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (i / distances.classes >= i % distances.classes) pairs[i] = std::nan("");
  }
  const Extremes ends = extremes(pairs);
  if (pairs.empty() || std::isnan(pairs[ends.largest])) {
    return "Only one class has pictures, so there is nothing to compare its mean with.";
  }
  const auto pair = [&](std::size_t at) {
    return fmt::format("{} and {}", context.class_name(at / distances.classes),
                       context.class_name(at % distances.classes));
  };
  if (ends.smallest == ends.largest) {
    return fmt::format("The mean pictures of {} differ by {} grey levels a pixel.",
                       pair(ends.smallest), plain_number(pairs[ends.smallest]));
  }
  return fmt::format(
      "The mean pictures of {} are most alike (they differ by {} grey levels a pixel), those of {} "
      "least ({}); {} of all variation lies between the classes' means, the rest within classes.",
      pair(ends.smallest), plain_number(pairs[ends.smallest]), pair(ends.largest),
      plain_number(pairs[ends.largest]), percentage(distances.between_share));
}

std::vector<Cell> statistics_row(const std::string& name, const PictureStatistics& one) {
  return {name,
          static_cast<double>(one.pictures),
          one.mean,
          one.deviation,
          one.ink.mean,
          one.box.width.mean,
          one.box.height.mean,
          one.box.center_x.mean,
          one.box.center_y.mean,
          one.left_right.mean,
          one.top_bottom.mean,
          static_cast<double>(one.blank)};
}

Table statistics_table(const ExplorationContext& context) {
  const DataStatistics& statistics = context.found.statistics;
  using Format = Column::Format;
  Table table;
  table.caption = fmt::format(
      "Means over the pictures. Ink: farther than {} grey levels from the background, {}. Box: "
      "around the ink, in pixels; centre from the top left. Symmetry: correlation with the mirror "
      "image, 1 at most.",
      statistics.options.ink_threshold, statistics.background.level);
  table.columns = {{"Class"},
                   {"Pictures", Format::integer},
                   {"Mean", Format::decimal},
                   {"Deviation", Format::decimal},
                   {"Ink", Format::percent},
                   {"Box width", Format::decimal},
                   {"Height", Format::decimal},
                   {"Centre x", Format::decimal},
                   {"Centre y", Format::decimal},
                   {"Left-right", Format::decimal},
                   {"Top-bottom", Format::decimal},
                   {"Blank", Format::integer}};
  for (std::size_t c = 0; c < context.classes().size(); ++c) {
    table.rows.push_back(statistics_row(context.class_name(c), statistics.classes[c]));
  }
  table.rows.push_back(statistics_row("All", statistics.overall));
  return table;
}

std::string statistics_finding(const ExplorationContext& context) {
  const DataStatistics& statistics = context.found.statistics;
  const std::vector<double> ink =
      by_class(context, [](const PictureStatistics& one) { return one.ink.mean; });
  const std::vector<double> symmetry =
      by_class(context, [](const PictureStatistics& one) { return one.left_right.mean; });
  const Extremes inks = extremes(ink);
  const Extremes mirrors = extremes(symmetry);
  const std::string about_symmetry =
      fmt::format("{} is the most like its mirror image (correlation {}) and {} the least ({})",
                  context.class_name(mirrors.largest), plain_number(symmetry[mirrors.largest]),
                  context.class_name(mirrors.smallest), plain_number(symmetry[mirrors.smallest]));
  if (statistics.background.border_share < 0.5) {
    return fmt::format(
        "The pictures have no plain background (only {} of the outermost pixels are of one "
        "colour), so ink and boxes say little here; {}.",
        percentage(statistics.background.border_share), about_symmetry);
  }
  return fmt::format("What is shown fills {} of a picture on average, from {} ({}) to {} ({}); {}.",
                     percentage(statistics.overall.ink.mean), context.class_name(inks.smallest),
                     percentage(ink[inks.smallest]), context.class_name(inks.largest),
                     percentage(ink[inks.largest]), about_symmetry);
}

std::string margins_words(const PictureStatistics& overall) {
  const auto words = [](const Margins& margins) {
    return fmt::format(
        "{} columns on the left, {} on the right, {} rows at the top and {} at the "
        "bottom",
        margins.left, margins.right, margins.top, margins.bottom);
  };
  return fmt::format(
      "Always empty, in every training picture: {}. Empty in all but 1 % of them: {}.",
      words(overall.always_empty), words(overall.mostly_empty));
}

}  // namespace

Section grey_level_section(const ExplorationContext& context) {
  Section section{"greys", "Grey levels", grey_finding(context), {}};
  section.blocks.emplace_back(
      SideBySide{{overall_chart(context.found.statistics.overall), brightness_chart(context)}});
  section.blocks.emplace_back(class_chart(context));
  return section;
}

Section class_picture_section(const ExplorationContext& context) {
  return {"means", "Mean pictures", moment_finding(context), {moment_sheet(context)}};
}

Section statistics_section(const ExplorationContext& context) {
  return {"statistics",
          "Basic statistics",
          statistics_finding(context),
          {statistics_table(context), Paragraph{margins_words(context.found.statistics.overall)}}};
}

}  // namespace thimble::report
