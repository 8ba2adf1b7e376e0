// Data sets of any content, for round trips.

#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/random.hpp"
#include "data/splits.hpp"

namespace thimble {

/// `n` random pictures with random labels.
inline Dataset random_dataset(PictureShape shape, std::size_t n, std::vector<std::string> classes,
                              std::uint64_t seed = 1) {
  Random random(seed);
  Dataset dataset{Images(shape, n), {}, std::move(classes), {"random", "train", "", false}};
  for (std::uint8_t& pixel : dataset.images.pixels()) {
    pixel = static_cast<std::uint8_t>(random.bits());
  }
  for (std::size_t i = 0; i < n; ++i) {
    dataset.labels.push_back(static_cast<std::int32_t>(random.below(dataset.classes.size())));
  }
  dataset.provenance.fingerprint = fingerprint(dataset);
  return dataset;
}

/// Both sets of a random data set, with odd class names and some classes without samples.
inline DatasetSplits any_splits(bool square) {
  const int height = *rc::gen::inRange(1, 9);
  const PictureShape shape{height, square ? height : *rc::gen::inRange(1, 9),
                           *rc::gen::element(1, 3)};
  const auto letter = rc::gen::inRange<char>(' ', '~');
  const auto names =
      *rc::gen::container<std::set<std::string>>(rc::gen::container<std::string>(letter));
  std::vector<std::string> classes(names.begin(), names.end());
  if (classes.empty()) classes.push_back("T-shirt/top");
  std::ranges::reverse(classes);  // not in the order of their names
  const auto seed = *rc::gen::arbitrary<std::uint64_t>();

  DatasetSplits splits{random_dataset(shape, *rc::gen::inRange<std::size_t>(1, 40), classes, seed),
                       std::nullopt};
  splits.train.provenance.synthetic = *rc::gen::arbitrary<bool>();
  if (*rc::gen::arbitrary<bool>()) {
    splits.test = random_dataset(shape, *rc::gen::inRange<std::size_t>(1, 20), classes, seed + 1);
    splits.test->provenance.split = "test";
    splits.test->provenance.synthetic = splits.train.provenance.synthetic;
  } else {
    splits.train.provenance.split = "all";
  }
  return splits;
}

inline void expect_same(const Dataset& a, const Dataset& b) {
  EXPECT_EQ(a.images.shape(), b.images.shape());
  EXPECT_TRUE(std::ranges::equal(a.images.pixels(), b.images.pixels()));
  EXPECT_EQ(a.labels, b.labels);
  EXPECT_EQ(a.classes, b.classes);
  EXPECT_EQ(a.provenance.name, b.provenance.name);
  EXPECT_EQ(a.provenance.split, b.provenance.split);
  EXPECT_EQ(a.provenance.synthetic, b.provenance.synthetic);
  EXPECT_EQ(a.provenance.fingerprint, b.provenance.fingerprint);
}

inline void expect_same(const DatasetSplits& a, const DatasetSplits& b) {
  expect_same(a.train, b.train);
  ASSERT_EQ(a.test.has_value(), b.test.has_value());
  if (a.test) expect_same(*a.test, *b.test);
}

}  // namespace thimble
