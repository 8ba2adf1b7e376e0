#include "report/document.hpp"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "temporary_folder.hpp"

namespace thimble::report {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Report report_of(std::vector<Block> blocks) {
  Report report;
  report.title = "A title";
  report.sections.push_back({"first", "First", "Something was found.", std::move(blocks)});
  return report;
}

std::string refusal(std::vector<Block> blocks) {
  return message_of<Error>([&] { to_json(report_of(std::move(blocks))); });
}

TEST(Document, WritesWhatThePageReads) {
  Report report = report_of({Paragraph{"Some text."}, Facts{{{"Accuracy", "94 %", "of 100"}}}});
  report.lead = "A lead.";
  report.notes = {"A note."};
  EXPECT_EQ(to_json(report), json::parse(R"({
    "title": "A title", "lead": "A lead.", "notes": ["A note."],
    "sections": [{"id": "first", "title": "First", "finding": "Something was found.", "blocks": [
      {"type": "paragraph", "text": "Some text."},
      {"type": "facts", "facts": [{"label": "Accuracy", "value": "94 %", "note": "of 100"}]}]}],
    "atlas": {"sheets": [], "places": []}})"));
}

TEST(Document, WritesCellsOfEveryKind) {
  Table table;
  table.caption = "Cells";
  table.columns = {{"Name"}, {"Share", Column::Format::percent}, {"Picture"}, {"Nothing"}, {"NaN"}};
  table.rows = {{std::string("a"), 0.5, PictureIndex{7}, Cell{}, kNan}};
  const json block = to_json(Block(table));
  EXPECT_EQ(block.at("rows"), json::parse(R"([["a", 0.5, {"picture": 7}, null, null]])"));
  EXPECT_EQ(block.at("columns")[1], json::parse(R"({"title": "Share", "format": "percent"})"));
}

TEST(Document, WritesGapsAsNull) {
  Chart chart;
  chart.id = "curve";
  chart.series = {{.name = "a", .x = {1, 2}, .y = {kNan, 3}}};
  const json block = to_json(Block(chart));
  EXPECT_EQ(block.at("series")[0].at("y"), json::parse("[null, 3.0]"));
  EXPECT_EQ(block.at("kind"), "lines");
  EXPECT_TRUE(block.at("grid").is_null());
  EXPECT_TRUE(block.at("x").at("min").is_null());
}

TEST(Document, RefusesSizesThatDoNotAgree) {
  Chart chart;
  chart.id = "curve";
  chart.series = {{.name = "loss", .x = {1}, .y = {1, 2}}};
  EXPECT_THAT(refusal({chart}), HasSubstr("chart 'curve', series 'loss', x: 1 values, expected 2"));

  Chart map;
  map.id = "map";
  map.grid = Grid{.width = 2, .height = 2, .values = {1, 2, 3}};
  EXPECT_THAT(refusal({map}), HasSubstr("chart 'map', grid: 3 values, expected 4"));

  EXPECT_THAT(refusal({Table{"T", {{"a"}}, {{1.0, 2.0}}}}), HasSubstr("table 'T'"));
  Confusion confusion{"c", "C", {"a", "b"}, {1, 2, 3}, {}};
  EXPECT_THAT(refusal({confusion}), HasSubstr("3 values, expected 4"));
}

TEST(Document, RefusesPicturesThatAreNotInTheAtlas) {
  PictureSheet sheet{"sheet", "S", {{"g", {PictureCell{.picture = PictureIndex{0}}}}}};
  EXPECT_THAT(refusal({sheet}), HasSubstr("picture 0, but the atlas has 0"));
  Report report = report_of({sheet});
  report.pictures.add(Picture(PictureShape{2, 2, 1}));
  EXPECT_NO_THROW(to_json(report));
}

TEST(Document, RefusesIdsThatAreTakenOrOdd) {
  Chart chart;
  chart.id = "first";
  EXPECT_THAT(refusal({chart}), HasSubstr("id 'first' used twice"));
  chart.id = "Second!";
  EXPECT_THAT(refusal({chart}), HasSubstr("id 'Second!', expected"));
  chart.id = "inner";
  EXPECT_THAT(refusal({SideBySide{{chart, chart}}}), HasSubstr("id 'inner' used twice"));
}

}  // namespace
}  // namespace thimble::report
