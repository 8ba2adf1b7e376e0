#include "report/document.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <span>

#include <fmt/format.h>

#include "base/error.hpp"

namespace thimble::report {
namespace {

using nlohmann::json;

/// The word of an enumerator, by its number.
template <typename Enum, std::size_t N>
const char* word(Enum value, const std::array<const char*, N>& words) {
  return words.at(static_cast<std::size_t>(value));
}

constexpr std::array<const char*, 6> kFormats{"text",    "integer", "decimal",
                                              "percent", "seconds", "bytes"};
constexpr std::array<const char*, 3> kScales{"linear", "log", "category"};
constexpr std::array<const char*, 5> kStyles{"line", "dashed", "step", "points", "faint"};
constexpr std::array<const char*, 3> kReferences{"horizontal", "vertical", "diagonal"};
constexpr std::array<const char*, 5> kKinds{"lines", "bars", "points", "heatmap", "parallel"};
constexpr std::array<const char*, 3> kTones{"plain", "right", "wrong"};

/// JSON has no number for "not a number"; the page takes null for a gap.
json finite_or_null(double value) { return std::isfinite(value) ? json(value) : json(); }

json numbers(std::span<const double> values) {
  json list = json::array();
  for (const double value : values) {
    list.push_back(finite_or_null(value));
  }
  return list;
}

json number_or_null(const std::optional<double>& value) { return value ? json(*value) : json(); }

json indices(std::span<const PictureIndex> pictures) {
  json list = json::array();
  for (const PictureIndex picture : pictures) list.push_back(static_cast<std::uint32_t>(picture));
  return list;
}

json cell_json(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  if (const auto* number = std::get_if<double>(&cell)) {
    return finite_or_null(*number);
  }
  if (const auto* picture = std::get_if<PictureIndex>(&cell)) {
    return {{"picture", static_cast<std::uint32_t>(*picture)}};
  }
  return nullptr;
}

void require_size(std::size_t found, std::size_t expected, const std::string& what) {
  if (found == expected) return;
  throw ShapeError(fmt::format("{}: {} values, expected {}", what, found, expected));
}

void require_size_or_none(std::size_t found, std::size_t expected, const std::string& what) {
  if (found != 0) require_size(found, expected, what);
}

json axis_json(const Axis& axis) {
  return {{"title", axis.title},
          {"unit", axis.unit},
          {"scale", word(axis.scale, kScales)},
          {"categories", axis.categories},
          {"min", number_or_null(axis.min)},
          {"max", number_or_null(axis.max)}};
}

json series_json(const Series& series, const std::string& place) {
  const std::size_t n = series.y.size();
  require_size_or_none(series.x.size(), n, place + ", x");
  require_size_or_none(series.low.size(), n, place + ", low");
  require_size_or_none(series.high.size(), n, place + ", high");
  require_size_or_none(series.labels.size(), n, place + ", labels");
  require_size_or_none(series.pictures.size(), n, place + ", pictures");
  return {{"name", series.name},          {"x", numbers(series.x)},
          {"y", numbers(series.y)},       {"low", numbers(series.low)},
          {"high", numbers(series.high)}, {"style", word(series.style, kStyles)},
          {"labels", series.labels},      {"pictures", indices(series.pictures)}};
}

json grid_json(const Grid& grid, const std::string& place) {
  require_size(grid.values.size(), grid.width * grid.height, place + ", grid");
  return {{"width", grid.width},    {"height", grid.height}, {"values", numbers(grid.values)},
          {"title", grid.title},    {"unit", grid.unit},     {"diverging", grid.diverging},
          {"numbers", grid.numbers}};
}

json parallel_json(const ParallelLines& parallel, const std::string& place) {
  json axes = json::array();
  for (const ParallelLines::Dimension& one : parallel.axes) {
    axes.push_back({{"axis", axis_json(one.axis)}, {"absent", one.absent}});
  }
  json lines = json::array();
  for (const ParallelLines::Line& line : parallel.lines) {
    require_size(line.values.size(), parallel.axes.size(),
                 fmt::format("{}, line '{}'", place, line.name));
    lines.push_back({{"name", line.name},
                     {"values", numbers(line.values)},
                     {"shade", finite_or_null(line.shade)}});
  }
  json marked;
  if (parallel.marked) {
    if (*parallel.marked >= parallel.lines.size()) {
      throw ShapeError(fmt::format("{}: line {} is marked, but there are {}", place,
                                   *parallel.marked, parallel.lines.size()));
    }
    marked = *parallel.marked;
  }
  return {{"axes", axes}, {"lines", lines}, {"marked", marked}};
}

json picture_json(const PictureCell& cell) {
  return {{"picture", static_cast<std::uint32_t>(cell.picture)},
          {"caption", cell.caption},
          {"tone", word(cell.tone, kTones)},
          {"detail", cell.detail}};
}

json pictures_json(std::span<const PictureCell> cells) {
  json list = json::array();
  for (const PictureCell& cell : cells) list.push_back(picture_json(cell));
  return list;
}

json block_json(const Paragraph& paragraph) {
  return {{"type", "paragraph"}, {"text", paragraph.text}};
}

json block_json(const Facts& facts) {
  json list = json::array();
  for (const Fact& fact : facts.facts) {
    list.push_back({{"label", fact.label}, {"value", fact.value}, {"note", fact.note}});
  }
  return {{"type", "facts"}, {"facts", list}};
}

json block_json(const Table& table) {
  json columns = json::array();
  for (const Column& column : table.columns) {
    columns.push_back({{"title", column.title}, {"format", word(column.format, kFormats)}});
  }
  json rows = json::array();
  for (const std::vector<Cell>& row : table.rows) {
    require_size(row.size(), table.columns.size(), fmt::format("table '{}'", table.caption));
    json cells = json::array();
    for (const Cell& cell : row) cells.push_back(cell_json(cell));
    rows.push_back(std::move(cells));
  }
  return {{"type", "table"}, {"caption", table.caption}, {"columns", columns}, {"rows", rows}};
}

json block_json(const Chart& chart) {
  const std::string place = fmt::format("chart '{}'", chart.id);
  json series = json::array();
  for (const Series& one : chart.series) {
    series.push_back(series_json(one, fmt::format("{}, series '{}'", place, one.name)));
  }
  json references = json::array();
  for (const ReferenceLine& line : chart.references) {
    references.push_back(
        {{"kind", word(line.kind, kReferences)}, {"at", line.at}, {"label", line.label}});
  }
  return {{"type", "chart"},
          {"id", chart.id},
          {"title", chart.title},
          {"description", chart.description},
          {"kind", word(chart.kind, kKinds)},
          {"x", axis_json(chart.x)},
          {"y", axis_json(chart.y)},
          {"series", series},
          {"grid", chart.grid ? grid_json(*chart.grid, place) : json()},
          {"parallel", chart.parallel ? parallel_json(*chart.parallel, place) : json()},
          {"references", references},
          {"stacked", chart.stacked},
          {"horizontal", chart.horizontal},
          {"pannable", chart.pannable},
          {"show_labels", chart.show_labels}};
}

json block_json(const PictureSheet& sheet) {
  json groups = json::array();
  for (const PictureGroup& group : sheet.groups) {
    groups.push_back({{"title", group.title}, {"cells", pictures_json(group.cells)}});
  }
  return {{"type", "pictures"}, {"id", sheet.id}, {"title", sheet.title}, {"groups", groups}};
}

json block_json(const Confusion& confusion) {
  const std::size_t cells = confusion.classes.size() * confusion.classes.size();
  const std::string place = fmt::format("confusion matrix '{}'", confusion.id);
  require_size(confusion.counts.size(), cells, place + ", counts");
  require_size_or_none(confusion.pictures.size(), cells, place + ", pictures");
  json pictures = json::array();
  for (const std::vector<PictureCell>& cell : confusion.pictures) {
    pictures.push_back(pictures_json(cell));
  }
  return {{"type", "confusion"},          {"id", confusion.id},         {"title", confusion.title},
          {"classes", confusion.classes}, {"counts", confusion.counts}, {"pictures", pictures}};
}

json block_json(const Code& code) {
  return {{"type", "code"},
          {"id", code.id},
          {"title", code.title},
          {"file_name", code.file_name},
          {"text", code.text}};
}

json block_json(const SideBySide& row) {
  json blocks = json::array();
  for (const Block& block : row.blocks) blocks.push_back(to_json(block));
  return {{"type", "side-by-side"}, {"blocks", blocks}};
}

/// What must be true of a report as a whole.
class Checker {
 public:
  explicit Checker(std::size_t pictures) : pictures_(pictures) {}

