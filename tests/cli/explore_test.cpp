// `thimble explore`, end to end on small drawn data.

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/run_program.hpp"
#include "temporary_folder.hpp"

namespace thimble {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kData = "synthetic:train=60,test=20";

/// Page files that stand for the built ones.
class Explore : public ::testing::Test {
 protected:
  Explore() {
    write_text(web_ / "report.js", "show();");
    write_text(web_ / "report.css", "");
    write_text(web_ / "figures.js",
               "function renderFigure() {"
               "  return '<svg xmlns=\"http://www.w3.org/2000/svg\"/>'; }");
    setenv("THIMBLE_WEB", web_.path().c_str(), 1);
  }
  ~Explore() override { unsetenv("THIMBLE_WEB"); }

  TemporaryFolder web_;
  TemporaryFolder folder_;
};

TEST_F(Explore, PrintsFindingsAndWritesOnePage) {
  const Outcome outcome = run_thimble(folder_.path(), {"explore", kData, "--json", "found.json"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("80 grey pictures of 28 x 28 pixels in 10 classes"),
                    HasSubstr("A map of the pictures"), HasSubstr("explore-synthetic.html")));
  std::istringstream lines(outcome.out);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100u) << line;
  EXPECT_THAT(read_text(folder_ / "explore-synthetic.html"),
              AllOf(HasSubstr("synthetic explored"), HasSubstr("<script>show();")));
  const json found = json::parse(read_text(folder_ / "found.json"));
  EXPECT_EQ(found.at("statistics").at("overall").at("pictures"), 60);
  EXPECT_EQ(found.at("map").at("points").size(), 60u);
  EXPECT_TRUE(found.at("labels").is_null());
  EXPECT_EQ(found.at("data").at("test").at("split"), "test");
}

TEST_F(Explore, JudgesLabelsAndDrawsFiguresWhereAsked) {
  const Outcome outcome = run_thimble(
      folder_.path(), {"explore", kData, "--report", "page.html", "--figures", "figures",
                       "--label-model", "nearest-centroid", "--no-map", "--quiet"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, IsEmpty());
  EXPECT_THAT(read_text(folder_ / "page.html"), HasSubstr("Suspicious labels"));
  EXPECT_TRUE(fs::exists(folder_ / "figures" / "class-counts.svg"));
  EXPECT_TRUE(fs::exists(folder_ / "figures" / "class-samples.png"));
  EXPECT_FALSE(fs::exists(folder_ / "figures" / "map-tsne.svg"));
}

TEST_F(Explore, RefusesTargetsBeforeTheWork) {
  write_text(folder_ / "file", "");
  for (const std::vector<std::string>& wrong :
       {std::vector<std::string>{"--report", "missing/page.html"},
        {"--json", "missing/found.json"},
        {"--figures", "file/figures"}}) {
    std::vector<std::string> arguments = {"explore", kData};
    arguments.insert(arguments.end(), wrong.begin(), wrong.end());
    const Outcome outcome = run_thimble(folder_.path(), arguments);
    EXPECT_EQ(outcome.status, 1);
    EXPECT_THAT(outcome.err, HasSubstr(wrong[1]));
    EXPECT_THAT(outcome.out, IsEmpty());
  }
  EXPECT_FALSE(fs::exists(folder_ / "explore-synthetic.html"));
}

TEST_F(Explore, SaysWhichFilesOfThePageAreMissing) {
  fs::remove(web_ / "report.js");
  const Outcome outcome = run_thimble(folder_.path(), {"explore", kData});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("report.js"), HasSubstr("unset")));
}

TEST_F(Explore, LeavesNothingWhenTheDiskIsFull) {
  const Outcome outcome = run_thimble(folder_.path(), {"explore", kData, "--no-map"}, 4096);
  EXPECT_EQ(outcome.status, 1);
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

}  // namespace
}  // namespace thimble
