// What a report says, apart from how it looks: sections of blocks, each a plain value.
//
// The page (web/src/document.ts has the same types) draws the blocks in a browser; figures.hpp
// draws the charts among them as files from the same definitions.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include "report/picture_atlas.hpp"

namespace thimble::report {

/// A sentence or a few; plain text.
struct Paragraph {
  std::string text;
};

/// A figure that stands out: "Accuracy", "94.12 %", "93.6 to 94.6 % with 95 % confidence".
struct Fact {
  std::string label;
  std::string value;
  std::string note = {};
};

struct Facts {
  std::vector<Fact> facts;
};

/// A cell: a string, a number (formatted by its column), a picture or nothing.
using Cell = std::variant<std::monostate, std::string, double, PictureIndex>;

struct Column {
  /// How numbers are shown; text columns ignore it.
  enum class Format {
    text,
    integer,  ///< 10,000
    decimal,  ///< 0.1234
    percent,  ///< of 1: 94.1 %
    seconds,  ///< 1.2 s, 3 min 20 s
    bytes,    ///< 1.9 MB
  };
  std::string title;
  Format format = Format::text;
};

/// A table whose rows the reader may sort by any column.
struct Table {
  std::string caption;
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;  ///< each as long as `columns`
};

struct Axis {
  enum class Scale { linear, log, category };
  std::string title;      ///< "Coverage"
  std::string unit = {};  ///< "%", "s", "nats"; empty: none
  Scale scale = Scale::linear;
  std::vector<std::string> categories = {};  ///< of a category axis
  std::optional<double> min = {};
  std::optional<double> max = {};
};

/// One line, set of bars or set of points.
struct Series {
  enum class Style {
    line,
    dashed,
    step,
    points,
    faint,  ///< a thin grey line without marks: many curves, with gaps between, behind others
  };
  std::string name;
  std::vector<double> x = {};    ///< empty on a category axis: 0, 1, 2, ...
  std::vector<double> y;         ///< not a number: a gap
  std::vector<double> low = {};  ///< of error bars, beside y; empty: none
  std::vector<double> high = {};
  Style style = Style::line;
  std::vector<std::string> labels = {};     ///< a point's name, shown beside or on hover
  std::vector<PictureIndex> pictures = {};  ///< a point's picture, shown on hover
};

/// A line across the chart to compare with: "chance", "perfectly calibrated".
struct ReferenceLine {
  enum class Kind { horizontal, vertical, diagonal };
  Kind kind = Kind::horizontal;
  double at = 0;  ///< not used by diagonal, which is y = x
  std::string label;
};

/// Values on a grid: a heat map's cells.
struct Grid {
  std::size_t width = 0;
  std::size_t height = 0;
  std::vector<double> values;  ///< [height, width], row 0 at the top; not a number: empty
  std::string title = {};      ///< what a value is: "Mutual information"
  std::string unit = {};       ///< "bits"
  bool diverging = false;      ///< zero in the middle of the colours
  bool numbers = false;        ///< write the values into the cells
};

/// Lines across axes that stand side by side, one line for each thing that has a value on each axis
/// (parallel coordinates; Inselberg, "The plane with parallel coordinates", 1985).
struct ParallelLines {
  /// An axis; beside its range there is a place for the lines that have no value on it.
  struct Dimension {
    Axis axis;
    std::string absent = {};  ///< what that place is called: "not used"
  };
  struct Line {
    std::string name;
    std::vector<double> values;  ///< [axes]; of a category its number; not a number: none
    double shade = 0;            ///< 0, pale, to 1, strong; not a number: dashed
  };
  std::vector<Dimension> axes;
  std::vector<Line> lines;                 ///< the later over the earlier ones
  std::optional<std::size_t> marked = {};  ///< the line that stands out
};

/// A figure with axes. `id` names its file when it is exported: lower case, digits and hyphens,
/// distinct within a report.
struct Chart {
  enum class Kind { lines, bars, points, heatmap, parallel };
  std::string id;
  std::string title;
  std::string description;  ///< what it shows, in words, for those who do not see it
  Kind kind = Kind::lines;
  Axis x = {};
  Axis y = {};
  std::vector<Series> series = {};             ///< of lines, bars and points
  std::optional<Grid> grid = {};               ///< of a heat map
  std::optional<ParallelLines> parallel = {};  ///< of parallel coordinates, which have no x and y
  std::vector<ReferenceLine> references = {};
  bool stacked = false;      ///< bars on top of each other
  bool horizontal = false;   ///< bars from left to right; y is the category axis
  bool pannable = false;     ///< a map: drag and zoom, no axis labels
  bool show_labels = false;  ///< write Series::labels beside the points
};

struct PictureCell {
  PictureIndex picture = {};
  std::string caption = {};  ///< "Shirt 97 %"
  enum class Tone { plain, right, wrong } tone = Tone::plain;
  std::string detail = {};  ///< more, on hover and for screen readers: "training picture 28264"
};

struct PictureGroup {
  std::string title;
  std::vector<PictureCell> cells;
};

/// Rows of pictures under headings.
struct PictureSheet {
  std::string id;  ///< as Chart::id
  std::string title;
  std::vector<PictureGroup> groups;
};

/// A confusion matrix whose cells open the pictures behind them.
struct Confusion {
  std::string id;
  std::string title;
  std::vector<std::string> classes;
  std::vector<std::uint64_t> counts;  ///< [classes, classes], rows are the true classes
  /// Pictures of a cell, most certain first; may be fewer than its count. Row-major as counts.
  std::vector<std::vector<PictureCell>> pictures;
};

/// Text as a file has it, to be read, copied or downloaded.
struct Code {
  std::string id;  ///< as Chart::id
  std::string title;
  std::string file_name;  ///< of the download: "winner.toml"
  std::string text;
};

/// Blocks side by side where there is room, one below the other where there is not.
struct SideBySide;

using Block =
    std::variant<Paragraph, Facts, Table, Chart, PictureSheet, Confusion, Code, SideBySide>;

struct SideBySide {
  std::vector<Block> blocks;
};

struct Section {
  std::string id;  ///< as Chart::id; the place that links lead to
  std::string title;
  std::string finding;  ///< one sentence: what was found
  std::vector<Block> blocks;
};

struct Report {
  std::string title;               ///< "Fashion-MNIST explored"
  std::string lead;                ///< a sentence or two under it
  std::vector<std::string> notes;  ///< provenance: data, fingerprints, program version, command
  std::vector<Section> sections;
  PictureAtlas pictures;
};

/// The report as the JSON that the page reads.
/// @throws ShapeError  if a table's row, a series or a grid does not have the size that it should,
///                     or a picture is not in the atlas
/// @throws UsageError  if two figures or sections share an id
nlohmann::json to_json(const Report& report);

/// One chart or confusion matrix as JSON, as in the report.
nlohmann::json to_json(const Block& block);

}  // namespace thimble::report
