#include "imaging/picture_style.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "base/random.hpp"

namespace thimble {
namespace {

/// Bright rectangles on black, each `height` x `width`, one somewhat off the centre.
Images rectangles(const PictureShape& shape, int height, int width, std::size_t n = 5) {
  Images images(shape, n);
  for (std::size_t i = 0; i < n; ++i) {
    const int top = (shape.height - height) / 2 + (i == 1 && height < shape.height ? 1 : 0);
    const int left = (shape.width - width) / 2;
    for (int y = top; y < top + height; ++y) {
      for (int x = left; x < left + width; ++x) {
        const auto at = static_cast<std::size_t>((y * shape.width + x) * shape.channels);
        images[i][at] = 200;
      }
    }
  }
  return images;
}

void expect_extent(const Images& images, double extent) {
  const PictureStyle style = measure_style(images);
  EXPECT_EQ(style.kind, PictureStyle::Kind::cut_out);
  EXPECT_DOUBLE_EQ(style.extent, extent);
}

TEST(MeasureStyle, FindsCutOutObjectsAndTheirExtent) {
  expect_extent(rectangles({28, 28, 1}, 20, 12), 20.0 / 28);
  expect_extent(rectangles({28, 28, 1}, 28, 10), 1);
  expect_extent(rectangles({16, 32, 3}, 8, 12), 12.0 / 16);
  expect_extent(rectangles({16, 32, 3}, 10, 24), 1);
  expect_extent(rectangles({28, 28, 1}, 20, 12, 1), 20.0 / 28);
}

TEST(MeasureStyle, TakesABlankPictureOrTwoForWhatTheyAre) {
  Images images = rectangles({28, 28, 1}, 20, 12);
  images.append(Images({28, 28, 1}, 3));
  expect_extent(images, 20.0 / 28);
  images.append(Images({28, 28, 1}, 3));
  EXPECT_EQ(measure_style(images), PictureStyle{});
}

TEST(MeasureStyle, CallsOtherPicturesResized) {
  Images noise({12, 12, 3}, 20);
  Random random(1);
  for (std::uint8_t& pixel : noise.pixels()) pixel = static_cast<std::uint8_t>(random.below(256));
  EXPECT_EQ(measure_style(noise), PictureStyle{});

  Images on_white = rectangles({28, 28, 1}, 20, 12);
  for (std::uint8_t& pixel : on_white.pixels()) pixel = static_cast<std::uint8_t>(255 - pixel);
  EXPECT_EQ(measure_style(on_white), PictureStyle{});

  Images stars({20, 20, 1}, 5);  // light dots on black, no object
  for (std::size_t i = 0; i < stars.size(); ++i) {
    for (std::size_t at = 42 + i; at < 380; at += 23) stars[i][at] = 255;
  }
  EXPECT_EQ(measure_style(stars), PictureStyle{});
  EXPECT_EQ(measure_style(Images({28, 28, 1}, 3)), PictureStyle{});
  EXPECT_EQ(measure_style({}), PictureStyle{});
  EXPECT_EQ(measure_style(Images({1, 1, 1}, {200, 255, 190})), PictureStyle{});
}

}  // namespace
}  // namespace thimble
