#include "imaging/codec.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/error.hpp"
#include "imaging/sample_pictures.hpp"
#include "temporary_folder.hpp"

namespace thimble {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Picture decode(std::span<const std::byte> bytes) { return decode_picture(bytes, "test"); }

std::string refusal(std::string_view text, const DecodeLimits& limits = {}) {
  return message_of<DataError>(
      [&] { decode_picture(std::as_bytes(std::span(text)), "shoe.png", limits); });
}

TEST(Codec, RefusesOtherFormatsByName) {
  EXPECT_EQ(
      refusal("GIF89a......"),
      "shoe.png: GIF is not supported, expected PNG, JPEG or WebP; save the frame you want as "
      "PNG");
  EXPECT_EQ(refusal(std::string_view("\0\0\0\x20"
                                     "ftypheix",
                                     12)),
            "shoe.png: HEIC is not supported, expected PNG, JPEG or WebP; save it as PNG or JPEG");
  EXPECT_THAT(refusal(std::string_view("II*\0....", 8)), HasSubstr("TIFF"));
  EXPECT_THAT(refusal(std::string_view("\0\0\0\x20"
                                       "ftypavif",
                                       12)),
              HasSubstr("AVIF"));
  EXPECT_THAT(refusal("<svg xmlns="), HasSubstr("SVG"));
  EXPECT_THAT(refusal("<?xml version=\"1.0\"?>\n<svg xmlns="), HasSubstr("SVG"));
  EXPECT_THAT(refusal("BM........................"), HasSubstr("BMP"));
  EXPECT_EQ(refusal("hello"),
            "shoe.png: not a picture (begins with 68 65 6c 6c), expected PNG, JPEG or WebP");
  EXPECT_EQ(refusal(""), "shoe.png: empty, expected PNG, JPEG or WebP");
  EXPECT_THAT(refusal("\x89PNG"), HasSubstr("not a picture"));
}

TEST(Codec, RefusesWhatIsOverALimit) {
  const auto png = encode_png(Picture({30, 20, 1}));
  const auto jpeg = make_jpeg(Picture({30, 20, 3}));
  const auto webp = make_webp(Picture({30, 20, 3}));
  for (const auto& bytes : {png, jpeg, webp}) {
    const auto message = [&](const DecodeLimits& limits) {
      return message_of<DataError>([&] { decode_picture(bytes, "a", limits); });
    };
    EXPECT_NO_THROW(
        decode_picture(bytes, "a", {.max_bytes = 5000, .max_pixels = 600, .max_dimension = 30}));
    EXPECT_EQ(message({.max_pixels = 599}), "a: 20x30 pixels, expected at most 599 pixels in all");
    EXPECT_EQ(message({.max_dimension = 29}), "a: 20x30 pixels, expected at most 29 on a side");
    EXPECT_THAT(message({.max_bytes = 10}), HasSubstr("expected at most 10 B"));
  }
}

TEST(Codec, ReadsFilesAndNamesThem) {
  const TemporaryFolder folder;
  const Picture picture = gradient_picture({7, 5, 3});
  write_png(folder / "a.png", picture);
  EXPECT_EQ(read_picture(folder / "a.png"), picture);
  EXPECT_THAT(message_of<FileError>([&] { read_picture(folder / "b.png"); }),
              StartsWith((folder / "b.png").string()));
  EXPECT_THAT(message_of<DataError>([&] { read_picture(folder / "a.png", {.max_bytes = 10}); }),
              AllOf(StartsWith((folder / "a.png").string()), HasSubstr("at most 10 B")));
  write_text(folder / "c.png", read_text(folder / "a.png").substr(0, 60));
  EXPECT_THAT(message_of<DataError>([&] { read_picture(folder / "c.png"); }),
              AllOf(StartsWith((folder / "c.png").string()), HasSubstr("damaged PNG")));
}

TEST(Codec, KnowsPicturesByExtension) {
  EXPECT_TRUE(has_picture_extension("a/b.PNG"));
  EXPECT_TRUE(has_picture_extension("b.jpeg"));
  EXPECT_TRUE(has_picture_extension("b.Jpg"));
  EXPECT_TRUE(has_picture_extension("b.webp"));
  EXPECT_FALSE(has_picture_extension("b.gif"));
  EXPECT_FALSE(has_picture_extension("png"));
}

TEST(Codec, GreyIsTheLuma) {
  const Picture rgb({1, 4, 3}, {255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255});
  EXPECT_EQ(to_grey(rgb), Picture({1, 4, 1}, {76, 150, 29, 255}));
}

RC_GTEST_PROP(Codec, GreySurvivesBeingSpelledAsRgb, ()) {
  const Picture grey = *any_picture(1);
  RC_ASSERT(to_grey(to_rgb(grey)) == grey);
  RC_ASSERT(to_grey(grey) == grey);
}

TEST(Codec, TransparencyShowsTheBackground) {
  const Picture rgba({1, 3, 4}, {200, 100, 0, 255, 200, 100, 0, 0, 200, 100, 0, 128});
  EXPECT_EQ(to_rgb(rgba, {10, 20, 30}), Picture({1, 3, 3}, {200, 100, 0, 10, 20, 30, 105, 60, 15}));
  const Picture hidden({1, 1, 4}, {0, 0, 0, 0});
  EXPECT_EQ(to_grey(hidden), Picture({1, 1, 1}, {255}));
  EXPECT_EQ(to_grey(hidden, {0, 0, 0}), Picture({1, 1, 1}, {0}));
}

TEST(Codec, RefusesPicturesThatAreNone) {
  EXPECT_THROW(to_grey(Picture({2, 2, 2})), ShapeError);
  EXPECT_THROW(to_rgb(Picture({2, 2, 1}, {1, 2, 3})), ShapeError);
  EXPECT_THROW(encode_png(Picture({0, 2, 1})), ShapeError);
  EXPECT_THROW(encode_png(Picture({2, 2, 2})), ShapeError);
  EXPECT_THROW(encode_png(Picture({2, 2, 1}, {1, 2, 3})), ShapeError);
}

/// Decoding either works or is refused in words.
void check_decodes_or_refuses(std::span<const std::byte> bytes) {
  try {
    const Picture picture = decode_picture(bytes, "damaged", {.max_pixels = 1'000'000});
    RC_ASSERT(picture.pixels.size() == picture.shape.size());
    RC_ASSERT(!picture.pixels.empty());
  } catch (const DataError& error) {
    RC_ASSERT(std::string(error.what()).starts_with("damaged: "));
  }
}

std::vector<std::vector<std::byte>> one_of_each() {
  PngSpec interlaced{.height = 13, .width = 17, .color_type = PNG_COLOR_TYPE_RGB};
  interlaced.interlaced = true;
  return {encode_png(gradient_picture({13, 17, 3})),
          make_png(interlaced, gradient_picture({13, 17, 3}).pixels),
          make_jpeg(gradient_picture({19, 23, 3}), {.exif = exif_with_orientation(6, true)}),
          make_jpeg(gradient_picture({19, 23, 1}), {.progressive = true}),
          make_webp(gradient_picture({12, 9, 4})),
          make_webp(gradient_picture({21, 18, 3}), false)};
}

TEST(DamagedPictures, EveryCutIsRefused) {
  for (const auto& bytes : one_of_each()) {
    ASSERT_NO_THROW(decode(bytes));
    const Picture whole = decode(bytes);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      // From a buffer of exactly that size, so that reading over its end is noticed.
      const std::vector<std::byte> cut(bytes.begin(),
                                       bytes.begin() + static_cast<std::ptrdiff_t>(size));
      try {
        // WebP pads to an even size, and does not miss the padding.
        EXPECT_EQ(decode(cut), whole) << size << " of " << bytes.size();
        EXPECT_EQ(size + 1, bytes.size());
      } catch (const DataError&) {
      }
    }
  }
}

RC_GTEST_PROP(DamagedPictures, ChangedBytesNeverCrash, ()) {
  static const auto originals = one_of_each();
  auto bytes = *rc::gen::elementOf(originals);
  const int changes = *rc::gen::inRange(1, 12);
  for (int i = 0; i < changes; ++i) {
    const auto place = *rc::gen::inRange<std::size_t>(0, bytes.size());
    bytes[place] = static_cast<std::byte>(*rc::gen::arbitrary<std::uint8_t>());
  }
  check_decodes_or_refuses(bytes);
}

TEST(DamagedPictures, EveryChangedBitIsRefusedOrDecoded) {
  for (const auto& original : one_of_each()) {
    for (std::size_t bit = 0; bit < original.size() * 8; ++bit) {
      auto bytes = original;
      bytes[bit / 8] ^= std::byte{1} << (bit % 8);
      ASSERT_NO_FATAL_FAILURE(check_decodes_or_refuses(bytes)) << bit;
    }
  }
}

}  // namespace
}  // namespace thimble
