#include "imaging/font.hpp"

#include <set>
#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace thimble::font {
namespace {

Picture drawn(std::string_view text, int scale = 1) {
  Picture canvas({8 * scale, kAdvance * scale * 4, 3});
  draw_text(canvas, 0, 0, text, kWhite, scale);
  return canvas;
}

TEST(Font, EveryCharacterLooksDifferent) {
  std::set<std::string> seen;
  for (char c = ' '; c <= '~'; ++c) {
    const Picture letter = drawn({&c, 1});
    seen.emplace(letter.pixels.begin(), letter.pixels.end());
  }
  EXPECT_EQ(seen.size(), 95u);
}

TEST(Font, LettersBeyondAsciiHaveAStandIn) {
  EXPECT_EQ(drawn("\xc3\xb6"), drawn("o"));      // o with diaeresis
  EXPECT_EQ(drawn("\xc3\x89"), drawn("E"));      // E with acute
  EXPECT_EQ(drawn("\xe2\x82\xac"), drawn("?"));  // euro sign
  EXPECT_EQ(drawn("\xff\n"), drawn("??"));       // neither UTF-8 nor printable
}

TEST(Font, CountsCharactersNotBytes) {
  EXPECT_EQ(character_count("R\xc3\xb6"
                            "cke"),
            5);
  EXPECT_EQ(text_width("abc"), 17);
  EXPECT_EQ(text_width(""), 0);
  EXPECT_EQ(first_characters("\xc3\xb6xy", 2), "\xc3\xb6x");
  EXPECT_EQ(first_characters("ab", 5), "ab");
}

TEST(Font, ScaleMakesSquares) {
  const Picture once = drawn("g7");
  const Picture thrice = drawn("g7", 3);
  for (int y = 0; y < thrice.shape.height; ++y) {
    for (int x = 0; x < thrice.shape.width; ++x) {
      ASSERT_EQ(thrice.pixels[static_cast<std::size_t>(y * thrice.shape.width + x) * 3],
                once.pixels[static_cast<std::size_t>(y / 3 * once.shape.width + x / 3) * 3]);
    }
  }
}

RC_GTEST_PROP(Font, AnyTextAnywhereIsNoCrash, (const std::string& text)) {
  Picture canvas({10, 20, 3});
  draw_text(canvas, *rc::gen::inRange(-30, 30), *rc::gen::inRange(-30, 30), text, kWhite,
            *rc::gen::inRange(1, 4));
  RC_ASSERT(first_characters(text, character_count(text)) == text);
}

}  // namespace
}  // namespace thimble::font
