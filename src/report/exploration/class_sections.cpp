// How classes lie to each other: distances, overlap, the map.

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/text.hpp"
#include "imaging/resize.hpp"
#include "report/exploration/context.hpp"
#include "report/words.hpp"

namespace thimble::report {
namespace {

constexpr std::size_t kMostNumbered = 16;  ///< classes of a heat map with numbers in its cells

Chart class_grid(const ExplorationContext& context, const std::string& id,
                 const std::string& title) {
  Chart chart;
  chart.id = id;
  chart.title = title;
  chart.kind = Chart::Kind::heatmap;
  chart.x = class_axis(context, "Class");
  chart.y = class_axis(context, "Class");
  return chart;
}

Chart separation_chart(const ExplorationContext& context) {
  const ClassDistances& distances = context.found.distances;
  Chart chart = class_grid(context, "class-separation", "How far apart the classes are");
  chart.description =
      "A heat map: deviations of a class between the means of two classes, in the best linear "
      "view of them.";
  Grid grid{.width = distances.classes,
            .height = distances.classes,
            .values = distances.separation,
            .title = "Separation",
            .unit = "deviations",
            .numbers = distances.classes <= kMostNumbered};
  for (std::size_t c = 0; c < distances.classes; ++c) {
    grid.values[c * distances.classes + c] = std::nan("");
  }
  chart.grid = std::move(grid);
  return chart;
}

Chart overlap_chart(const ExplorationContext& context) {
  const NeighborOverlap& overlap = context.found.overlap;
  Chart chart = class_grid(context, "class-overlap", "Whose neighbours are whose");
  chart.description = fmt::format(
      "A heat map: the share of the {} nearest neighbours of a row's pictures that are of the "
      "column's class.",
      overlap.k);
  chart.x.title = "Class of the neighbours";
  chart.y.title = "Class of the pictures";
  Grid grid{.width = overlap.classes,
            .height = overlap.classes,
            .values = overlap.shares,
            .title = "Share",
            .unit = "%",
            .numbers = overlap.classes <= kMostNumbered};
  for (double& value : grid.values) value = std::round(1000 * value) / 10;
  chart.grid = std::move(grid);
  return chart;
}

std::string pair_words(const ExplorationContext& context, const ClassPair& pair) {
  return fmt::format("{} and {}", context.class_name(pair.first), context.class_name(pair.second));
}

double separation_of(const ClassDistances& distances, const ClassPair& pair) {
  return distances.separation[pair.first * distances.classes + pair.second];
}

Table pair_table(const ExplorationContext& context) {
  constexpr std::size_t kPairs = 10;
  const Exploration& found = context.found;
  using Format = Column::Format;
  Table table;
  table.caption =
      "The pairs that overlap most. Overlap: share of one class's nearest neighbours that are of "
      "the other, mean of both directions. Expected mistakes: of the best straight cut between "
      "two normal classes as far apart.";
  table.columns = {{"First"},
                   {"Second"},
                   {"Overlap", Format::percent},
                   {"Separation", Format::decimal},
                   {"Expected mistakes", Format::percent}};
  for (const ClassPair& pair : found.overlap.most_overlapping) {
    if (table.rows.size() == kPairs) break;
    const double separation = separation_of(found.distances, pair);
    table.rows.push_back({context.class_name(pair.first), context.class_name(pair.second),
                          pair.value, separation, expected_error(separation)});
  }
  return table;
}

/// The class whose neighbours are most often its own.
std::string purest_class(const ExplorationContext& context) {
  const NeighborOverlap& overlap = context.found.overlap;
  std::vector<double> own;
  for (std::size_t c = 0; c < overlap.classes; ++c) {
    own.push_back(overlap.shares[c * overlap.classes + c]);
  }
  const std::size_t best = extremes(own).largest;
  return fmt::format("{} stands most by itself ({} of its neighbours are its own)",
                     context.class_name(best), percentage(own[best]));
}

std::string overlap_finding(const ExplorationContext& context) {
  const NeighborOverlap& overlap = context.found.overlap;
  if (overlap.k == 0) return "There is only one picture, so nothing can overlap.";
  if (overlap.most_overlapping.empty()) {
    return fmt::format(
        "No class overlaps another: all {} nearest neighbours of every picture are "
        "of its own class.",
        overlap.k);
  }
  std::vector<std::string> hardest;
  for (const ClassPair& pair : overlap.most_overlapping) {
    if (hardest.size() == 3 || pair.value < 0.3 * overlap.most_overlapping.front().value) break;
    hardest.push_back(pair_words(context, pair));
  }
  std::string pairs = hardest.front();
  for (std::size_t i = 1; i < hardest.size(); ++i) {
    pairs += (i + 1 == hardest.size() ? ", then " : ", ") + hardest[i];
  }
  return fmt::format("Hardest to tell apart: {}; {}.", pairs, purest_class(context));
}

double rounded(float value, double unit) { return std::round(value / unit) * unit; }

/// Four significant digits are more than a map shows.
double unit_of(const MapPoints& points) {
  float reach = 1e-6F;
  for (std::size_t i = 0; i < points.size(); ++i) {
    reach = std::max({reach, std::abs(points.x[i]), std::abs(points.y[i])});
  }
  return std::pow(10.0, std::floor(std::log10(reach)) - 3);
}

/// One series a class.
std::vector<Series> map_series(const ExplorationContext& context, const MapPoints& points,
                               const std::vector<PictureIndex>& pictures) {
  const Embedding& map = *context.found.map;
  const double unit = unit_of(points);
  std::vector<Series> series(context.classes().size());
  for (std::size_t c = 0; c < series.size(); ++c) series[c].name = context.class_name(c);
  for (std::size_t i = 0; i < map.indices.size(); ++i) {
    Series& one = series[static_cast<std::size_t>(map.labels[i])];
    one.x.push_back(rounded(points.x[i], unit));
    one.y.push_back(rounded(points.y[i], unit));
    one.pictures.push_back(pictures[i]);
    one.labels.push_back(context.name({SampleId::Split::train, map.indices[i]}));
  }
  std::erase_if(series, [](const Series& one) { return one.y.empty(); });
  return series;
}

Chart map_chart(const ExplorationContext& context, const std::string& id, const std::string& title,
                const MapPoints& points, const std::vector<PictureIndex>& pictures) {
  Chart chart;
  chart.id = id;
  chart.title = title;
  chart.description =
      "A map of points, one a picture, coloured by class: pictures that are alike "
      "lie together.";
  chart.kind = Chart::Kind::points;
  chart.pannable = true;
  chart.series = map_series(context, points, pictures);
  return chart;
}

/// Classes that keep to themselves on the map, and pairs that run into each other.
std::string map_words(const ExplorationContext& context) {
  constexpr double kIsland = 0.9;
  constexpr double kMixed = 0.08;
  const std::vector<double>& shares = context.found.map->neighbor_shares;
  const std::size_t n = context.classes().size();
  std::vector<std::string> islands;
  std::vector<ClassPair> mixed;
  for (std::size_t a = 0; a < n; ++a) {
    if (shares[a * n + a] >= kIsland) islands.push_back(context.class_name(a));
    for (std::size_t b = a + 1; b < n; ++b) {
      const double share = (shares[a * n + b] + shares[b * n + a]) / 2;
      if (share >= kMixed) mixed.push_back({a, b, share});
    }
  }
  std::sort(mixed.begin(), mixed.end(),
            [](const ClassPair& x, const ClassPair& y) { return x.value > y.value; });
  std::vector<std::string> pairs;
  for (const ClassPair& pair : mixed) {
    if (pairs.size() == 3) break;
    pairs.push_back(pair_words(context, pair));
  }
  std::string text = islands.empty() ? "No class has a region quite of its own"
                                     : fmt::format("{} {} a region of {} own", listed(islands),
                                                   islands.size() == 1 ? "has" : "have",
                                                   islands.size() == 1 ? "its" : "their");
  if (pairs.empty()) return text + ", and no two classes run into each other";
  text += ", while ";
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (i > 0) text += i + 1 == pairs.size() ? ", and " : ", ";
    text += pairs[i];
  }
  return text + " run into each other";
}

/// Pictures for the hover; small ones where the pictures are large, for there are many.
std::vector<PictureIndex> map_thumbnails(const ExplorationContext& context) {
  std::vector<PictureIndex> pictures;
  for (const std::size_t sample : context.found.map->indices) {
    pictures.push_back(context.pictures.add(context.train(), sample));
  }
  return pictures;
}

}  // namespace

