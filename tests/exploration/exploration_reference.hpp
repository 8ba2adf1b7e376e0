// Small data sets for tests of exploration, some with what numpy and scikit-learn say of them.

#pragma once

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/parallel.hpp"
#include "base/random.hpp"
#include "data/splits.hpp"

namespace thimble::testing {

/// Pictures of one shape with their labels; classes are called "0", "1", ...
inline Dataset labelled(PictureShape shape, std::vector<std::uint8_t> pixels,
                        std::vector<std::int32_t> labels, std::size_t classes) {
  Dataset dataset;
  dataset.images = Images(shape, std::move(pixels));
  dataset.labels = std::move(labels);
  for (std::size_t c = 0; c < classes; ++c) dataset.classes.push_back(std::to_string(c));
  return dataset;
}

/// The stored pictures: as many as `reference.at("train")` in the training set, the rest for tests.
struct Reference {
  nlohmann::json json;
  DatasetSplits splits;

  Reference() {
    std::ifstream(THIMBLE_TEST_DATA "/exploration_reference.json") >> json;
    const Dataset all = labelled({json.at("height"), json.at("width"), 1}, json.at("values"),
                                 json.at("labels"), json.at("classes"));
    std::vector<std::size_t> train;
    std::vector<std::size_t> test;
    for (std::size_t i = 0; i < all.size(); ++i) {
      (i < json.at("train").get<std::size_t>() ? train : test).push_back(i);
    }
    splits.train = all.select(train);
    splits.test = all.select(test);
  }
};

/// Pictures of noise around a grey level for each class; not all classes equally often.
inline Dataset noise(PictureShape shape, std::size_t n, std::size_t classes, std::uint64_t seed) {
  Random random(seed);
  std::vector<std::uint8_t> pixels;
  std::vector<std::int32_t> labels;
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint64_t label = std::min(random.below(classes), random.below(classes));
    labels.push_back(static_cast<std::int32_t>(label));
    for (std::size_t j = 0; j < shape.size(); ++j) {
      pixels.push_back(static_cast<std::uint8_t>(20 * label + random.below(100)));
    }
  }
  return labelled(shape, std::move(pixels), std::move(labels), classes);
}

/// The same pictures with each grey level spelled as RGB.
inline Dataset as_rgb(const Dataset& grey) {
  Dataset rgb = grey;
  const PictureShape shape = grey.images.shape();
  std::vector<std::uint8_t> pixels;
  for (const std::uint8_t level : grey.images.pixels()) pixels.insert(pixels.end(), 3, level);
  rgb.images = Images({shape.height, shape.width, 3}, std::move(pixels));
  return rgb;
}

/// What `find` gives as JSON must be the same bytes for 1, 2 and 5 threads.
template <class Find>
void expect_same_for_any_threads(const Find& find) {
  const int before = thread_count();
  set_thread_count(1);
  const std::string expected = find().dump();
  for (const int threads : {2, 5}) {
    set_thread_count(threads);
    EXPECT_EQ(find().dump(), expected) << threads << " threads";
  }
  set_thread_count(before);
}

}  // namespace thimble::testing
