// What exploration finds, as JSON: objects with the names of the structs' fields. Not-a-number is
// null, a matrix is an array of rows, a sample is {"split": "train", "index": 17}.

#pragma once

#include <nlohmann/json.hpp>

#include "exploration/class_overlap.hpp"
#include "exploration/class_pictures.hpp"
#include "exploration/duplicates.hpp"
#include "exploration/mutual_information.hpp"
#include "exploration/outliers.hpp"
#include "exploration/pixel_correlation.hpp"
#include "exploration/statistics.hpp"

namespace thimble {

nlohmann::json to_json(const SampleId& sample);
nlohmann::json to_json(const ClassPair& pair);
nlohmann::json to_json(const PictureStatistics& statistics);
nlohmann::json to_json(const PixelMoments& moments);
nlohmann::json to_json(const DuplicateGroup& group);
nlohmann::json to_json(const DuplicateCounts& counts);
nlohmann::json to_json(const Outlier& outlier);

nlohmann::json to_json(const DataStatistics& statistics);
nlohmann::json to_json(const ClassPictures& pictures);
nlohmann::json to_json(const MutualInformation& information);
nlohmann::json to_json(const PixelCorrelation& correlation);
nlohmann::json to_json(const ClassDistances& distances);
nlohmann::json to_json(const NeighborOverlap& overlap);
nlohmann::json to_json(const Duplicates& duplicates);
nlohmann::json to_json(const Outliers& outliers);

}  // namespace thimble
