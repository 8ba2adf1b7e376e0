#include "imaging/contact_sheet.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "imaging/font.hpp"

namespace thimble {
namespace {

constexpr Color kInk{36, 41, 47};
constexpr Color kFaintInk{87, 96, 106};
constexpr int kMargin = 16;
constexpr int kGap = 8;          // between cells
constexpr int kCaptionGap = 4;   // between a picture and its caption
constexpr int kFrameGap = 1;     // between a picture and its frame
constexpr int kBigText = 2;      // scale of the title and of headings
constexpr int kSectionGap = 14;  // above a heading
constexpr int kFewestCharacters = 12;
constexpr std::int64_t kMostPixels = 400'000'000;

/// Sizes that all cells share.
struct Layout {
  int columns = 0;
  int scale = 1;
  int picture_width = 0;  ///< of the widest picture, scaled
  int picture_height = 0;
  int frame = 0;  ///< thickness; 0 where no cell has one
  int cell_width = 0;
  int caption_lines = 0;
  int caption_characters = 0;  ///< longer lines are cut

  int border() const { return frame == 0 ? 0 : frame + kFrameGap; }
  int cell_height() const {
    const int caption = caption_lines == 0 ? 0 : kCaptionGap + caption_lines * font::kLineHeight;
    return picture_height + 2 * border() + caption;
  }
};

Layout lay_out(const SheetOptions& options, std::span<const SheetSection> sections) {
  Layout layout;
  layout.scale = options.scale;
  int longest = 0;
  std::size_t most_cells = 0;
  for (const SheetSection& section : sections) {
    most_cells = std::max(most_cells, section.cells.size());
    for (const SheetCell& cell : section.cells) {
      layout.picture_width =
          std::max(layout.picture_width, cell.picture.shape.width * options.scale);
      layout.picture_height =
          std::max(layout.picture_height, cell.picture.shape.height * options.scale);
      if (cell.frame) layout.frame = std::max(2, options.scale);
      if (cell.caption.empty()) continue;
      const auto lines = split(cell.caption, '\n');
      layout.caption_lines = std::max(layout.caption_lines, static_cast<int>(lines.size()));
      for (const auto& line : lines) longest = std::max(longest, font::character_count(line));
    }
  }
  // A row that is not full is only as wide as its pictures.
  layout.columns = static_cast<int>(
      std::clamp<std::size_t>(most_cells, 1, static_cast<std::size_t>(options.columns)));
  const int fitting = layout.picture_width * 3 / 2 / font::kAdvance;
  layout.caption_characters = std::min(longest, std::max(fitting, kFewestCharacters));
  layout.cell_width = std::max(layout.picture_width + 2 * layout.border(),
                               layout.caption_characters * font::kAdvance);
  return layout;
}

void fill(Picture& canvas, int y, int x, int height, int width, Color color) {
  for (int row = y; row < y + height; ++row) {
    std::uint8_t* pixel =
        canvas.pixels.data() + (static_cast<std::size_t>(row) * canvas.shape.width + x) * 3;
    for (int column = 0; column < width; ++column, pixel += 3) {
      pixel[0] = color.red;
      pixel[1] = color.green;
      pixel[2] = color.blue;
    }
  }
}

/// Each pixel of `picture` as a square.
void draw_enlarged(Picture& canvas, int y, int x, const Picture& picture, int scale) {
  const std::uint8_t* pixel = picture.pixels.data();
  for (int row = 0; row < picture.shape.height; ++row) {
    for (int column = 0; column < picture.shape.width; ++column, pixel += 3) {
      fill(canvas, y + row * scale, x + column * scale, scale, scale,
           {pixel[0], pixel[1], pixel[2]});
    }
  }
}

std::string cut_to(std::string_view line, int characters) {
  if (font::character_count(line) <= characters) return std::string(line);
  return std::string(font::first_characters(line, std::max(0, characters - 2))) + "..";
}

void draw_cell(Picture& canvas, int y, int x, const SheetCell& cell, const Layout& layout,
               Color background) {
  const int width = cell.picture.shape.width * layout.scale;
  const int height = cell.picture.shape.height * layout.scale;
  const int picture_x = x + (layout.cell_width - width) / 2;
  const int picture_y = y + layout.border() + (layout.picture_height - height) / 2;
  if (cell.frame && !cell.picture.pixels.empty()) {
    const int border = layout.border();
    fill(canvas, picture_y - border, picture_x - border, height + 2 * border, width + 2 * border,
         *cell.frame);
    fill(canvas, picture_y - kFrameGap, picture_x - kFrameGap, height + 2 * kFrameGap,
         width + 2 * kFrameGap, background);
  }
  draw_enlarged(canvas, picture_y, picture_x, to_rgb(cell.picture, background), layout.scale);
  if (cell.caption.empty()) return;
  int line_y = y + layout.picture_height + 2 * layout.border() + kCaptionGap;
  for (const std::string& line : split(cell.caption, '\n')) {
    const std::string shown = cut_to(line, layout.caption_characters);
    const int line_x = x + (layout.cell_width - font::text_width(shown)) / 2;
    font::draw_text(canvas, line_y, line_x, shown, kInk);
    line_y += font::kLineHeight;
  }
}

/// Places everything from top to bottom. Without a canvas it only measures; the result is the
/// height used.
int place(const SheetOptions& options, std::span<const SheetSection> sections, const Layout& layout,
          Picture* canvas) {
  int y = kMargin;
  if (!options.title.empty()) {
    if (canvas) font::draw_text(*canvas, y, kMargin, options.title, kInk, kBigText);
    y += font::kLineHeight * kBigText + kGap;
  }
  bool first = true;
  for (const SheetSection& section : sections) {
    if (!first) y += kSectionGap;
    first = false;
    if (!section.heading.empty()) {
      if (canvas) font::draw_text(*canvas, y, kMargin, section.heading, kFaintInk);
      y += font::kLineHeight + kCaptionGap;
    }
    for (std::size_t i = 0; i < section.cells.size(); ++i) {
      const int column = static_cast<int>(i) % layout.columns;
      const int x = kMargin + column * (layout.cell_width + kGap);
      if (canvas) draw_cell(*canvas, y, x, section.cells[i], layout, options.background);
      const bool row_ends = column == layout.columns - 1 || i + 1 == section.cells.size();
      if (row_ends) y += layout.cell_height() + (i + 1 == section.cells.size() ? 0 : kGap);
    }
  }
  return y + kMargin;
}

}  // namespace

Picture draw_contact_sheet(const SheetOptions& options, std::span<const SheetSection> sections) {
  if (options.columns < 1 || options.scale < 1) {
    throw UsageError(fmt::format("picture sheet: {} columns at scale {}, expected 1 or more each",
                                 options.columns, options.scale));
  }
  const Layout layout = lay_out(options, sections);
  int width = 2 * kMargin + layout.columns * layout.cell_width + (layout.columns - 1) * kGap;
  width = std::max(width, 2 * kMargin + font::text_width(options.title) * kBigText);
  for (const SheetSection& section : sections) {
    width = std::max(width, 2 * kMargin + font::text_width(section.heading));
  }
  const int height = place(options, sections, layout, nullptr);
  if (static_cast<std::int64_t>(width) * height > kMostPixels) {
    throw UsageError(fmt::format("picture sheet: {}x{} pixels, expected at most {} in all", width,
                                 height, format_count(kMostPixels)));
  }
  Picture canvas({height, width, 3});
  fill(canvas, 0, 0, height, width, options.background);
  place(options, sections, layout, &canvas);
  return canvas;
}

Picture draw_contact_sheet(const SheetOptions& options, std::span<const SheetCell> cells) {
  const SheetSection section{"", {cells.begin(), cells.end()}};
  return draw_contact_sheet(options, std::span(&section, 1));
}

}  // namespace thimble
