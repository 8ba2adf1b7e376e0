// A sheet of right and wrong predictions, to look at.

#pragma once

#include <cstddef>

#include "data/dataset.hpp"
#include "imaging/contact_sheet.hpp"
#include "models/classifier.hpp"

namespace thimble {

/// Blue and vermilion of Okabe and Ito's palette: told apart with any colour vision.
inline constexpr Color kRightFrame{0, 114, 178};
inline constexpr Color kWrongFrame{213, 94, 0};

struct PredictionSheetOptions {
  std::string title = {};
  std::size_t right_per_class = 2;  ///< of each class, the most certain
  std::size_t wrong = 40;           ///< the most certain mistakes
};

/// First the right predictions, class by class, then the wrong ones with what they should have
/// been: "Shirt 97 %" over "/ Coat". Of equally certain ones the first in the data comes first.
///
/// @param probabilities  float32 [n, classes] of the samples of `dataset`
/// @throws ShapeError  if the two do not agree in size
Picture draw_prediction_sheet(const Dataset& dataset, const Probabilities& probabilities,
                              const PredictionSheetOptions& options = {});

}  // namespace thimble
