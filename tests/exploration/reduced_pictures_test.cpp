#include "exploration/reduced_pictures.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace thimble {
namespace {

TEST(ReducedPictures, GreyStaysAndColoursBecomeLuma) {
  const Images grey({1, 2, 1}, std::vector<std::uint8_t>{3, 200});
  EXPECT_TRUE(std::ranges::equal(to_grey(grey).pixels(), grey.pixels()));
  const Images rgb({1, 2, 3}, std::vector<std::uint8_t>{255, 0, 0, 9, 9, 9});
  const Images luma = to_grey(rgb);
  EXPECT_EQ(luma.shape(), (PictureShape{1, 2, 1}));
  EXPECT_EQ(luma.pixels()[0], 76);
  EXPECT_EQ(luma.pixels()[1], 9);
}

TEST(ReducedPictures, ThumbnailsAverageAreas) {
  const Images images({2, 4, 1}, std::vector<std::uint8_t>{0, 10, 100, 100, 20, 30, 200, 200});
  const Images small = thumbnails(images, 2);
  EXPECT_EQ(small.shape(), (PictureShape{1, 2, 1}));
  EXPECT_EQ(small.pixels()[0], 15);
  EXPECT_EQ(small.pixels()[1], 150);
  EXPECT_EQ(thumbnails(images, 8).shape(), images.shape());
}

TEST(ReducedPictures, ThumbnailsHaveAtMostTheValuesAsked) {
  for (const PictureShape shape : {PictureShape{1, 5000, 1}, PictureShape{5000, 1, 3},
                                   PictureShape{100, 40, 3}, PictureShape{33, 32, 1}}) {
    const PictureShape small = thumbnails(Images(shape, 1), 1024).shape();
    EXPECT_LE(small.size(), 1024u) << to_string(small);
    EXPECT_GE(small.height, 1);
    EXPECT_GE(small.width, 1);
    EXPECT_EQ(small.channels, shape.channels);
  }
}

}  // namespace
}  // namespace thimble
