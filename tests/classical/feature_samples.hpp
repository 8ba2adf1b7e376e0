// What the tests of feature steps share.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/parallel.hpp"
#include "base/random.hpp"
#include "classical/feature_pipeline.hpp"

namespace thimble::classical {

inline Images random_pictures(PictureShape shape, std::size_t n, std::uint64_t seed = 1) {
  Images pictures(shape, n);
  Random random(seed);
  for (auto& pixel : pictures.pixels()) pixel = static_cast<std::uint8_t>(random.below(256));
  return pictures;
}

inline std::vector<float> floats(const Features& features) {
  std::vector<float> values(features.size() * features.dims());
  features.copy(0, features.size(), values.data());
  return values;
}

/// The features of pictures that the steps are fitted to.
inline std::vector<float> fitted(const std::vector<std::string>& lines, const Images& pictures) {
  Progress progress;
  return floats(FeaturePipeline(lines).fit_transform(pictures, progress));
}

/// The same on so many threads.
inline std::vector<float> fitted_on(int threads, const std::vector<std::string>& lines,
                                    const Images& pictures) {
  const int before = thread_count();
  set_thread_count(threads);
  auto values = fitted(lines, pictures);
  set_thread_count(before);
  return values;
}

}  // namespace thimble::classical
