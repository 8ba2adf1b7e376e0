#include "exploration/exploration_json.hpp"

#include <cstddef>
#include <span>
#include <utility>

namespace thimble {
namespace {

using nlohmann::json;

/// [rows, columns] as an array of rows.
template <class Value>
json rows_of(std::span<const Value> values, std::size_t columns) {
  json rows = json::array();
  for (std::size_t first = 0; columns > 0 && first < values.size(); first += columns) {
    rows.push_back(values.subspan(first, columns));
  }
  return rows;
}

template <class Value>
json rows_of(const std::vector<Value>& values, std::size_t columns) {
  return rows_of(std::span<const Value>(values), columns);
}

template <class Items>
json list_of(const Items& items) {
  json list = json::array();
  for (const auto& item : items) list.push_back(to_json(item));
  return list;
}

nlohmann::json to_json(const Distribution& distribution) {
  return {{"mean", distribution.mean}, {"deviation", distribution.deviation},
          {"min", distribution.min},   {"q05", distribution.q05},
          {"q25", distribution.q25},   {"median", distribution.median},
          {"q75", distribution.q75},   {"q95", distribution.q95},
          {"max", distribution.max}};
}

nlohmann::json to_json(const Margins& margins) {
  return {{"left", margins.left},
          {"top", margins.top},
          {"right", margins.right},
          {"bottom", margins.bottom}};
}

nlohmann::json to_json(const BoxStatistics& box) {
  return {{"left", to_json(box.left)},         {"top", to_json(box.top)},
          {"width", to_json(box.width)},       {"height", to_json(box.height)},
          {"center_x", to_json(box.center_x)}, {"center_y", to_json(box.center_y)}};
}

}  // namespace

nlohmann::json to_json(const PictureStatistics& statistics) {
  return {{"pictures", statistics.pictures},
          {"mean", statistics.mean},
          {"deviation", statistics.deviation},
          {"histogram", statistics.histogram},
          {"channel_mean", statistics.channel_mean},
          {"channel_deviation", statistics.channel_deviation},
          {"channel_histograms", statistics.channel_histograms},
          {"brightness", to_json(statistics.brightness)},
          {"contrast", to_json(statistics.contrast)},
          {"ink", to_json(statistics.ink)},
          {"blank", statistics.blank},
          {"box", to_json(statistics.box)},
          {"left_right", to_json(statistics.left_right)},
          {"top_bottom", to_json(statistics.top_bottom)},
          {"row_ink", statistics.row_ink},
          {"column_ink", statistics.column_ink},
          {"always_empty", to_json(statistics.always_empty)},
          {"mostly_empty", to_json(statistics.mostly_empty)}};
}

nlohmann::json to_json(const PixelMoments& moments) {
  return {{"pictures", moments.pictures}, {"mean", moments.mean}, {"variance", moments.variance}};
}

nlohmann::json to_json(const ClassPair& pair) {
  return {{"first", pair.first}, {"second", pair.second}, {"value", pair.value}};
}

nlohmann::json to_json(const SampleId& sample) {
  return {{"split", sample.split == SampleId::Split::train ? "train" : "test"},
          {"index", sample.index}};
}

nlohmann::json to_json(const DuplicateGroup& group) {
  return {{"members", list_of(group.members)},
          {"labels_agree", group.labels_agree},
          {"across_splits", group.across_splits},
          {"difference", group.difference}};
}

nlohmann::json to_json(const DuplicateCounts& counts) {
  return {{"groups", counts.groups},
          {"samples", counts.samples},
          {"train_surplus", counts.train_surplus},
          {"test_surplus", counts.test_surplus},
          {"test_in_train", counts.test_in_train},
          {"across_groups", counts.across_groups},
          {"conflicting_groups", counts.conflicting_groups},
          {"conflicting_samples", counts.conflicting_samples}};
}

nlohmann::json to_json(const Outlier& outlier) {
  return {{"sample", to_json(outlier.sample)},
          {"label", outlier.label},
          {"factor", outlier.factor},
          {"distance", outlier.distance},
          {"relative_distance", outlier.relative_distance},
          {"neighbors_class", outlier.neighbors_class},
          {"neighbors_share", outlier.neighbors_share}};
}

nlohmann::json to_json(const DataStatistics& statistics) {
  return {{"ink_threshold", statistics.options.ink_threshold},
          {"rare_share", statistics.options.rare_share},
          {"background",
           {{"level", statistics.background.level},
            {"border_share", statistics.background.border_share}}},
          {"overall", to_json(statistics.overall)},
          {"classes", list_of(statistics.classes)}};
}

nlohmann::json to_json(const ClassPictures& pictures) {
  return {{"shape", {pictures.shape.height, pictures.shape.width, pictures.shape.channels}},
          {"overall", to_json(pictures.overall)},
          {"classes", list_of(pictures.classes)}};
}

nlohmann::json to_json(const MutualInformation& information) {
  const auto width = static_cast<std::size_t>(information.width);
  return {{"bins", information.bins},
          {"bits", rows_of(information.bits, width)},
          {"plain_bits", rows_of(information.plain_bits, width)},
          {"class_entropy", information.class_entropy},
          {"best", {{"row", information.best / width}, {"column", information.best % width}}}};
}

nlohmann::json to_json(const PixelCorrelation& correlation) {
  const auto width = static_cast<std::size_t>(correlation.width);
  json with_class = json::array();
  for (const auto& values : correlation.with_class) with_class.push_back(rows_of(values, width));
  json by_distance = json::array();
  for (const PixelCorrelation::AtDistance& at : correlation.by_distance) {
    by_distance.push_back(
        {{"distance", at.distance}, {"correlation", at.correlation}, {"pairs", at.pairs}});
  }
  return {{"with_class", std::move(with_class)},
          {"constant", rows_of(correlation.constant, width)},
          {"constant_pixels", correlation.constant_pixels},
          {"reduced_height", correlation.reduced_height},
          {"reduced_width", correlation.reduced_width},
          {"by_distance", std::move(by_distance)},
          {"horizontal", correlation.horizontal},
          {"vertical", correlation.vertical},
          {"effective_pixels", correlation.effective_pixels}};
}

nlohmann::json to_json(const ClassDistances& distances) {
  return {{"mean_distance", rows_of(distances.mean_distance, distances.classes)},
          {"separation", rows_of(distances.separation, distances.classes)},
          {"components", distances.components},
          {"explained_variance", distances.explained_variance},
          {"between_share", distances.between_share},
          {"nearest", list_of(distances.nearest)}};
}

nlohmann::json to_json(const NeighborOverlap& overlap) {
  return {{"k", overlap.k},
          {"shares", rows_of(overlap.shares, overlap.classes)},
          {"same_class", overlap.same_class},
          {"nearest_same_class", overlap.nearest_same_class},
          {"most_overlapping", list_of(overlap.most_overlapping)}};
}

nlohmann::json to_json(const Duplicates& duplicates) {
  return {{"exact", list_of(duplicates.exact)},
          {"exact_counts", to_json(duplicates.exact_counts)},
          {"near", list_of(duplicates.near)},
          {"near_counts", to_json(duplicates.near_counts)}};
}

nlohmann::json to_json(const Outliers& outliers) {
  return {{"neighbors", outliers.options.neighbors},
          {"clear", outliers.clear},
          {"ranked", list_of(outliers.ranked)}};
}

}  // namespace thimble
