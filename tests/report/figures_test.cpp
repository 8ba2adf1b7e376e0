#include "report/figures.hpp"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "report/drawing/script_engine.hpp"
#include "report/drawing/svg_raster.hpp"
#include "report/web_folder.hpp"

namespace thimble::report {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Draws a red square; counts its calls, so that a second engine would be seen.
constexpr const char* kSquare = R"(
  var calls = 0;
  globalThis.renderFigure = function (json) {
    var request = JSON.parse(json);
    ++calls;
    return '<svg xmlns="http://www.w3.org/2000/svg" width="' + request.width + '" height="' +
      request.height + '" viewBox="0 0 ' + request.width + ' ' + request.height + '"><title>' +
      request.block.title + ' ' + calls + '</title><rect width="10" height="10" fill="#f00"/></svg>';
  };)";

Chart chart(const std::string& id) {
  Chart one;
  one.id = id;
  one.title = "Grün";
  one.series = {{.name = "a", .y = {1, 2}}};
  return one;
}

Report report_with_figures() {
  Report report;
  const PictureIndex picture = report.pictures.add(Picture(PictureShape{4, 4, 1}));
  PictureCell cell{.picture = picture, .caption = "one", .tone = PictureCell::Tone::wrong};
  report.sections.push_back({"section",
                             "S",
                             "F.",
                             {chart("first"), SideBySide{{chart("second")}},
                              PictureSheet{"sheet", "Sheet", {{"", {cell}}}},
                              Confusion{"matrix", "M", {"a", "b"}, {1, 2, 3, 4}, {}}}});
  return report;
}

TEST(Figures, AreFilesOfWhatThePageDraws) {
  WebFolder web;
  web.add("figures.js", kSquare);
  const TemporaryFolder folder;
  const fs::path target = folder / "deep" / "figures";
  const std::vector<fs::path> files = write_figures(target, report_with_figures());
  EXPECT_THAT(files, ElementsAre(target / "first.svg", target / "first.png", target / "second.svg",
                                 target / "second.png", target / "sheet.png", target / "matrix.svg",
                                 target / "matrix.png"));
  EXPECT_THAT(read_text(target / "second.svg"), HasSubstr("<title>Grün 2</title>"));
  const Picture drawn = read_picture(target / "first.png");
  EXPECT_EQ(drawn.shape, (PictureShape{1000, 1600, 3}));
  const auto pixel = [&](std::size_t y, std::size_t x) {
    const std::uint8_t* p = drawn.pixels.data() + (y * 1600 + x) * 3;
    return std::vector<int>(p, p + 3);
  };
  EXPECT_THAT(pixel(19, 19), ElementsAre(255, 0, 0));
  EXPECT_THAT(pixel(20, 20), ElementsAre(255, 255, 255));
}

TEST(Figures, NothingIsWrittenIfOneFails) {
  WebFolder web;
  web.add("figures.js",
          "function renderFigure(json) {"
          "  if (JSON.parse(json).block.type === 'confusion') throw new Error('too hard');"
          "  return '<svg xmlns=\"http://www.w3.org/2000/svg\"/>'; }");
  const TemporaryFolder folder;
  EXPECT_THAT(message_of<Error>([&] { write_figures(folder / "figures", report_with_figures()); }),
              AllOf(HasSubstr("figures.js"), HasSubstr("too hard")));
  EXPECT_FALSE(fs::exists(folder / "figures"));
}

TEST(Figures, AFolderThatCannotBeMadeIsSaid) {
  const TemporaryFolder folder;
  write_text(folder / "file", "");
  EXPECT_THAT(message_of<FileError>([&] { write_figures(folder / "file" / "figures", Report()); }),
              HasSubstr("file/figures: cannot make this folder"));
}

TEST(ScriptEngine, SaysWhatIsWrong) {
  EXPECT_THAT(message_of<Error>([] { ScriptEngine("var = 1;", "some.js"); }),
              AllOf(HasSubstr("some.js"), HasSubstr("SyntaxError")));
  ScriptEngine engine("function number() { return 1; } function deep() { return 1 + deep(); }",
                      "x.js");
  EXPECT_THAT(message_of<Error>([&] { engine.call("missing", ""); }), HasSubstr("not callable"));
  EXPECT_THAT(message_of<Error>([&] { engine.call("number", ""); }), HasSubstr("string"));
  EXPECT_THAT(message_of<Error>([&] { engine.call("deep", ""); }), HasSubstr("RangeError"));
}

TEST(SvgRaster, RefusesWhatIsDamaged) {
  EXPECT_THAT(message_of<Error>([] { draw_svg("<svg", 10, 10, 1); }), HasSubstr("SVG"));
}

}  // namespace
}  // namespace thimble::report
