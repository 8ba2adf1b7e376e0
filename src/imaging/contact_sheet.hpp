// Many small pictures on one, to look at.

#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "imaging/codec.hpp"

namespace thimble {

/// One picture on the sheet.
struct SheetCell {
  Picture picture;             ///< grey, RGB or RGBA, any size
  std::string caption;         ///< under the picture, UTF-8; '\n' starts another line
  std::optional<Color> frame;  ///< around the picture, such as kRightColor
};

/// A group of pictures that starts on a row of its own.
struct SheetSection {
  std::string heading;  ///< above the pictures; empty: none
  std::vector<SheetCell> cells;
};

struct SheetOptions {
  std::string title;  ///< at the top; empty: none
  int columns = 10;
  int scale = 2;  ///< edge in pixels of each pixel of a picture
  Color background = kWhite;
};

inline constexpr Color kRightColor{46, 160, 67};
inline constexpr Color kWrongColor{215, 58, 73};

/// Draws the sheet as one RGB picture. Columns are as wide as the widest picture or caption;
/// captions much wider than the pictures are cut short.
/// @throws UsageError  if columns or scale is below 1, or the sheet would be over 400 million
/// pixels
Picture draw_contact_sheet(const SheetOptions& options, std::span<const SheetSection> sections);

/// A sheet of one section without a heading.
Picture draw_contact_sheet(const SheetOptions& options, std::span<const SheetCell> cells);

}  // namespace thimble
