#include "classical/hog.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/error.hpp"
#include "classical/feature_samples.hpp"

namespace thimble::classical {
namespace {

std::vector<float> hog_of(const HogOptions& options, const Images& pictures) {
  const Hog hog(options, pictures.shape());
  std::vector<float> values(pictures.size() * hog.dims());
  hog.compute(pictures.pixels(), values.data(), hog.dims());
  return values;
}

HogOptions any_options() {
  HogOptions options;
  options.cell = *rc::gen::element(2.0, 3.0, 3.5, 4.0, 7.0);
  options.block = *rc::gen::inRange(1, 3);
  options.orientations = *rc::gen::inRange(1, 19);
  options.is_signed = *rc::gen::arbitrary<bool>();
  options.norm = *rc::gen::element(HogNorm::l2, HogNorm::l2hys, HogNorm::l1sqrt);
  options.interpolate = *rc::gen::arbitrary<bool>();
  options.sqrt = *rc::gen::arbitrary<bool>();
  return options;
}

RC_GTEST_PROP(Hog, AConstantPictureHasNoEdges, (std::uint8_t value)) {
  const PictureShape shape{*rc::gen::inRange(14, 30), *rc::gen::inRange(14, 30),
                           *rc::gen::element(1, 3)};
  const Images picture(shape, std::vector<std::uint8_t>(shape.size(), value));
  for (const float x : hog_of(any_options(), picture)) RC_ASSERT(x == 0.0F);
}

RC_GTEST_PROP(Hog, ValuesAreFiniteAndWithinOne, ()) {
  const PictureShape shape{*rc::gen::inRange(14, 30), *rc::gen::inRange(14, 30),
                           *rc::gen::element(1, 3)};
  const Images pictures = random_pictures(shape, 2, *rc::gen::arbitrary<unsigned>());
  for (const float x : hog_of(any_options(), pictures)) RC_ASSERT(x >= 0 && x <= 1.000001F);
}

// A picture of grey levels in red, green and blue alike is a grey picture.
RC_GTEST_PROP(Hog, GreyInColourIsGrey, ()) {
  const Images grey = random_pictures({15, 18, 1}, 1, *rc::gen::arbitrary<unsigned>());
  std::vector<std::uint8_t> pixels;
  for (const auto pixel : grey.pixels()) pixels.insert(pixels.end(), 3, pixel);
  const HogOptions options = any_options();
  RC_ASSERT(hog_of(options, grey) == hog_of(options, Images({15, 18, 3}, pixels)));
}

// Mirrored left to right, an edge at angle a is at 180 degrees - a.
RC_GTEST_PROP(Hog, MirroringTurnsTheBinsAround, ()) {
  const Images picture = random_pictures({16, 16, 1}, 1, *rc::gen::arbitrary<unsigned>());
  Images mirrored = picture;
  for (std::size_t y = 0; y < 16; ++y) std::ranges::reverse(mirrored[0].subspan(y * 16, 16));
  HogOptions options;
  options.block = 1;
  options.is_signed = *rc::gen::arbitrary<bool>();
  options.orientations = 8;
  const auto values = hog_of(options, picture);
  const auto turned = hog_of(options, mirrored);
  for (std::size_t row = 0; row < 4; ++row) {
    for (std::size_t column = 0; column < 4; ++column) {
      for (std::size_t bin = 0; bin < 8; ++bin) {
        const std::size_t other = (options.is_signed ? 12 - bin : 8 - bin) % 8;
        RC_ASSERT(std::abs(values[(row * 4 + column) * 8 + bin] -
                           turned[(row * 4 + 3 - column) * 8 + other]) < 1e-5F);
      }
    }
  }
}

TEST(Hog, AnEdgeVotesForItsOrientation) {
  // Dark above, bright below: 90 degrees.
  Images picture({12, 12, 1}, 1);
  std::ranges::fill(picture[0].subspan(72), std::uint8_t{255});
  HogOptions options;
  options.cell = 12;
  options.block = 1;
  options.norm = HogNorm::l2;
  options.orientations = 2;
  EXPECT_THAT(hog_of(options, picture),
              testing::ElementsAre(testing::FloatNear(0, 1e-6F), testing::FloatNear(1, 1e-3F)));
  // 90 degrees are halfway between 60 and 120.
  options.orientations = 3;
  const float half = std::sqrt(0.5F);
  EXPECT_THAT(hog_of(options, picture),
              testing::ElementsAre(testing::FloatNear(0, 1e-6F), testing::FloatNear(half, 1e-3F),
                                   testing::FloatNear(half, 1e-3F)));
  options.is_signed = true;
  options.orientations = 4;
  options.interpolate = false;
  EXPECT_NEAR(hog_of(options, picture)[1], 1, 1e-3);
  for (auto& pixel : picture.pixels()) pixel = static_cast<std::uint8_t>(255 - pixel);
  EXPECT_NEAR(hog_of(options, picture)[3], 1, 1e-3);
}

TEST(Hog, CellsCoverThePictureEvenly) {
  const auto dims = [](double cell, int height, int width) {
    HogOptions options;
    options.cell = cell;
    options.block = 1;
    options.orientations = 1;
    return Hog(options, {height, width, 1}).dims();
  };
  EXPECT_EQ(dims(4, 28, 28), 49U);
  EXPECT_EQ(dims(5, 28, 28), 36U);
  EXPECT_EQ(dims(3.5, 28, 28), 64U);
  EXPECT_EQ(dims(4, 10, 9), 6U);  // 2.5 is rounded up
  EXPECT_EQ(dims(100, 10, 9), 1U);
  EXPECT_EQ(dims(1, 1, 1), 1U);
}

TEST(Hog, RefusesBlocksLargerThanThePicture) {
  Progress progress;
  FeaturePipeline pipeline({"hog cell=8 block=2"});
  try {
    pipeline.fit_transform(random_pictures({28, 11, 1}, 1), progress);
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(),
                 "hog: blocks of 2x2 cells of 8 pixels do not fit into pictures of 28x11 grey");
  }
}

}  // namespace
}  // namespace thimble::classical
