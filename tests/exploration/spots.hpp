// Pictures that any model tells apart.

#pragma once

#include <cstdint>
#include <string>

#include "base/random.hpp"
#include "data/dataset.hpp"

namespace thimble::testing {

/// Sample i is of class i % classes, whose pixel of the same number is bright; all others are faint
/// noise.
inline Dataset spots(PictureShape shape, std::size_t n, std::size_t classes) {
  Dataset dataset;
  dataset.images = Images(shape, n);
  dataset.provenance.name = "spots";
  Random random(1);
  for (auto& pixel : dataset.images.pixels()) pixel = static_cast<std::uint8_t>(random.below(40));
  for (std::size_t i = 0; i < n; ++i) {
    dataset.labels.push_back(static_cast<std::int32_t>(i % classes));
    dataset.images[i][i % classes] = 255;
  }
  for (std::size_t c = 0; c < classes; ++c) dataset.classes.push_back("class " + std::to_string(c));
  return dataset;
}

}  // namespace thimble::testing
