#include "exploration/pixel_correlation.hpp"

#include <cmath>

#include "base/error.hpp"
#include "exploration/exploration_json.hpp"
#include "exploration_reference.hpp"

namespace thimble {
namespace {

TEST(PixelCorrelation, AgreesWithNumpy) {
  const testing::Reference reference;
  const auto& expected = reference.json["correlations"];
  Progress progress;
  const PixelCorrelation found = pixel_correlation(reference.splits.train, progress);
  for (const auto& [name, row] : expected["with_class"].items()) {
    const auto& of_class = found.with_class[std::stoul(name)];
    for (std::size_t j = 0; j < of_class.size(); ++j) {
      ASSERT_EQ(std::isnan(of_class[j]), row[j].is_null());
      if (row[j].is_null()) continue;
      EXPECT_NEAR(of_class[j], row[j].get<double>(), 1e-12);
    }
  }
  const auto missing = reference.json["missing"].get<std::size_t>();
  EXPECT_TRUE(std::isnan(found.with_class[missing].back()));
  EXPECT_EQ(found.constant_pixels, expected["constant"].get<std::size_t>());
  // Products are summed in float32.
  constexpr double kTolerance = 1e-5;
  ASSERT_EQ(found.by_distance.size(), expected["by_distance"].size());
  for (std::size_t i = 0; i < found.by_distance.size(); ++i) {
    const auto& at = expected["by_distance"][i];
    EXPECT_NEAR(found.by_distance[i].distance, at[0].get<double>(), 1e-12);
    EXPECT_NEAR(found.by_distance[i].correlation, at[1].get<double>(), kTolerance);
    EXPECT_EQ(found.by_distance[i].pairs, at[2].get<std::uint64_t>());
  }
  EXPECT_NEAR(found.horizontal, expected["horizontal"].get<double>(), kTolerance);
  EXPECT_NEAR(found.vertical, expected["vertical"].get<double>(), kTolerance);
  EXPECT_NEAR(found.effective_pixels, expected["effective_pixels"].get<double>(),
              kTolerance * found.effective_pixels);
}

TEST(PixelCorrelation, OfLargePicturesIsThatOfThumbnails) {
  // Stripes that are all bright or all dark together: one effective pixel.
  Dataset dataset = testing::noise({64, 40, 3}, 12, 2, 1);
  for (std::size_t i = 0; i < dataset.size(); ++i) {
    for (auto& value : dataset.images[i]) value = i % 2 == 0 ? 10 : 200;
  }
  Progress progress;
  const PixelCorrelation found = pixel_correlation(dataset, progress);
  EXPECT_EQ(found.height, 64);
  EXPECT_LE(found.reduced_height * found.reduced_width, 1024);
  EXPECT_NEAR(found.effective_pixels, 1, 1e-4);
  EXPECT_NEAR(found.by_distance.front().correlation, 1, 1e-4);
  EXPECT_GT(found.by_distance.back().distance, 64);
}

TEST(PixelCorrelation, LeavesOutWhatNeverVaries) {
  Progress progress;
  const Dataset constant = testing::labelled({1, 2, 1}, {3, 4, 3, 4}, {0, 1}, 2);
  const PixelCorrelation found = pixel_correlation(constant, progress);
  EXPECT_EQ(found.constant_pixels, 2u);
  EXPECT_EQ(found.effective_pixels, 0);
  EXPECT_TRUE(found.by_distance.empty());
  EXPECT_TRUE(std::isnan(found.horizontal));
  EXPECT_TRUE(std::isnan(found.with_class[0][0]));
}

TEST(PixelCorrelation, IsTheSameForAnyNumberOfThreads) {
  const Dataset dataset = testing::noise({14, 12, 1}, 1100, 3, 7);
  Progress progress;
  testing::expect_same_for_any_threads(
      [&] { return to_json(pixel_correlation(dataset, progress)); });
}

TEST(PixelCorrelation, RefusesNoPictures) {
  Progress progress;
  EXPECT_THROW(pixel_correlation(testing::labelled({2, 2, 1}, {}, {}, 2), progress), DataError);
}

}  // namespace
}  // namespace thimble