Section overlap_section(const ExplorationContext& context) {
  Section section{"overlap", "Distance and overlap of classes", overlap_finding(context), {}};
  section.blocks.emplace_back(pair_table(context));
  section.blocks.emplace_back(SideBySide{{overlap_chart(context), separation_chart(context)}});
  const ClassDistances& distances = context.found.distances;
  section.blocks.emplace_back(Paragraph{fmt::format(
      "Neighbours are the {} nearest other pictures by Euclidean distance between pixels. "
      "Separation is the Mahalanobis distance between class means along {} principal components, "
      "which hold {} of the variance; below about 3 two classes are hard to cut apart with a "
      "straight line.",
      context.found.overlap.k, distances.components, percentage(distances.explained_variance))});
  return section;
}

Section map_section(const ExplorationContext& context) {
  const Embedding& map = *context.found.map;
  const std::vector<PictureIndex> pictures = map_thumbnails(context);
  const std::vector<double>& ratios = map.explained_variance_ratio;
  const double plane = (ratios.empty() ? 0 : ratios[0]) + (ratios.size() > 1 ? ratios[1] : 0);
  Section section{"map", "A map of the pictures", map_words(context) + ".", {}};
  section.blocks.emplace_back(
      map_chart(context, "map-tsne", "t-SNE: neighbours lie together", map.tsne, pictures));
  section.blocks.emplace_back(Paragraph{fmt::format(
      "{} training pictures; what counts is who lies beside whom, not how far islands are apart "
      "(trustworthiness {} of 1). Below, the same pictures along their first two principal "
      "components, which hold {} of the variance (trustworthiness {}).",
      format_count(map.indices.size()), plain_number(map.tsne_trustworthiness), percentage(plane),
      plain_number(map.pca_trustworthiness))});
  section.blocks.emplace_back(
      map_chart(context, "map-pca", "The first two principal components", map.pca, pictures));
  return section;
}

}  // namespace thimble::report
