#include <zlib.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/error.hpp"
#include "imaging/codec.hpp"
#include "imaging/sample_pictures.hpp"
#include "temporary_folder.hpp"

namespace thimble {
namespace {

using ::testing::HasSubstr;

Picture decode(std::span<const std::byte> bytes) { return decode_picture(bytes, "test"); }

RC_GTEST_PROP(Png, DecodesWhatItEncodes, ()) {
  const Picture picture = *any_picture(*rc::gen::element(1, 3, 4));
  RC_ASSERT(decode(encode_png(picture)) == picture);
}

RC_GTEST_PROP(Png, Interlacing, ()) {
  const Picture picture = *any_picture(3);
  PngSpec spec{.height = picture.shape.height,
               .width = picture.shape.width,
               .color_type = PNG_COLOR_TYPE_RGB};
  spec.interlaced = true;
  RC_ASSERT(decode(make_png(spec, picture.pixels)) == picture);
}

TEST(Png, PaletteBecomesRgb) {
  PngSpec spec{.height = 1, .width = 3, .color_type = PNG_COLOR_TYPE_PALETTE, .bit_depth = 2};
  spec.palette = {{255, 0, 0}, {0, 255, 0}, {1, 2, 3}};
  // Indices 2, 0, 1 of two bits each.
  EXPECT_EQ(decode(make_png(spec, {0b10000100})),
            Picture({1, 3, 3}, {1, 2, 3, 255, 0, 0, 0, 255, 0}));
}

TEST(Png, PaletteWithTransparencyBecomesRgba) {
  PngSpec spec{.height = 1, .width = 2, .color_type = PNG_COLOR_TYPE_PALETTE};
  spec.palette = {{255, 0, 0}, {0, 255, 0}};
  spec.palette_alpha = {77};
  EXPECT_EQ(decode(make_png(spec, {0, 1})), Picture({1, 2, 4}, {255, 0, 0, 77, 0, 255, 0, 255}));
}

TEST(Png, AnIndexOutsideThePaletteIsNoCrash) {
  PngSpec spec{.height = 1, .width = 2, .color_type = PNG_COLOR_TYPE_PALETTE};
  spec.palette = {{255, 0, 0}, {0, 255, 0}};
  const auto bytes = make_png(spec, {0, 200});
  EXPECT_EQ(decode(bytes).pixels.size(), 6u);
}

TEST(Png, SixteenBitsAreRoundedToEight) {
  PngSpec spec{.height = 1, .width = 4, .color_type = PNG_COLOR_TYPE_GRAY, .bit_depth = 16};
  // 0, 128 (rounds to 0), 129 (to 1), 65535; 257 stands for one step of 8 bits.
  EXPECT_EQ(decode(make_png(spec, {0, 0, 0, 128, 0, 129, 255, 255})),
            Picture({1, 4, 1}, {0, 0, 1, 255}));
}

TEST(Png, FewBitsAreStretched) {
  PngSpec one{.height = 2, .width = 3, .color_type = PNG_COLOR_TYPE_GRAY, .bit_depth = 1};
  EXPECT_EQ(decode(make_png(one, {0b10100000, 0b01000000})),
            Picture({2, 3, 1}, {255, 0, 255, 0, 255, 0}));
  PngSpec four{.height = 1, .width = 2, .color_type = PNG_COLOR_TYPE_GRAY, .bit_depth = 4};
  EXPECT_EQ(decode(make_png(four, {0x3F})), Picture({1, 2, 1}, {0x33, 255}));
}

TEST(Png, GreyWithAlphaBecomesRgba) {
  PngSpec spec{.height = 1, .width = 2, .color_type = PNG_COLOR_TYPE_GRAY_ALPHA};
  EXPECT_EQ(decode(make_png(spec, {9, 255, 8, 0})), Picture({1, 2, 4}, {9, 9, 9, 255, 8, 8, 8, 0}));
}

TEST(Png, TheTransparentGreyBecomesRgba) {
  const png_color_16 nothing{.index = 0, .red = 0, .green = 0, .blue = 0, .gray = 7};
  PngSpec spec{.height = 1, .width = 2, .color_type = PNG_COLOR_TYPE_GRAY};
  spec.transparent = &nothing;
  EXPECT_EQ(decode(make_png(spec, {7, 8})), Picture({1, 2, 4}, {7, 7, 7, 0, 8, 8, 8, 255}));
}

TEST(Png, ALyingHeaderIsRefusedBeforeMemoryIsReserved) {
  // 2^31 - 1 pixels on each side would be 4 EB.
  auto bytes = encode_png(Picture({1, 1, 1}));
  for (const std::size_t side : {16u, 20u}) {
    bytes[side] = std::byte{0x7F};
    for (std::size_t i = 1; i < 4; ++i) bytes[side + i] = std::byte{0xFF};
  }
  const std::uint32_t sum =
      static_cast<std::uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(bytes.data() + 12), 17));
  for (std::size_t i = 0; i < 4; ++i) bytes[29 + i] = static_cast<std::byte>(sum >> (24 - 8 * i));
  EXPECT_THAT(message_of<DataError>([&] { decode(bytes); }),
              HasSubstr("test: 2147483647x2147483647 pixels, expected at most 20,000 on a side"));
}

}  // namespace
}  // namespace thimble
