#include "imaging/resize.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numeric>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "imaging/sample_pictures.hpp"

namespace thimble {
namespace {

rc::Gen<ResizeFilter> any_filter() {
  return rc::gen::element(ResizeFilter::area, ResizeFilter::bilinear, ResizeFilter::lanczos);
}

RC_GTEST_PROP(Resize, AConstantPictureStaysConstant, (std::uint8_t value)) {
  const PictureShape shape{*rc::gen::inRange(1, 60), *rc::gen::inRange(1, 60),
                           *rc::gen::element(1, 3)};
  const Picture picture(shape, std::vector<std::uint8_t>(shape.size(), value));
  const Picture resized =
      resize(picture, *rc::gen::inRange(1, 60), *rc::gen::inRange(1, 60), *any_filter());
  for (const auto pixel : resized.pixels) RC_ASSERT(pixel == value);
}

RC_GTEST_PROP(Resize, MirroringCommutes, ()) {
  const auto mirrored = [](Picture picture) {
    const auto row = static_cast<std::ptrdiff_t>(picture.shape.width);
    for (auto at = picture.pixels.begin(); at != picture.pixels.end(); at += row) {
      std::reverse(at, at + row);
    }
    return picture;
  };
  const Picture picture = *any_picture(1);
  const int height = *rc::gen::inRange(1, 40);
  const int width = *rc::gen::inRange(1, 40);
  const ResizeFilter filter = *any_filter();
  // One level for sums in another order.
  RC_ASSERT(largest_difference(resize(mirrored(picture), height, width, filter),
                               mirrored(resize(picture, height, width, filter))) <= 1);
}

RC_GTEST_PROP(Resize, AreaIsTheMeanOfTheAreaCovered, ()) {
  const Picture picture = *any_picture(1);
  const int height = *rc::gen::inRange(1, picture.shape.height + 1);
  const int width = *rc::gen::inRange(1, picture.shape.width + 1);
  const Picture resized = resize(picture, height, width, ResizeFilter::area);
  const double step_y = static_cast<double>(picture.shape.height) / height;
  const double step_x = static_cast<double>(picture.shape.width) / width;
  const auto common = [](int pixel, double begin, double end) {
    return std::max(0.0, std::min(pixel + 1.0, end) - std::max<double>(pixel, begin));
  };
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      double sum = 0;
      for (int v = 0; v < picture.shape.height; ++v) {
        for (int u = 0; u < picture.shape.width; ++u) {
          sum += common(v, y * step_y, (y + 1) * step_y) * common(u, x * step_x, (x + 1) * step_x) *
                 picture.pixels[static_cast<std::size_t>(v * picture.shape.width + u)];
        }
      }
      const double mean = sum / (step_y * step_x);
      RC_ASSERT(std::abs(resized.pixels[static_cast<std::size_t>(y * width + x)] - mean) < 0.51);
    }
  }
}

TEST(Resize, BilinearGivesPyTorchsValues) {
  std::ifstream file(std::string(THIMBLE_TEST_DATA) + "/imaging_resize.json");
  const auto reference = nlohmann::json::parse(file);
  for (const auto& entry : reference.at("cases")) {
    const std::vector<int> from = entry.at("from");
    const std::vector<int> to = entry.at("to");
    const std::vector<double> expected = entry.at("expected");
    const Picture picture({from[0], from[1], from[2]}, entry.at("pixels"));
    const Picture resized = resize(picture, to[0], to[1], ResizeFilter::bilinear);
    ASSERT_EQ(resized.pixels.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      ASSERT_NEAR(resized.pixels[i], expected[i], 0.51) << "value " << i;
    }
  }
}

TEST(Resize, LanczosKeepsMoreContrastThanBilinear) {
  Picture stripes({1, 96, 1});
  for (std::size_t x = 0; x < 96; ++x) stripes.pixels[x] = x / 6 % 2 == 0 ? 64 : 192;
  const auto contrast = [&](ResizeFilter filter) {
    const Picture small = resize(stripes, 1, 24, filter);
    const auto [least, most] = std::ranges::minmax(small.pixels);
    return most - least;
  };
  EXPECT_GT(contrast(ResizeFilter::lanczos), contrast(ResizeFilter::bilinear) + 10);
}

TEST(Resize, EnlargingByAWholeFactorRepeatsPixelsWithArea) {
  const Picture picture({1, 2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(resize(picture, 2, 4, ResizeFilter::area),
            Picture({2, 4, 3}, {1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6,  //
                                1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6}));
}

TEST(Resize, HiddenColoursDoNotShow) {
  // Half green and opaque, half red and invisible.
  Picture picture({8, 8, 4});
  for (std::size_t i = 0; i < 64; ++i) {
    const bool visible = i % 8 < 4;
    picture.pixels[4 * i] = visible ? 0 : 255;
    picture.pixels[4 * i + 1] = visible ? 200 : 0;
    picture.pixels[4 * i + 3] = visible ? 255 : 0;
  }
  const Picture small = resize(picture, 3, 3, ResizeFilter::area);
  for (std::size_t i = 0; i < 9; ++i) {
    EXPECT_EQ(small.pixels[4 * i], 0);
    EXPECT_EQ(small.pixels[4 * i + 1], i % 3 == 2 ? 0 : 200);
  }
  EXPECT_EQ(small.pixels[7], 128);
}

TEST(Resize, RefusesEmptySizes) {
  EXPECT_THROW(resize(Picture({2, 2, 1}), 0, 2), ShapeError);
  EXPECT_THROW(resize(Picture({2, 2, 1}), 2, -1), ShapeError);
  EXPECT_THROW(resize(Picture(), 2, 2), ShapeError);
}

RC_GTEST_PROP(FitTo, WhatFitsStaysAsItIs, ()) {
  const Picture picture = *any_picture(*rc::gen::element(1, 3));
  RC_ASSERT(fit_to(picture, picture.shape) == picture);
}

TEST(FitTo, ChangesColoursAndSize) {
  const Picture rgb = gradient_picture({56, 40, 3});
  EXPECT_EQ(fit_to(rgb, {28, 28, 1}).shape, (PictureShape{28, 28, 1}));
  EXPECT_EQ(fit_to(rgb, {56, 40, 1}), to_grey(rgb));
  EXPECT_EQ(fit_to(to_grey(rgb), {56, 40, 3}), to_rgb(to_grey(rgb)));
  const Picture hidden({4, 4, 4});
  EXPECT_EQ(fit_to(hidden, {2, 2, 1}), Picture({2, 2, 1}, {255, 255, 255, 255}));
  EXPECT_EQ(fit_to(hidden, {1, 1, 3}, {1, 2, 3}), Picture({1, 1, 3}, {1, 2, 3}));
  EXPECT_THROW(fit_to(rgb, {28, 28, 4}), ShapeError);
}

}  // namespace
}  // namespace thimble
