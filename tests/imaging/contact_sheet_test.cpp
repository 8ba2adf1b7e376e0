#include "imaging/contact_sheet.hpp"

#include <algorithm>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/error.hpp"
#include "imaging/sample_pictures.hpp"

namespace thimble {
namespace {

Color at(const Picture& picture, int y, int x) {
  const auto* pixel =
      picture.pixels.data() + static_cast<std::size_t>(y * picture.shape.width + x) * 3;
  return {pixel[0], pixel[1], pixel[2]};
}

std::size_t count(const Picture& picture, Color color) {
  std::size_t n = 0;
  for (int y = 0; y < picture.shape.height; ++y) {
    for (int x = 0; x < picture.shape.width; ++x) n += at(picture, y, x) == color ? 1 : 0;
  }
  return n;
}

/// Colours that nothing else on a sheet has.
constexpr Color kMark{1, 2, 3};

Picture marked(int height, int width) {
  Picture picture({height, width, 3});
  for (std::size_t i = 0; i < picture.pixels.size(); i += 3) {
    picture.pixels[i] = kMark.red;
    picture.pixels[i + 1] = kMark.green;
    picture.pixels[i + 2] = kMark.blue;
  }
  return picture;
}

RC_GTEST_PROP(ContactSheet, ShowsEveryPixelOfEveryPicture, ()) {
  SheetOptions options;
  options.columns = *rc::gen::inRange(1, 6);
  options.scale = *rc::gen::inRange(1, 4);
  const bool framed = *rc::gen::arbitrary<bool>();
  std::vector<SheetSection> sections(*rc::gen::inRange<std::size_t>(0, 4));
  std::size_t pixels = 0;
  for (auto& section : sections) {
    section.heading = *rc::gen::arbitrary<std::string>();
    section.cells.resize(*rc::gen::inRange<std::size_t>(0, 8));
    for (auto& cell : section.cells) {
      cell.picture = marked(*rc::gen::inRange(1, 12), *rc::gen::inRange(1, 12));
      cell.caption = *rc::gen::arbitrary<std::string>();
      if (framed) cell.frame = kWrongColor;
      pixels += cell.picture.pixels.size() / 3;
    }
  }
  const Picture sheet = draw_contact_sheet(options, sections);
  RC_ASSERT(sheet.pixels.size() == sheet.shape.size());
  RC_ASSERT(count(sheet, kMark) == pixels * options.scale * options.scale);
}

TEST(ContactSheet, FramesAndCaptionsShow) {
  const SheetOptions options;
  const SheetCell plain{marked(28, 28), "", {}};
  SheetCell framed = plain;
  framed.frame = kRightColor;
  SheetCell captioned = plain;
  captioned.caption = "Ankle boot";
  const auto sheet = [&](const SheetCell& cell) {
    return draw_contact_sheet(options, std::span(&cell, 1));
  };
  EXPECT_EQ(count(sheet(plain), kRightColor), 0u);
  // A ring two pixels wide, one pixel away from the 56 pixels of the picture.
  EXPECT_EQ(count(sheet(framed), kRightColor), 62u * 62u - 58u * 58u);
  EXPECT_GT(sheet(captioned).shape.height, sheet(plain).shape.height);
  EXPECT_EQ(sheet(captioned).shape.width, 2 * 16 + 60);
}

TEST(ContactSheet, LongCaptionsAreCut) {
  const SheetOptions options;
  const SheetCell cell{marked(28, 28), std::string(500, 'x'), {}};
  EXPECT_LT(draw_contact_sheet(options, std::span(&cell, 1)).shape.width, 150);
}

TEST(ContactSheet, MixesGreyAndTransparentPictures) {
  const std::vector<SheetCell> cells{{Picture({2, 2, 1}), "", {}}, {Picture({3, 1, 4}), "", {}}};
  SheetOptions options;
  options.scale = 1;
  options.background = {250, 240, 230};
  const Picture sheet = draw_contact_sheet(options, cells);
  EXPECT_EQ(count(sheet, {0, 0, 0}), 4u);
  EXPECT_EQ(count(sheet, options.background), sheet.pixels.size() / 3 - 4);
}

TEST(ContactSheet, EmptySheetIsStillAPicture) {
  EXPECT_FALSE(draw_contact_sheet({}, std::span<const SheetCell>()).pixels.empty());
  EXPECT_FALSE(draw_contact_sheet({}, std::span<const SheetSection>()).pixels.empty());
}

TEST(ContactSheet, RefusesNonsense) {
  const SheetCell cell{marked(28, 28), "", {}};
  EXPECT_THROW(draw_contact_sheet({.title = "", .columns = 0}, std::span(&cell, 1)), UsageError);
  EXPECT_THROW(draw_contact_sheet({.title = "", .scale = 0}, std::span(&cell, 1)), UsageError);
  EXPECT_THROW(draw_contact_sheet({.title = "", .scale = 2000}, std::span(&cell, 1)), UsageError);
}

}  // namespace
}  // namespace thimble
