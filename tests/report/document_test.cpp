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

Chart parallel_chart() {
  Chart chart;
  chart.id = "trials";
  chart.kind = Chart::Kind::parallel;
  chart.parallel = ParallelLines{
      {{{.title = "rate", .scale = Axis::Scale::log}, "not used"}, {{.title = "accuracy"}}},
      {{"Trial 1", {0.1, 0.9}, 1}, {"Trial 2", {kNan, kNan}, kNan}},
      0};
  return chart;
}

TEST(Document, WritesParallelCoordinates) {
  const json block = to_json(Block(parallel_chart()));
  EXPECT_EQ(block.at("kind"), "parallel");
  const json& parallel = block.at("parallel");
  EXPECT_EQ(parallel.at("axes")[0].at("axis").at("scale"), "log");
  EXPECT_EQ(parallel.at("axes")[0].at("absent"), "not used");
  EXPECT_EQ(parallel.at("lines"), json::parse(R"([
    {"name": "Trial 1", "values": [0.1, 0.9], "shade": 1.0},
    {"name": "Trial 2", "values": [null, null], "shade": null}])"));
  EXPECT_EQ(parallel.at("marked"), 0);
}

TEST(Document, WritesCode) {
  EXPECT_EQ(to_json(Block(Code{"recipe", "R", "r.toml", "a = 1\n"})), json::parse(R"({
    "type": "code", "id": "recipe", "title": "R", "file_name": "r.toml", "text": "a = 1\n"})"));
}

TEST(Document, RefusesLinesThatDoNotSuitTheAxes) {
  Chart chart = parallel_chart();
  chart.parallel->lines[1].values.pop_back();
  EXPECT_THAT(refusal({chart}), HasSubstr("chart 'trials', line 'Trial 2': 1 values, expected 2"));
  chart = parallel_chart();
  chart.parallel->marked = 2;
  EXPECT_THAT(refusal({chart}), HasSubstr("line 2 is marked, but there are 2"));
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
  EXPECT_THAT(refusal({Code{"first", "", "", ""}}), HasSubstr("id 'first' used twice"));
}

}  // namespace
}  // namespace thimble::report
