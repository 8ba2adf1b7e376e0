#include "imaging/preparation.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "imaging/garment_photo.hpp"
#include "imaging/resize.hpp"

namespace thimble {
namespace {

constexpr PictureShape kShape{28, 28, 1};

/// A dark square on white.
Picture square() {
  Picture picture({40, 60, 1}, std::vector<std::uint8_t>(2400, 255));
  for (int y = 10; y < 30; ++y) {
    for (int x = 20; x < 40; ++x) picture.pixels[static_cast<std::size_t>(y * 60 + x)] = 60;
  }
  return picture;
}

TEST(Preparation, ResizesWholePictures) {
  const PictureStyle style;
  const PreparedPicture prepared = prepare_picture(square(), kShape, style);
  EXPECT_EQ(prepared.picture, fit_to(square(), kShape));
  EXPECT_FALSE(prepared.unchanged);
  const Picture fitting = fit_to(square(), kShape);
  EXPECT_EQ(prepare_picture(fitting, kShape, style).picture, fitting);
  EXPECT_TRUE(prepare_picture(fitting, kShape, style).unchanged);
}

TEST(Preparation, CutsObjectsOut) {
  const PictureStyle style{PictureStyle::Kind::cut_out, 0.5};
  EXPECT_EQ(prepare_picture(square(), kShape, style).picture,
            prepare_garment_photo(square(), kShape, 0.5).picture);
}

TEST(Preparation, RefusesAPictureWithoutPixels) {
  EXPECT_THROW(prepare_picture(Picture{}, kShape, {}), ShapeError);
  EXPECT_THROW(prepare_picture(Picture{}, kShape, {PictureStyle::Kind::cut_out}), ShapeError);
}

}  // namespace
}  // namespace thimble
