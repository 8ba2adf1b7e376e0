// All that is found out about a data set, in one go.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/progress.hpp"
#include "data/splits.hpp"
#include "exploration/class_overlap.hpp"
#include "exploration/class_pictures.hpp"
#include "exploration/duplicates.hpp"
#include "exploration/embedding.hpp"
#include "exploration/label_audit.hpp"
#include "exploration/mutual_information.hpp"
#include "exploration/outliers.hpp"
#include "exploration/pixel_correlation.hpp"
#include "exploration/statistics.hpp"

namespace thimble {

struct ExploreOptions {
  bool map = true;      ///< the 2-D maps
  bool labels = false;  ///< suspicious labels: trains models, which takes minutes
  LabelAuditOptions label_audit = {};
  std::size_t map_pictures = 6000;  ///< on the maps, at most
  std::uint64_t seed = 1;           ///< of the choice of pictures for the maps
};

struct Exploration {
  // Of the training set.
  DataStatistics statistics;
  ClassPictures pictures;
  MutualInformation information;
  PixelCorrelation correlation;
  ClassDistances distances;
  std::optional<Embedding> map;      ///< none if not asked for, or of fewer than 5 pictures
  std::optional<LabelAudit> labels;  ///< none if not asked for

  // Of both splits together.
  std::size_t neighbors = 0;  ///< nearest others looked at
  NeighborOverlap overlap;
  Duplicates duplicates;
  Outliers outliers;

  struct Step {
    std::string name;
    double seconds = 0;
  };
  std::vector<Step> steps;  ///< as they were done
};

/// Deterministic for the seed, whatever the number of threads, but for the times.
/// @param progress    told how far all of it is; may ask to stop
/// @throws DataError  if there is no training picture, or labels are asked for and too few samples
///                    are there to judge them
/// @throws Cancelled  if `progress` asked to stop
Exploration explore(const DatasetSplits& splits, const ExploreOptions& options, Progress& progress);

/// Of the labels, the most suspicious twentieth is listed (at least 200 samples).
nlohmann::json to_json(const Exploration& exploration);

}  // namespace thimble
