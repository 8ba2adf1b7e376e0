#include "exploration/class_pictures.hpp"

#include "exploration/exploration_json.hpp"
#include "exploration_reference.hpp"

namespace thimble {
namespace {

TEST(ClassPictures, HoldMeanAndVarianceOfEachPixel) {
  const Dataset dataset = testing::labelled({1, 2, 1}, {0, 100, 10, 101, 200, 7}, {0, 0, 2}, 3);
  const ClassPictures pictures = class_pictures(dataset);
  EXPECT_EQ(pictures.classes[0].mean, (std::vector<double>{5, 100.5}));
  EXPECT_EQ(pictures.classes[0].variance, (std::vector<double>{25, 0.25}));
  EXPECT_EQ(pictures.classes[1].pictures, 0u);
  EXPECT_EQ(pictures.classes[1].mean, (std::vector<double>{0, 0}));
  EXPECT_EQ(pictures.classes[2].variance, (std::vector<double>{0, 0}));
  EXPECT_EQ(pictures.overall.pictures, 3u);
  EXPECT_DOUBLE_EQ(pictures.overall.mean[0], 70);
  EXPECT_DOUBLE_EQ(pictures.overall.variance[0], (70.0 * 70 + 60 * 60 + 130 * 130) / 3);
}

TEST(ClassPictures, AreShownInEightBits) {
  const ClassPictures pictures = class_pictures(
      testing::labelled({1, 2, 3}, {0, 0, 0, 9, 9, 9, 255, 51, 0, 9, 9, 10}, {0, 0}, 2));
  const Picture mean = mean_picture(pictures, pictures.overall);
  EXPECT_EQ(mean.shape, (PictureShape{1, 2, 3}));
  EXPECT_EQ(mean.pixels, (std::vector<std::uint8_t>{128, 26, 0, 9, 9, 10}));
  EXPECT_EQ(largest_deviation(pictures), 127.5);
  EXPECT_EQ(deviation_picture(pictures, pictures.overall).pixels,
            (std::vector<std::uint8_t>{255, 51, 0, 0, 0, 1}));
  EXPECT_EQ(deviation_picture(pictures, pictures.classes[1]).pixels,
            std::vector<std::uint8_t>(6, 0));
}

TEST(ClassPictures, OfPicturesThatNeverVaryShowBlackDeviations) {
  const ClassPictures pictures = class_pictures(testing::labelled({1, 1, 1}, {8, 8}, {0, 1}, 2));
  EXPECT_EQ(deviation_picture(pictures, pictures.overall).pixels[0], 0);
}

TEST(ClassPictures, AreTheSameForAnyNumberOfThreads) {
  const Dataset dataset = testing::noise({20, 30, 1}, 200, 3, 7);
  testing::expect_same_for_any_threads([&] { return to_json(class_pictures(dataset)); });
}

}  // namespace
}  // namespace thimble
