#include "imaging/images.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "temporary_folder.hpp"

namespace thimble {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Images, NamesShapes) {
  EXPECT_EQ(to_string(PictureShape{28, 20, 1}), "28x20 grey");
  EXPECT_EQ(to_string(PictureShape{32, 32, 3}), "32x32 RGB");
}

TEST(Images, HoldsPicturesInOneBlock) {
  Images images({1, 2, 1}, {1, 2, 3, 4, 5, 6});
  ASSERT_EQ(images.size(), 3u);
  EXPECT_THAT(images[1], ElementsAre(3, 4));
  images[1][0] = 9;
  EXPECT_THAT(images.pixels(), ElementsAre(1, 2, 9, 4, 5, 6));
}

TEST(Images, RefusesALeftOver) {
  EXPECT_THAT(message_of<ShapeError>([] {
                Images({2, 2, 1}, {1, 2, 3, 4, 5});
              }),
              HasSubstr("5 pixel values, expected a multiple of 4 (2x2 grey)"));
  EXPECT_THROW(Images({0, 0, 1}, std::vector<std::uint8_t>{1}), ShapeError);
}

TEST(Images, SelectsInOrder) {
  const Images images({1, 1, 1}, {10, 20, 30});
  const std::size_t indices[] = {2, 0, 2};
  EXPECT_THAT(images.select(indices).pixels(), ElementsAre(30, 10, 30));
  EXPECT_EQ(images.select({}).size(), 0u);
  EXPECT_EQ(images.select({}).shape(), images.shape());
}

TEST(Images, AppendsEqualShapes) {
  Images images;
  images.append(Images({1, 2, 1}, {1, 2}));
  images.append(std::vector<std::uint8_t>{3, 4});
  images.append(Images());
  EXPECT_EQ(images.size(), 2u);
  EXPECT_THAT(images.pixels(), ElementsAre(1, 2, 3, 4));
  EXPECT_THROW(images.append(Images({2, 1, 1}, 1)), ShapeError);
  EXPECT_THROW(images.append(std::vector<std::uint8_t>{3}), ShapeError);
}

}  // namespace
}  // namespace thimble
