#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/error.hpp"
#include "imaging/codec.hpp"
#include "imaging/sample_pictures.hpp"
#include "temporary_folder.hpp"

namespace thimble {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// What quality 95 may change in a soft picture.
constexpr int kLoss = 12;

Picture decode(std::span<const std::byte> bytes) { return decode_picture(bytes, "test"); }

TEST(Jpeg, GreyRgbAndProgressive) {
  const Picture grey = gradient_picture({40, 30, 1});
  const Picture rgb = gradient_picture({40, 30, 3});
  EXPECT_LE(largest_difference(decode(make_jpeg(grey)), grey), kLoss);
  EXPECT_LE(largest_difference(decode(make_jpeg(rgb)), rgb), kLoss);
  EXPECT_LE(largest_difference(decode(make_jpeg(rgb, {.progressive = true})), rgb), kLoss);
}

TEST(Jpeg, CmykBecomesRgb) {
  // All of cyan and a fifth of black ink: no red, four fifths of green and blue.
  Picture ink({16, 16, 4});
  Picture adobe({16, 16, 4});
  Picture expected({16, 16, 3});
  for (std::size_t i = 0; i < 256; ++i) {
    ink.pixels[4 * i] = 255;
    ink.pixels[4 * i + 3] = 51;
    // Adobe's programs store the light that is left.
    for (std::size_t c = 0; c < 4; ++c) {
      adobe.pixels[4 * i + c] = static_cast<std::uint8_t>(255 - ink.pixels[4 * i + c]);
    }
    expected.pixels[3 * i + 1] = expected.pixels[3 * i + 2] = 204;
  }
  EXPECT_LE(largest_difference(decode(make_jpeg(ink, {.adobe = false})), expected), 3);
  EXPECT_LE(largest_difference(decode(make_jpeg(adobe, {.adobe = true})), expected), 3);
}

/// A photo with a light spot in its top left corner, taken with the camera turned.
TEST(Jpeg, EveryOrientationIsTurnedUpright) {
  // Where the corner at the stored picture's top left is in the upright one (EXIF 2.32, 4.6.4).
  struct Corner {
    bool bottom;
    bool right;
  };
  const Corner corners[] = {{false, false}, {false, true}, {true, true}, {true, false},
                            {false, false}, {false, true}, {true, true}, {true, false}};
  Picture stored({32, 48, 1});
  for (std::size_t y = 0; y < 8; ++y) {
    for (std::size_t x = 0; x < 8; ++x) stored.pixels[y * 48 + x] = 250;
  }
  for (int orientation = 1; orientation <= 8; ++orientation) {
    for (const bool little_endian : {false, true}) {
      const Picture upright =
          decode(make_jpeg(stored, {.exif = exif_with_orientation(orientation, little_endian)}));
      const bool swapped = orientation >= 5;
      ASSERT_EQ(upright.shape, (PictureShape{swapped ? 48 : 32, swapped ? 32 : 48, 1}));
      const Corner corner = corners[orientation - 1];
      for (const bool bottom : {false, true}) {
        for (const bool right : {false, true}) {
          const int y = bottom ? upright.shape.height - 3 : 2;
          const int x = right ? upright.shape.width - 3 : 2;
          const int value = upright.pixels[static_cast<std::size_t>(y * upright.shape.width + x)];
          if (bottom == corner.bottom && right == corner.right) {
            EXPECT_GT(value, 200) << "orientation " << orientation;
          } else {
            EXPECT_LT(value, 50) << "orientation " << orientation;
          }
        }
      }
    }
  }
}

TEST(Jpeg, ComesOutSmallerWhereThatIsEnough) {
  const Picture rgb = gradient_picture({400, 300, 3});
  const auto decode_to = [](const Picture& picture, int edge, const JpegSpec& spec = {}) {
    return decode_picture(make_jpeg(picture, spec), "test", {.enough_edge = edge});
  };
  EXPECT_EQ(decode_to(rgb, 401).shape, rgb.shape);
  EXPECT_EQ(decode_to(rgb, 201).shape, rgb.shape);
  EXPECT_EQ(decode_to(rgb, 200).shape, (PictureShape{200, 150, 3}));
  EXPECT_EQ(decode_to(rgb, 100).shape, (PictureShape{100, 75, 3}));
  EXPECT_EQ(decode_to(rgb, 1).shape, (PictureShape{50, 38, 3}));
  EXPECT_EQ(decode_to(rgb, 100, {.progressive = true}).shape, (PictureShape{100, 75, 3}));
  EXPECT_LE(largest_difference(decode_to(rgb, 100), gradient_picture({100, 75, 3})), 8);
  const Picture grey = gradient_picture({320, 320, 1});
  EXPECT_LE(largest_difference(decode_to(grey, 40), gradient_picture({40, 40, 1})), 12);
  const Picture ink({160, 160, 4});
  EXPECT_EQ(decode_to(ink, 40).shape, (PictureShape{40, 40, 3}));
  const Picture turned = decode_to(rgb, 100, {.exif = exif_with_orientation(6, true)});
  EXPECT_EQ(turned.shape, (PictureShape{75, 100, 3}));
}

/// A header alone: were anything decoded, or room for it made, the missing rest would be named.
TEST(Jpeg, RefusesAFloodOfPixelsByItsHeader) {
  auto bytes = make_jpeg(gradient_picture({16, 16, 3}));
  for (std::size_t i = 0; i + 8 < bytes.size(); ++i) {
    if (bytes[i] != std::byte{0xFF} || bytes[i + 1] != std::byte{0xC0}) continue;
    for (std::size_t k = 5; k < 9; ++k) bytes[i + k] = std::byte{0xFA};
    bytes.resize(bytes.size() - 40);
    break;
  }
  DecodeLimits limits;
  limits.max_dimension = 65535;
  limits.enough_edge = 8;
  EXPECT_THAT(message_of<DataError>([&] { decode_picture(bytes, "test", limits); }),
              AllOf(HasSubstr("64250x64250 pixels"), HasSubstr("expected at most 40,000,000")));
}

TEST(Jpeg, OrientationsThatMakeNoSenseAreIgnored) {
  const Picture stored = gradient_picture({16, 24, 1});
  for (const int orientation : {0, 9, 200}) {
    EXPECT_EQ(decode(make_jpeg(stored, {.exif = exif_with_orientation(orientation, true)})).shape,
              stored.shape);
  }
}

RC_GTEST_PROP(Jpeg, AnyExifIsNoCrash, (const std::vector<std::uint8_t>& rest)) {
  auto exif = exif_with_orientation(6, *rc::gen::arbitrary<bool>());
  exif.resize(*rc::gen::inRange<std::size_t>(6, exif.size() + 1));
  exif.insert(exif.end(), rest.begin(), rest.end());
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
    exif[*rc::gen::inRange<std::size_t>(6, exif.size())] = *rc::gen::arbitrary<std::uint8_t>();
    if (exif.size() == 6) break;
  }
  const Picture picture = decode(make_jpeg(gradient_picture({8, 9, 1}), {.exif = exif}));
  RC_ASSERT(picture.pixels.size() == 72u);
}

