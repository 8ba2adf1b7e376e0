// What every section of an exploration's report is made from.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "data/splits.hpp"
#include "exploration/exploration.hpp"
#include "exploration/neighborhood.hpp"
#include "report/document.hpp"

namespace thimble::report {

struct ExplorationContext {
  const DatasetSplits& splits;
  const Exploration& found;
  PictureAtlas& pictures;
  bool published = false;
  std::uint64_t seed = 1;

  const Dataset& train() const { return splits.train; }
  const std::vector<std::string>& classes() const { return splits.train.classes; }
  const std::string& class_name(std::size_t label) const { return classes().at(label); }
  const std::string& class_name(std::int32_t label) const {
    return class_name(static_cast<std::size_t>(label));
  }

  const Dataset& dataset(const SampleId& sample) const {
    return sample.split == SampleId::Split::train ? splits.train : *splits.test;
  }
  std::int32_t label(const SampleId& sample) const { return dataset(sample).labels[sample.index]; }
  /// "training picture 28,264", counted from 0.
  std::string name(const SampleId& sample) const;
  PictureIndex picture(const SampleId& sample) const {
    return pictures.add(dataset(sample), sample.index);
  }
};

/// An axis with the classes on it.
Axis class_axis(const ExplorationContext& context, const std::string& title);

// Each a section; in the order in which a report has them.
Section overview_section(const ExplorationContext& context);
Section counts_section(const ExplorationContext& context);
Section samples_section(const ExplorationContext& context);
Section grey_level_section(const ExplorationContext& context);
Section class_picture_section(const ExplorationContext& context);
Section statistics_section(const ExplorationContext& context);
Section pixel_section(const ExplorationContext& context);
Section correlation_section(const ExplorationContext& context);
Section overlap_section(const ExplorationContext& context);
Section map_section(const ExplorationContext& context);  ///< only with a map
Section duplicate_section(const ExplorationContext& context);
Section outlier_section(const ExplorationContext& context);
Section label_section(const ExplorationContext& context);  ///< only with judged labels

}  // namespace thimble::report
