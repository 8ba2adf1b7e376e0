// thimble evaluate --report, as a user types it.

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/run_program.hpp"
#include "report/web_folder.hpp"

namespace thimble {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kData = "synthetic:train=120,test=40,height=8,width=8";
constexpr const char* kRecipe = R"(
name = "tiny"
family = "neural"
[model]
layers = ["conv 2 3 stride=2", "relu", "flatten", "dense classes"]
[training]
epochs = 2
batch_size = 16
validation_fraction = 0.2
)";

/// The report's content, out of its page.
json document_of(const fs::path& page) {
  const std::string html = read_text(page);
  const std::string start = "id=\"report-data\">";
  const std::size_t begin = html.find(start) + start.size();
  return json::parse(html.substr(begin, html.find("</script>", begin) - begin));
}

std::string finding(const json& document, const std::string& id) {
  for (const json& section : document.at("sections")) {
    if (section.at("id") == id) return section.at("finding");
  }
  return "no such section";
}

/// One run for all tests, with page scripts that do no more than be there.
class EvaluateReport : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    web_ = new report::WebFolder;
    web_->add("report.js", "// draws");
    web_->add("report.css", "");
    web_->add("figures.js",
              "globalThis.renderFigure = function (request) { return "
              "'<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"></svg>'; };");
    folder_ = new TemporaryFolder;
    write_text(*folder_ / "tiny.toml", kRecipe);
    const Outcome trained = run_thimble(
        folder_->path(), {"train", "--recipe", "tiny.toml", "--data", kData, "--out", "run"});
    ASSERT_EQ(trained.status, 0) << trained.err;
  }
  static void TearDownTestSuite() {
    delete folder_;
    delete web_;
  }

  static Outcome evaluate(const std::string& model, const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"evaluate", model, "--data", kData};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_thimble(folder_->path(), arguments);
  }

  static inline report::WebFolder* web_ = nullptr;
  static inline TemporaryFolder* folder_ = nullptr;
};

TEST_F(EvaluateReport, WritesPageFiguresAndNumbers) {
  const Outcome outcome = evaluate("run", {"--report", "report.html", "--figures", "figures",
                                           "--json", "figures.json", "--temperature-scaling"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("expected calibration error"), HasSubstr("unsure"),
                                 HasSubstr("temperature"), HasSubstr("report     report.html")));
  const json document = document_of(*folder_ / "report.html");
  EXPECT_EQ(document.at("title"), "tiny on synthetic");
  EXPECT_THAT(document.dump(), HasSubstr("2 epochs in "));
  EXPECT_THAT(finding(document, "calibration"), HasSubstr("24 validation pictures"));
  EXPECT_THAT(finding(document, "cost"), HasSubstr("on disk"));
  for (const char* name : {"reliability.svg", "reliability.png", "confusion-matrix.svg",
                           "loss-by-epoch.png", "roc.svg", "mistakes.png"}) {
    EXPECT_TRUE(fs::exists(*folder_ / "figures" / name)) << name;
  }
  const json figures = json::parse(read_text(*folder_ / "figures.json"));
  for (const char* key : {"calibration", "coverage", "curves", "learning_curves", "cost"}) {
    EXPECT_TRUE(figures.contains(key)) << key;
  }
  EXPECT_GT(figures.at("cost").at("parameters"), 0);
  const json of_run = json::parse(read_text(*folder_ / "run/evaluation.json"));
  EXPECT_EQ(of_run.at("macro").at("roc_auc"), figures.at("macro").at("roc_auc"));
}

TEST_F(EvaluateReport, OfAModelFileSaysWhyThereAreNoLearningCurves) {
  const Outcome outcome = evaluate("run/model.safetensors", {"--report", "file.html"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(finding(document_of(*folder_ / "file.html"), "learning-curves"),
              HasSubstr("A model file keeps no record"));
}

TEST_F(EvaluateReport, OfARunWithoutHistoryFailsAndSaysWhatToDo) {
  fs::create_directory(*folder_ / "bare");
  fs::copy(*folder_ / "run/model.safetensors", *folder_ / "bare");
  const Outcome outcome = evaluate("bare", {"--report", "bare.html"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("bare/history.jsonl: there is no such file"),
                                 HasSubstr("bare/model.safetensors")));
  EXPECT_FALSE(fs::exists(*folder_ / "bare.html"));
  EXPECT_EQ(evaluate("bare", {}).status, 0);
}

TEST_F(EvaluateReport, RefusesTargetsBeforeTheWork) {
  for (const std::vector<std::string>& target :
       {std::vector<std::string>{"--report", "no/such/report.html"},
        {"--report", "run"},
        {"--figures", "tiny.toml/figures"},
        {"--json", "no/such/figures.json"}}) {
    const Outcome outcome = evaluate("run", target);
    EXPECT_EQ(outcome.status, 1);
    EXPECT_THAT(outcome.err, HasSubstr(target.back()));
    EXPECT_THAT(outcome.out, Not(HasSubstr("accuracy")));
  }
}

TEST_F(EvaluateReport, AFullDiskLeavesNoHalfPage) {
  const Outcome device = evaluate("run", {"--report", "/dev/full"});
  EXPECT_EQ(device.status, 1);
  EXPECT_THAT(device.err, HasSubstr("/dev/full"));
  const Outcome disk = run_thimble(
      folder_->path(), {"evaluate", "run", "--data", kData, "--report", "half.html"}, 2000);
  EXPECT_EQ(disk.status, 1);
  EXPECT_THAT(disk.err, HasSubstr("half.html"));
  EXPECT_FALSE(fs::exists(*folder_ / "half.html"));
}

TEST_F(EvaluateReport, RefusesDataOfAnotherShape) {
  const Outcome outcome = run_thimble(
      folder_->path(),
      {"evaluate", "run", "--data", "synthetic:train=20,test=20", "--report", "other.html"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("28x28 grey"), HasSubstr("8x8 grey")));
  EXPECT_FALSE(fs::exists(*folder_ / "other.html"));
}

TEST_F(EvaluateReport, TemperatureNeedsTheTrainingsValidationSplit) {
  const Outcome outcome =
      run_thimble(folder_->path(), {"evaluate", "run", "--temperature-scaling", "--data",
                                    "synthetic:train=100,test=40,height=8,width=8,seed=2"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("was not trained on"));
}

}  // namespace
}  // namespace thimble
