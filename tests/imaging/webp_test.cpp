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

RC_GTEST_PROP(Webp, LosslessRgbIsExact, ()) {
  const Picture picture = *any_picture(3);
  RC_ASSERT(decode(make_webp(picture)) == picture);
}

RC_GTEST_PROP(Webp, LosslessRgbaIsExact, ()) {
  Picture picture = *any_picture(4);
  // Without any transparency the format forgets that there was a fourth channel.
  picture.pixels[3] = 100;
  RC_ASSERT(decode(make_webp(picture)) == picture);
}

TEST(Webp, Lossy) {
  const Picture picture = gradient_picture({40, 30, 3});
  EXPECT_LE(largest_difference(decode(make_webp(picture, false)), picture), 12);
}

TEST(Webp, RefusesAnimations) {
  // An extended header (VP8X) with the animation flag, 16x16 pixels.
  const std::vector<std::uint8_t> bytes{'R', 'I', 'F', 'F', 22,  0,   0,  0,  'W', 'E',
                                        'B', 'P', 'V', 'P', '8', 'X', 10, 0,  0,   0,
                                        2,   0,   0,   0,   15,  0,   0,  15, 0,   0};
  EXPECT_THAT(message_of<DataError>([&] { decode(to_bytes(bytes)); }), HasSubstr("animated WebP"));
}

}  // namespace
}  // namespace thimble