TEST(Jpeg, DamageInTheMiddleIsRefused) {
  auto bytes = make_jpeg(gradient_picture({64, 64, 3}));
  bytes.erase(bytes.begin() + static_cast<std::ptrdiff_t>(bytes.size() * 3 / 4), bytes.end() - 2);
  EXPECT_THAT(message_of<DataError>([&] { decode(bytes); }),
              AllOf(HasSubstr("test: damaged JPEG"), HasSubstr("premature end")));
}

TEST(Jpeg, RefusesAFloodOfScans) {
  // The last scan of a progressive picture, over and over.
  auto bytes = make_jpeg(gradient_picture({16, 16, 1}), {.progressive = true});
  std::size_t last_scan = 0;
  for (std::size_t i = 0; i + 1 < bytes.size(); ++i) {
    if (bytes[i] == std::byte{0xFF} && bytes[i + 1] == std::byte{0xDA}) last_scan = i;
  }
  const std::vector<std::byte> scan(bytes.begin() + static_cast<std::ptrdiff_t>(last_scan),
                                    bytes.end() - 2);
  for (int i = 0; i < 200; ++i) bytes.insert(bytes.end() - 2, scan.begin(), scan.end());
  EXPECT_THAT(message_of<DataError>([&] { decode(bytes); }), HasSubstr("damaged JPEG"));
}

}  // namespace
}  // namespace thimble
