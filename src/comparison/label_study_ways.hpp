// The ways of learning from few labels that a study holds against each other.

#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "comparison/label_study.hpp"
#include "models/recipe.hpp"

namespace thimble {

/// A way and how it learns.
struct LabelStudyRecipe {
  LabelStudyWay way;
  Recipe recipe;
};

/// The ways, from nothing first, for a training on `samples` pictures.
///
/// Their settings were chosen on MNIST's training pictures, by those that no training took, and are
/// the same for all seeds. Those of the networks differ only in where the weights come from; both
/// see as many pictures, varied alike: turned, zoomed and shifted a little, never mirrored.
/// @param init      model file, run folder or shipped model
/// @param settings  changes of the networks' recipes, "key=value"
/// @throws UsageError            if the model is no network that can be started from
/// @throws FileError, DataError  if it cannot be read
std::vector<LabelStudyRecipe> label_study_ways(const std::string& init, std::size_t samples,
                                               const std::vector<std::string>& settings);

}  // namespace thimble
