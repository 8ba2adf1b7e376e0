#include "report/report_text.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

#include "base/text.hpp"

namespace thimble::report {
namespace {

/// Characters, not bytes, of UTF-8 text.
std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

/// The words of `text` in lines of at most `width` characters, each after `indent` spaces.
std::string wrapped(std::string_view text, std::size_t width, std::size_t indent) {
  std::string lines;
  std::size_t column = 0;
  for (const std::string& word : split(text, ' ')) {
    if (column > 0 && column + 1 + characters(word) > width) {
      lines += '\n';
      column = 0;
    }
    if (column == 0) {
      lines += std::string(indent, ' ');
      column = indent;
    } else {
      lines += ' ';
      ++column;
    }
    lines += word;
    column += characters(word);
  }
  return lines + "\n";
}

std::string formatted(double value, Column::Format format) {
  if (!std::isfinite(value)) return "";
  switch (format) {
    case Column::Format::integer:
      return fmt::format("{}{}", value < 0 ? "-" : "",
                         format_count(static_cast<std::uint64_t>(std::llround(std::abs(value)))));
    case Column::Format::percent:
      return fmt::format("{:.1f} %", 100 * value);
    case Column::Format::seconds:
      return format_duration(value);
    case Column::Format::bytes:
      return format_bytes(static_cast<std::uint64_t>(std::max(0.0, value)));
    case Column::Format::decimal:
    case Column::Format::text:
      break;
  }
  return fmt::format("{:.{}f}", value, std::abs(value) >= 10 ? 1 : 3);
}

std::string shown(const Cell& cell, Column::Format format) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  if (const auto* number = std::get_if<double>(&cell)) return formatted(*number, format);
  return "";
}

/// One column of a table, as it is printed.
struct TextColumn {
  std::vector<std::string> cells;  ///< the title first
  std::size_t width = 0;
  bool numbers = false;
};

/// Without a width if there is nothing to print: pictures.
TextColumn text_column(const Table& table, std::size_t index, std::size_t rows) {
  TextColumn column;
  column.cells.push_back(table.columns[index].title);
  bool any = false;
  for (std::size_t row = 0; row < rows; ++row) {
    const Cell& cell = table.rows[row][index];
    column.numbers = column.numbers || std::holds_alternative<double>(cell);
    column.cells.push_back(shown(cell, table.columns[index].format));
    any = any || !column.cells.back().empty();
  }
  if (!any) return {};
  for (const std::string& cell : column.cells) {
    column.width = std::max(column.width, characters(cell));
  }
  return column;
}

std::string table_text(const Table& table, const ReportTextOptions& options) {
  constexpr std::size_t kGap = 2;
  const std::size_t rows = std::min(table.rows.size(), options.table_rows);
  std::vector<TextColumn> columns;
  std::size_t used = 0;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    TextColumn column = text_column(table, i, rows);
    if (column.width == 0) continue;
    if (used + kGap + column.width > options.width) break;
    used += kGap + column.width;
    columns.push_back(std::move(column));
  }
  if (columns.empty()) return "";
  std::string text;
  for (std::size_t row = 0; row <= rows; ++row) {
    std::string line;
    for (const TextColumn& column : columns) {
      const std::string& cell = column.cells[row];
      const std::string padding(column.width - characters(cell), ' ');
      line += std::string(kGap, ' ') + (column.numbers ? padding + cell : cell + padding);
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  if (rows < table.rows.size()) {
    text += fmt::format("  and {} more rows\n", format_count(table.rows.size() - rows));
  }
  return text;
}

std::string facts_text(const Facts& facts, const ReportTextOptions& options) {
  std::size_t labels = 0;
  for (const Fact& fact : facts.facts) labels = std::max(labels, characters(fact.label));
  std::string text;
  for (const Fact& fact : facts.facts) {
    const std::string line = fmt::format(
        "  {}{}  {}", fact.label, std::string(labels - characters(fact.label), ' '), fact.value);
    const bool fits = characters(line) + characters(fact.note) + 2 <= options.width;
    text += line;
    if (!fact.note.empty() && fits) text += fmt::format("  {}", fact.note);
    text += '\n';
  }
  return text;
}

std::string block_text(const Block& block, const ReportTextOptions& options) {
  if (const auto* facts = std::get_if<Facts>(&block)) return facts_text(*facts, options);
  if (const auto* table = std::get_if<Table>(&block)) return table_text(*table, options);
  std::string text;
  if (const auto* row = std::get_if<SideBySide>(&block)) {
    for (const Block& one : row->blocks) text += block_text(one, options);
  }
  return text;
}

}  // namespace

std::string to_text(const Report& report, const ReportTextOptions& options) {
  std::string text = report.title + "\n";
  if (!report.lead.empty()) text += wrapped(report.lead, options.width, 0);
  for (const Section& section : report.sections) {
    text += "\n" + section.title + "\n" + wrapped(section.finding, options.width, 2);
    for (const Block& block : section.blocks) {
      const std::string more = block_text(block, options);
      if (!more.empty()) text += "\n" + more;
    }
  }
  return text;
}

}  // namespace thimble::report
