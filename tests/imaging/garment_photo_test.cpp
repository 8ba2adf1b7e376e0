#include "imaging/garment_photo.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/random.hpp"
#include "temporary_folder.hpp"

namespace thimble {
namespace {

using ::testing::HasSubstr;

constexpr PictureShape kShape{28, 28, 1};

struct Rgb {
  double red, green, blue;
};

/// Something like a jacket, in [0, 1] x [0, 1]: its brightness, or nothing outside of it.
double jacket(double x, double y) {
  constexpr double kNothing = -1;
  const double middle = std::abs(x - 0.5);
  if (y < 0 || y >= 1 || middle >= 0.39) return kNothing;
  if (middle >= 0.25) return y < 0.6 ? 90 : kNothing;  // sleeves
  if (y < 0.06 && middle < 0.1) return kNothing;       // neck
  if (middle < 0.015) return 20;                       // zip
  return y > 0.5 && middle < 0.2 && middle > 0.05 ? 140 : 60;
}

struct Photo {
  int height = 240;
  int width = 240;
  double side = 160;  ///< of the jacket's square
  double left = 40;
  double top = 40;
  std::function<Rgb(double x, double y)> background = [](double, double) -> Rgb {
    return {255, 255, 255};
  };
  double lighter = 0;  ///< brightness added to the jacket
  Rgb tint = {0, 0, 0};
  bool transparent = false;
};

/// Each pixel is the mean of 2 x 2 places.
Picture take(const Photo& photo) {
  constexpr int kPlaces = 2;
  Picture picture({photo.height, photo.width, photo.transparent ? 4 : 3});
  std::uint8_t* out = picture.pixels.data();
  for (int y = 0; y < photo.height; ++y) {
    for (int x = 0; x < photo.width; ++x) {
      double sums[3] = {};
      int covered = 0;
      for (int place = 0; place < kPlaces * kPlaces; ++place) {
        const double px = x + (place % kPlaces + 0.5) / kPlaces;
        const double py = y + (place / kPlaces + 0.5) / kPlaces;
        const double luma = jacket((px - photo.left) / photo.side, (py - photo.top) / photo.side);
        const bool inside = luma >= 0;
        covered += inside ? 1 : 0;
        if (!inside && photo.transparent) continue;
        const double level = luma + photo.lighter;
        const Rgb color =
            inside ? Rgb{level + photo.tint.red, level + photo.tint.green, level + photo.tint.blue}
                   : photo.background(px, py);
        sums[0] += color.red;
        sums[1] += color.green;
        sums[2] += color.blue;
      }
      const int counted = photo.transparent ? covered : kPlaces * kPlaces;
      for (const double sum : sums) {
        *out++ = static_cast<std::uint8_t>(counted == 0 ? 0 : sum / counted + 0.5);
      }
      if (photo.transparent)
        *out++ = static_cast<std::uint8_t>(255 * covered / (kPlaces * kPlaces));
    }
  }
  return picture;
}

PreparedPicture prepare(const Picture& picture) { return prepare_garment_photo(picture, kShape); }

PreparedPicture prepare(const Photo& photo) { return prepare(take(photo)); }

double mean_difference(const Picture& a, const Picture& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) sum += std::abs(a.pixels[i] - b.pixels[i]);
  return sum / static_cast<double>(a.pixels.size());
}

std::uint8_t at(const Picture& picture, int y, int x) {
  return picture.pixels[static_cast<std::size_t>(y * picture.shape.width + x)];
}

struct Margins {
  int left, top, right, bottom;
};

Margins margins(const Picture& picture) {
  Margins found{28, 28, 28, 28};
  for (int y = 0; y < 28; ++y) {
    for (int x = 0; x < 28; ++x) {
      if (at(picture, y, x) <= 16) continue;
      found = {std::min(found.left, x), std::min(found.top, y), std::min(found.right, 27 - x),
               std::min(found.bottom, 27 - y)};
    }
  }
  return found;
}

TEST(GarmentPhoto, FillsThePictureInTheMiddleOnBlack) {
  const PreparedPicture prepared = prepare(Photo{});
  EXPECT_FALSE(prepared.unchanged);
  EXPECT_EQ(prepared.notice, "");
  ASSERT_EQ(prepared.picture.shape, kShape);
  const Margins found = margins(prepared.picture);
  // 0.78 as wide as high: 22 of 28 pixels.
  EXPECT_EQ(found.top, 0);
  EXPECT_EQ(found.bottom, 0);
  EXPECT_EQ(found.left, 3);
  EXPECT_EQ(found.right, 3);
  EXPECT_EQ(std::ranges::max(prepared.picture.pixels), 255);
  EXPECT_EQ(at(prepared.picture, 27, 4), 0) << "below the sleeve";
  // Darker cloth is lighter in the data set.
  EXPECT_GT(at(prepared.picture, 10, 9), at(prepared.picture, 20, 11) + 40);
}

TEST(GarmentPhoto, ComesOutAlikeFromAnyBackground) {
  const Picture white = prepare(Photo{}).picture;
  const auto expect_alike = [&](const char* what, const Photo& photo, double most = 6) {
    const PreparedPicture prepared = prepare(photo);
    EXPECT_LE(mean_difference(prepared.picture, white), most) << what;
    EXPECT_EQ(prepared.notice, "") << what;
  };
  const auto plain = [](double level) {
    return [level](double, double) -> Rgb { return {level, level, level}; };
  };
  expect_alike("grey", {.background = plain(200)});
  expect_alike("dark grey", {.background = plain(100), .tint = {30, -20, 0}}, 8);
  expect_alike("black", {.background = plain(3), .tint = {20, -10, 0}}, 8);
  expect_alike("blue, light from the left", {.background = [](double x, double) -> Rgb {
                 return {120 + x / 4, 150 + x / 4, 190 + x / 4};
               }});
  expect_alike("dark corners", {.background = [](double x, double y) -> Rgb {
                 const double off = std::hypot(x - 120, y - 120) / 170;
                 const double level = 250 - 60 * off * off;
                 return {level, level, level - 10};
               }});
  expect_alike("transparent", {.transparent = true});
  expect_alike("small, in a corner",
               {.height = 500, .width = 400, .side = 170, .left = 10, .top = 310});
  expect_alike("a frame", {.background = [](double x, double y) -> Rgb {
                 const bool inside = x > 7 && y > 7 && x < 233 && y < 233;
                 return inside ? Rgb{255, 255, 255} : Rgb{30, 60, 90};
               }});
  expect_alike("large", {.height = 600, .width = 800, .side = 500, .left = 200, .top = 50});
}

TEST(GarmentPhoto, LightOnDarkComesOutLightOnBlack) {
  const Photo photo{.background = [](double, double) -> Rgb {
                      return {40, 35, 30};
                    },
                    .lighter = 100};
  const Picture prepared = prepare(photo).picture;
  EXPECT_EQ(at(prepared, 0, 0), 0);
  EXPECT_EQ(at(prepared, 26, 2), 0);
  EXPECT_GT(at(prepared, 10, 9), 150);

  // Hardly anything darker than white about it.
  Picture shirt({120, 100, 3}, std::vector<std::uint8_t>(36'000, 40));
  for (std::size_t y = 20; y < 100; ++y) {
    for (std::size_t x = 30; x < 70; ++x) {
      const std::uint8_t level = x == 50 ? 200 : 250;
      std::fill_n(shirt.pixels.begin() + static_cast<std::ptrdiff_t>(3 * (y * 100 + x)), 2, level);
    }
  }
  EXPECT_GT(at(prepare(shirt).picture, 10, 9), 50);
}

TEST(GarmentPhoto, PicturesInTheDataSetsStylePassUntouched) {
  Picture own(kShape);
  for (int y = 3; y < 25; ++y) {
    for (int x = 8; x < 20; ++x) {
      own.pixels[static_cast<std::size_t>(y * 28 + x)] = static_cast<std::uint8_t>(60 + 7 * y);
    }
  }
  for (const Picture& spelled : {own, to_rgb(own)}) {
    const PreparedPicture prepared = prepare(spelled);
    EXPECT_TRUE(prepared.unchanged);
    EXPECT_EQ(prepared.picture, own);
  }
  Picture opaque({28, 28, 4});
  for (std::size_t i = 0; i < own.pixels.size(); ++i) {
    std::fill_n(opaque.pixels.begin() + static_cast<std::ptrdiff_t>(4 * i), 3, own.pixels[i]);
    opaque.pixels[4 * i + 3] = 255;
  }
  EXPECT_EQ(prepare(opaque).picture, own);
  EXPECT_TRUE(prepare(opaque).unchanged);

  Picture negative = own;
  for (std::uint8_t& value : negative.pixels) value = static_cast<std::uint8_t>(255 - value);
  EXPECT_FALSE(prepare(negative).unchanged);
}

TEST(GarmentPhoto, AnEnlargedPictureOfTheDataSetKeepsItsPolarity) {
  Picture enlarged({140, 140, 1});
  for (int y = 0; y < 140; ++y) {
    for (int x = 40; x < 100; ++x) {
      enlarged.pixels[static_cast<std::size_t>(y * 140 + x)] = y < 70 ? 240 : 120;
    }
  }
  const Picture prepared = prepare(enlarged).picture;
  EXPECT_GT(at(prepared, 6, 14), 215);
  EXPECT_LT(at(prepared, 20, 14), 150);
  EXPECT_GT(at(prepared, 20, 14), 90);
  EXPECT_EQ(at(prepared, 20, 4), 0);
}

TEST(GarmentPhoto, PartsStayTogetherAndSpecksAreDropped) {
  Picture photo({200, 300, 1}, std::vector<std::uint8_t>(60'000, 255));
  const auto draw = [&](int left, int top, int right, int bottom) {
    for (int y = top; y < bottom; ++y) {
      for (int x = left; x < right; ++x) photo.pixels[static_cast<std::size_t>(y * 300 + x)] = 50;
    }
  };
  draw(50, 120, 250, 140);  // sole
  draw(100, 60, 110, 115);  // straps, apart from it
  draw(180, 60, 190, 115);
  draw(10, 10, 13, 13);  // dust
  const Picture prepared = prepare(photo).picture;
  const Margins found = margins(prepared);
  EXPECT_EQ(found.left, 0);
  EXPECT_EQ(found.right, 0);
  EXPECT_NEAR(found.top, 8, 1);  // 80 of 200 pixels high
  EXPECT_NEAR(found.bottom, 8, 1);
}

TEST(GarmentPhoto, SaysWhenNothingStandsOut) {
  const Picture blank({100, 120, 3}, std::vector<std::uint8_t>(36'000, 180));
  EXPECT_EQ(prepare(blank).notice, "No object stands out from the background.");
  EXPECT_EQ(prepare(blank).picture, Picture(kShape));
  EXPECT_EQ(prepare(Picture({64, 64, 4})).notice, "No object stands out from the background.");
  EXPECT_THAT(prepare(Picture({1, 1, 1})).notice, HasSubstr("No object"));
}

TEST(GarmentPhoto, TakesAnySizeAndExtent) {
  Random random(7);
  for (const int channels : {1, 3, 4}) {
    for (const auto& [height, width] :
         {std::pair{1, 1}, {1, 500}, {500, 1}, {2, 3}, {28, 28}, {27, 28}, {257, 3}, {300, 299}}) {
      Picture photo({height, width, channels});
      for (std::uint8_t& value : photo.pixels) value = static_cast<std::uint8_t>(random.bits());
      for (const PictureShape shape : {kShape, PictureShape{1, 1, 1}, PictureShape{9, 32, 3}}) {
        for (const double extent : {0.01, 20.0 / 28, 1.0}) {
          EXPECT_EQ(prepare_garment_photo(photo, shape, extent).picture.shape, shape);
        }
      }
    }
  }
}

TEST(GarmentPhoto, TheExtentLeavesAMargin) {
  const Picture prepared = prepare_garment_photo(take({}), kShape, 20.0 / 28).picture;
  const Margins found = margins(prepared);
  EXPECT_EQ(found.top, 4);
  EXPECT_EQ(found.bottom, 4);
}

TEST(GarmentPhoto, KeepsColoursForAModelOfColours) {
  const Picture prepared =
      prepare_garment_photo(take({.lighter = 60, .tint = {40, 0, -40}}), {28, 28, 3}).picture;
  const std::uint8_t* pixel = prepared.pixels.data() + (10 * 28 + 9) * 3;
  EXPECT_NEAR(pixel[0], 160, 12);
  EXPECT_NEAR(pixel[1], 120, 12);
  EXPECT_NEAR(pixel[2], 80, 12);
  EXPECT_EQ(prepared.pixels[0], 0);
}

TEST(GarmentPhoto, RefusesShapesThatMakeNoSense) {
  EXPECT_THROW(prepare(Picture{}), ShapeError);
  EXPECT_THROW(prepare_garment_photo(take({}), {28, 28, 4}), ShapeError);
  EXPECT_THROW(prepare_garment_photo(take({}), {0, 28, 1}), ShapeError);
  EXPECT_THROW(prepare_garment_photo(take({}), kShape, 0), ShapeError);
  EXPECT_THROW(prepare_garment_photo(take({}), kShape, 1.5), ShapeError);
}

}  // namespace
}  // namespace thimble
