// What a study was made for: the best settings as a recipe, and a model trained by it on all
// training pictures.

#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.hpp"
#include "data/splits.hpp"
#include "tuning/study.hpp"

namespace thimble::tuning {

/// The winner's recipe, every setting spelled out, ready to train by; of the baseline the recipe as
/// it was.
Recipe winner_recipe(const Study& study);

/// Writes winner.toml. A winner/ that was trained by another recipe is removed.
/// @return true if one was that had been tested already
/// @throws FileError  if it cannot be written
bool write_winner_recipe(const Study& study, const std::filesystem::path& folder);

/// How the winner learns from all training pictures, validation included. What it took from
/// validation in its trial is fixed: a training that ended early, or kept its best weights, ends
/// after so many epochs (with the schedule of all), boosting after so many rounds.
struct RefitPlan {
  Recipe recipe;
  std::optional<int> epochs;  ///< ends after so many; nothing: all of the recipe's
};

RefitPlan plan_refit(const StudyPlan& plan, const Trial& winner);

struct RefitOutcome {
  Refit refit;
  std::vector<std::string> notes;  ///< what the reader of the figures should know, sentences
};

/// Trains the winner in winner/, from its checkpoint where it was interrupted, fits what
/// `thimble train` fits (evaluation/certainty.hpp; the temperature comes from the winning trial and
/// its validation pictures), and judges it on the test set, the one time that a study looks at it.
/// A finished refit of this winner is kept.
/// @throws Cancelled  if `progress` asked to stop; what is done is kept
/// @throws FileError, DataError
RefitOutcome refit_winner(const Study& study, const std::filesystem::path& folder,
                          DatasetSplits splits, Progress* progress);

}  // namespace thimble::tuning