  void check(const Section& section) {
    take_id(section.id);
    for (const Block& block : section.blocks) check(block);
  }

 private:
  void take_id(const std::string& id) {
    const bool plain = !id.empty() && std::all_of(id.begin(), id.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
    if (!plain) {
      throw UsageError(
          fmt::format("report: id '{}', expected lower-case letters, digits and hyphens", id));
    }
    if (!ids_.insert(id).second) throw UsageError(fmt::format("report: id '{}' used twice", id));
  }

  void take(PictureIndex picture) const {
    if (static_cast<std::size_t>(picture) < pictures_) return;
    throw ShapeError(fmt::format("report: picture {}, but the atlas has {}",
                                 static_cast<std::size_t>(picture), pictures_));
  }

  void check(const Block& block) {
    std::visit([this](const auto& one) { check(one); }, block);
  }
  void check(const Paragraph&) {}
  void check(const Facts&) {}
  void check(const Table& table) {
    for (const std::vector<Cell>& row : table.rows) {
      for (const Cell& cell : row) {
        if (const auto* picture = std::get_if<PictureIndex>(&cell)) take(*picture);
      }
    }
  }
  void check(const Chart& chart) {
    take_id(chart.id);
    for (const Series& series : chart.series) {
      for (const PictureIndex picture : series.pictures) take(picture);
    }
  }
  void check(const PictureSheet& sheet) {
    take_id(sheet.id);
    for (const PictureGroup& group : sheet.groups) {
      for (const PictureCell& cell : group.cells) take(cell.picture);
    }
  }
  void check(const Confusion& confusion) {
    take_id(confusion.id);
    for (const std::vector<PictureCell>& cells : confusion.pictures) {
      for (const PictureCell& cell : cells) take(cell.picture);
    }
  }
  void check(const Code& code) { take_id(code.id); }
  void check(const SideBySide& row) {
    for (const Block& block : row.blocks) check(block);
  }

  std::size_t pictures_;
  std::set<std::string> ids_;
};

}  // namespace

nlohmann::json to_json(const Block& block) {
  return std::visit([](const auto& one) { return block_json(one); }, block);
}

nlohmann::json to_json(const Report& report) {
  Checker checker(report.pictures.size());
  json sections = json::array();
  for (const Section& section : report.sections) {
    checker.check(section);
    json blocks = json::array();
    for (const Block& block : section.blocks) blocks.push_back(to_json(block));
    sections.push_back({{"id", section.id},
                        {"title", section.title},
                        {"finding", section.finding},
                        {"blocks", blocks}});
  }
  return {{"title", report.title},
          {"lead", report.lead},
          {"notes", report.notes},
          {"sections", sections},
          {"atlas", report.pictures.to_json()}};
}

}  // namespace thimble::report
