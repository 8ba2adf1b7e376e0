#include "report/figures.hpp"

#include <algorithm>
#include <optional>

#include "base/atomic_file.hpp"
#include "base/folder.hpp"
#include "imaging/contact_sheet.hpp"
#include "report/drawing/script_engine.hpp"
#include "report/drawing/svg_raster.hpp"
#include "report/web_files.hpp"

namespace thimble::report {
namespace {

namespace fs = std::filesystem;

constexpr int kRasterScale = 2;  ///< pixels of a PNG to a unit of the SVG

struct Size {
  int width = 0;
  int height = 0;
};

struct File {
  std::string name;
  std::string content;
};

/// Room for a square cell for each of `cells`, and for what is written around them.
int grid_edge(std::size_t cells, int cell_edge) {
  constexpr int kAround = 190;
  return std::clamp(static_cast<int>(cells) * cell_edge + kAround, 480, 2400);
}

Size size_of(const Chart& chart) {
  if (chart.kind == Chart::Kind::heatmap) {
    const bool classes = chart.y.scale == Axis::Scale::category;
    if (!classes || !chart.grid) return {640, 580};
    return {grid_edge(chart.grid->width, 58) + 80, grid_edge(chart.grid->height, 40)};
  }
  if (chart.pannable) return {960, 860};
  if (chart.kind == Chart::Kind::parallel && chart.parallel) {
    constexpr int kBetweenAxes = 130;
    return {std::clamp(static_cast<int>(chart.parallel->axes.size()) * kBetweenAxes, 800, 2400),
            520};
  }
  if (chart.horizontal) {
    const std::size_t bars = chart.y.categories.size() *
                             std::max<std::size_t>(1, chart.stacked ? 1 : chart.series.size());
    return {800, std::clamp(static_cast<int>(bars) * 24 + 140, 300, 2400)};
  }
  return {800, 500};
}

Size size_of(const Confusion& confusion) {
  const std::size_t n = confusion.classes.size();
  return {grid_edge(n, 58), grid_edge(n, 44)};
}

std::string text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Draws one report's figures; all share one engine, which starts with the first chart.
class FigureDrawer {
 public:
  explicit FigureDrawer(const PictureAtlas& pictures) : pictures_(pictures) {}

  void draw(const Block& block) {
    std::visit([this](const auto& one) { draw(one); }, block);
  }

  const std::vector<File>& files() const { return files_; }

 private:
  void draw(const Paragraph&) {}
  void draw(const Facts&) {}
  void draw(const Table&) {}
  void draw(const Chart& chart) { draw_chart(chart.id, to_json(Block(chart)), size_of(chart)); }
  void draw(const Confusion& confusion) {
    // The pictures behind the cells are not in the figure.
    Confusion counts = confusion;
    counts.pictures.clear();
    draw_chart(confusion.id, to_json(Block(std::move(counts))), size_of(confusion));
  }
  void draw(const Code&) {}
  void draw(const SideBySide& row) {
    for (const Block& block : row.blocks) draw(block);
  }
  void draw(const PictureSheet& sheet);

  void draw_chart(const std::string& id, nlohmann::json block, const Size& size);

  const PictureAtlas& pictures_;
  std::optional<ScriptEngine> engine_;
  std::vector<File> files_;
};

void FigureDrawer::draw_chart(const std::string& id, nlohmann::json block, const Size& size) {
  if (!engine_) engine_.emplace(read_web_file("figures.js"), "figures.js");
  const nlohmann::json request = {
      {"block", std::move(block)}, {"width", size.width}, {"height", size.height}};
  std::string svg = engine_->call(
      "renderFigure", request.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  const Picture picture = draw_svg(svg, size.width, size.height, kRasterScale);
  files_.push_back({id + ".svg", std::move(svg)});
  files_.push_back({id + ".png", text_of(encode_png(picture))});
}

std::optional<Color> frame_of(PictureCell::Tone tone) {
  switch (tone) {
    case PictureCell::Tone::right:
      return kRightColor;
    case PictureCell::Tone::wrong:
      return kWrongColor;
    case PictureCell::Tone::plain:
      break;
  }
  return std::nullopt;
}

void FigureDrawer::draw(const PictureSheet& sheet) {
  constexpr int kShownEdge = 84;
  int edge = 1;
  std::vector<SheetSection> sections;
  for (const PictureGroup& group : sheet.groups) {
    SheetSection section{group.title, {}};
    for (const PictureCell& cell : group.cells) {
      const Picture& picture = pictures_[cell.picture];
      edge = std::max({edge, picture.shape.height, picture.shape.width});
      section.cells.push_back({picture, cell.caption, frame_of(cell.tone)});
    }
    sections.push_back(std::move(section));
  }
  SheetOptions options;
  options.title = sheet.title;
  options.scale = std::max(1, kShownEdge / edge);
  files_.push_back({sheet.id + ".png", text_of(encode_png(draw_contact_sheet(options, sections)))});
}

}  // namespace

std::vector<fs::path> write_figures(const fs::path& folder, const Report& report) {
  FigureDrawer drawer(report.pictures);
  for (const Section& section : report.sections) {
    for (const Block& block : section.blocks) drawer.draw(block);
  }
  make_folder(folder);
  std::vector<fs::path> written;
  for (const File& file : drawer.files()) {
    written.push_back(folder / file.name);
    write_file(written.back(), file.content);
  }
  return written;
}

}  // namespace thimble::report
