// A small bitmap font, for captions on pictures.

#pragma once

#include <string_view>

#include "imaging/codec.hpp"

namespace thimble::font {

inline constexpr int kGlyphWidth = 5;
inline constexpr int kAdvance = 6;      ///< from one letter to the next
inline constexpr int kCapHeight = 7;    ///< of capitals and digits
inline constexpr int kLineHeight = 11;  ///< from one line to the next

/// Characters that draw_text draws for UTF-8 `text`.
int character_count(std::string_view text);

/// Width in pixels at scale 1.
int text_width(std::string_view text);

/// The first `count` characters.
std::string_view first_characters(std::string_view text, int count);

/// Draws one line of UTF-8 text into an RGB picture, its capitals' top left corner at (y, x), each
/// dot scale x scale pixels. Accented Latin letters lose their accents, what else is not ASCII
/// becomes '?'. What does not fit on the picture is cut off.
void draw_text(Picture& canvas, int y, int x, std::string_view text, Color color, int scale = 1);

}  // namespace thimble::font
