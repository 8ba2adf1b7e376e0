// Statistics against numpy's, and on pictures whose figures are plain to see.

#include "exploration/statistics.hpp"

#include <cmath>

#include "base/error.hpp"
#include "exploration/exploration_json.hpp"
#include "exploration_reference.hpp"

namespace thimble {
namespace {

using nlohmann::json;
using testing::labelled;

constexpr double kTolerance = 1e-9;

void expect_distribution(const Distribution& found, const json& expected, const char* name) {
  const std::array values{found.mean,   found.deviation, found.min, found.q05, found.q25,
                          found.median, found.q75,       found.q95, found.max};
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_NEAR(values[i], expected[i].get<double>(), kTolerance) << name << ", figure " << i;
  }
}

void expect_statistics(const PictureStatistics& found, const json& expected) {
  EXPECT_NEAR(found.mean, expected["mean"].get<double>(), kTolerance);
  EXPECT_NEAR(found.deviation, expected["deviation"].get<double>(), kTolerance);
  EXPECT_EQ(found.blank, expected["blank"].get<std::uint64_t>());
  expect_distribution(found.brightness, expected["brightness"], "brightness");
  expect_distribution(found.contrast, expected["contrast"], "contrast");
  expect_distribution(found.ink, expected["ink"], "ink");
  expect_distribution(found.box.left, expected["left"], "left");
  expect_distribution(found.box.top, expected["top"], "top");
  expect_distribution(found.box.width, expected["width"], "width");
  expect_distribution(found.box.height, expected["height"], "height");
  expect_distribution(found.box.center_x, expected["center_x"], "center_x");
  expect_distribution(found.box.center_y, expected["center_y"], "center_y");
  expect_distribution(found.left_right, expected["left_right"], "left_right");
  expect_distribution(found.top_bottom, expected["top_bottom"], "top_bottom");
  for (std::size_t i = 0; i < found.row_ink.size(); ++i) {
    EXPECT_NEAR(found.row_ink[i], expected["row_ink"][i].get<double>(), kTolerance);
  }
  for (std::size_t i = 0; i < found.column_ink.size(); ++i) {
    EXPECT_NEAR(found.column_ink[i], expected["column_ink"][i].get<double>(), kTolerance);
  }
}

TEST(Statistics, AgreeWithNumpy) {
  const testing::Reference reference;
  const DataStatistics statistics = data_statistics(reference.splits.train);
  EXPECT_EQ(statistics.background.level, 0);
  expect_statistics(statistics.overall, reference.json["overall"]);
  expect_statistics(statistics.classes.back(), reference.json["last_class"]);
}

TEST(Statistics, ClassesAddUpToAll) {
  const testing::Reference reference;
  const DataStatistics statistics = data_statistics(reference.splits.train);
  GreyHistogram sum{};
  std::uint64_t pictures = 0;
  for (const PictureStatistics& of_class : statistics.classes) {
    pictures += of_class.pictures;
    for (std::size_t level = 0; level < 256; ++level) sum[level] += of_class.histogram[level];
  }
  EXPECT_EQ(pictures, statistics.overall.pictures);
  EXPECT_EQ(sum, statistics.overall.histogram);
}

TEST(Statistics, FindTheBackgroundAndTheMarginsAroundInk) {
  // Black on white: a dot in the second picture's middle, two dots above each other in the first.
  const DataStatistics statistics = data_statistics(
      labelled({4, 3, 1}, {255, 255, 255, 255, 0,   255, 255, 0, 255, 255, 255, 255,  //
                           255, 255, 255, 255, 240, 255, 255, 0, 255, 255, 255, 255},
               {0, 1}, 2));
  EXPECT_EQ(statistics.background.level, 255);
  EXPECT_EQ(statistics.background.border_share, 1);
  const Margins all = statistics.overall.always_empty;
  EXPECT_EQ(all.left, 1);
  EXPECT_EQ(all.right, 1);
  EXPECT_EQ(all.top, 1);
  EXPECT_EQ(all.bottom, 1);
  EXPECT_EQ(statistics.classes[1].always_empty.top, 2);
  EXPECT_EQ(statistics.classes[1].box.height.mean, 1);
  EXPECT_DOUBLE_EQ(statistics.classes[0].ink.mean, 2.0 / 12);
  EXPECT_DOUBLE_EQ(statistics.classes[0].left_right.mean, 1);
}

TEST(Statistics, RareInkLeavesAMarginMostlyEmpty) {
  std::vector<std::uint8_t> pixels;
  for (int i = 0; i < 20; ++i) {
    pixels.insert(pixels.end(), {static_cast<std::uint8_t>(i == 7 ? 200 : 0), 0, 255, 255, 0});
  }
  const Dataset dataset = labelled({1, 5, 1}, pixels, std::vector<std::int32_t>(20), 2);
  StatisticsOptions options;
  options.rare_share = 0.05;
  const PictureStatistics overall = data_statistics(dataset, options).overall;
  EXPECT_EQ(overall.always_empty.left, 0);
  EXPECT_EQ(overall.mostly_empty.left, 2);
  EXPECT_EQ(overall.mostly_empty.right, 1);
}

TEST(Statistics, AClassWithoutPicturesHasNoFigures) {
  const DataStatistics statistics = data_statistics(labelled({1, 2, 1}, {7, 7}, {0}, 2));
  EXPECT_EQ(statistics.classes[1].pictures, 0u);
  EXPECT_TRUE(std::isnan(statistics.classes[1].mean));
  EXPECT_TRUE(std::isnan(statistics.classes[1].ink.median));
  // One grey level everywhere: no ink, no box, and as symmetric as can be.
  EXPECT_EQ(statistics.overall.blank, 1u);
  EXPECT_TRUE(std::isnan(statistics.overall.box.width.mean));
  EXPECT_EQ(statistics.overall.left_right.mean, 1);
  EXPECT_EQ(statistics.overall.contrast.max, 0);
  EXPECT_EQ(statistics.overall.always_empty.left, 2);
}

TEST(Statistics, OfColoursAreThoseOfTheirLumaAndOfEachChannel) {
  const Dataset grey = testing::noise({3, 4, 1}, 30, 3, 5);
  const DataStatistics of_grey = data_statistics(grey);
  const DataStatistics of_rgb = data_statistics(testing::as_rgb(grey));
  EXPECT_EQ(of_rgb.overall.histogram, of_grey.overall.histogram);
  EXPECT_EQ(of_rgb.overall.left_right.mean, of_grey.overall.left_right.mean);
  ASSERT_EQ(of_rgb.overall.channel_mean.size(), 3u);
  EXPECT_EQ(of_rgb.overall.channel_mean[2], of_grey.overall.mean);
  EXPECT_EQ(of_grey.overall.channel_histograms,
            std::vector<GreyHistogram>{of_grey.overall.histogram});

  const auto red = data_statistics(labelled({1, 1, 3}, {200, 0, 40}, {0}, 2)).overall;
  EXPECT_EQ(red.channel_mean, (std::vector<double>{200, 0, 40}));
}

TEST(Statistics, AreTheSameForAnyNumberOfThreads) {
  const Dataset dataset = testing::noise({6, 5, 3}, 1500, 4, 2);
  testing::expect_same_for_any_threads([&] { return to_json(data_statistics(dataset)); });
}

TEST(Statistics, RefuseNoPictures) {
  EXPECT_THROW(data_statistics(labelled({2, 2, 1}, {}, {}, 2)), DataError);
}

}  // namespace
}  // namespace thimble
