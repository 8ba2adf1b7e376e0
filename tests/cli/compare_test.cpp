#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/run_program.hpp"

namespace thimble {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kData = "synthetic:seed=7,train=300,test=100,height=14,width=14";

class Compare : public ::testing::Test {
 protected:
  Outcome compare(const std::vector<std::string>& more, rlim_t largest_file = 0) const {
    std::vector<std::string> all = {"compare", "--threads", "2"};
    all.insert(all.end(), more.begin(), more.end());
    return run_thimble(folder_.path(), all, largest_file);
  }
  json figures(const std::string& file) const { return json::parse(read_text(folder_ / file)); }

  TemporaryFolder folder_;
};

TEST_F(Compare, TrainsJudgesAndTabulates) {
  const Outcome outcome = compare({"--recipes", "naive-bayes,nearest-centroid,tree,logistic",
                                   "--data", kData, "--data", "synthetic:seed=8,train=300,test=100",
                                   "--out", "c", "--json", "all.json", "--markdown", "table.md"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("8/8"));
  EXPECT_THAT(outcome.out, HasSubstr("4 models, trained on 300 pictures, judged by 100 others"));
  EXPECT_THAT(outcome.out, HasSubstr("Half of the models come within"));
  EXPECT_THAT(outcome.err, HasSubstr("drawn by Thimble"));
  const json all = figures("all.json");
  EXPECT_EQ(all, figures("c/comparison.json"));
  ASSERT_EQ(all.at("data").size(), 2u);
  const json& models = all.at("data")[0].at("models");
  ASSERT_EQ(models.size(), 4u);
  for (std::size_t i = 1; i < models.size(); ++i) {
    EXPECT_GE(models[i - 1].at("accuracy"), models[i].at("accuracy"));
  }
  EXPECT_EQ(all.at("data")[0].at("pairs").size(), 6u);
  EXPECT_GT(models[0].at("training").at("peak_memory_bytes"), 1'000'000);
  EXPECT_GT(models[0].at("prediction").at("latency_seconds"), 0);
  EXPECT_THAT(read_text(folder_ / "table.md"),
              HasSubstr("Reproduced by `thimble compare --recipes naive-bayes,nearest-centroid,"));
  for (const char* file : {"run/config.toml", "run/model.safetensors", "run/evaluation.json",
                           "predictions.safetensors", "result.json"}) {
    EXPECT_TRUE(fs::exists(folder_ / "c/synthetic/tree" / file)) << file;
  }

  // The folder alone says what is to be done, and all of it is done.
  const std::string table = read_text(folder_ / "table.md");
  const Outcome again =
      run_thimble(folder_.path(), {"compare", "--out", "c", "--markdown", "again.md"});
  ASSERT_EQ(again.status, 0) << again.err;
  EXPECT_THAT(again.out, HasSubstr("kept from before"));
  EXPECT_EQ(figures("c/comparison.json"), all);
  EXPECT_EQ(read_text(folder_ / "again.md"), table);
}

TEST_F(Compare, KilledItGoesOnWhereItStopped) {
  const std::vector<std::string> arguments = {
      "--recipes", "nearest-centroid,keras-cnn,tree", "--data", kData, "--out", "c"};
  std::vector<std::string> all = {"compare", "--threads", "2"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  {
    RunningProgram program(folder_.path(), all);
    program.wait_for_lines(folder_ / "c/synthetic/keras-cnn/run/history.jsonl", 2);
    program.send(SIGKILL);
    EXPECT_EQ(program.wait().status, 128 + SIGKILL);
  }
  EXPECT_FALSE(fs::exists(folder_ / "c/comparison.json"));
  const std::string first = read_text(folder_ / "c/synthetic/nearest-centroid/result.json");
  EXPECT_THAT(first, Not(IsEmpty()));
  {
    RunningProgram program(folder_.path(), all);
    program.wait_for_lines(folder_ / "c/synthetic/keras-cnn/run/history.jsonl", 4);
    program.send(SIGINT);
    const Outcome stopped = program.wait();
    EXPECT_EQ(stopped.status, 1);
    EXPECT_THAT(stopped.err, HasSubstr("Go on with:\n  thimble compare --out c --threads 2"));
  }
  const Outcome last = compare({"--out", "c"});
  ASSERT_EQ(last.status, 0) << last.err;
  EXPECT_EQ(read_text(folder_ / "c/synthetic/nearest-centroid/result.json"), first);
  const json resumed = figures("c/synthetic/keras-cnn/result.json").at("training");
  EXPECT_EQ(resumed.at("resumed"), true);

  // The same figures as without the interruptions.
  ASSERT_EQ(compare({"--recipes", "keras-cnn", "--data", kData, "--out", "whole"}).status, 0);
  EXPECT_EQ(read_text(folder_ / "whole/synthetic/keras-cnn/predictions.safetensors"),
            read_text(folder_ / "c/synthetic/keras-cnn/predictions.safetensors"));
}

TEST_F(Compare, AnotherPlanInTheFolderIsAnError) {
  ASSERT_EQ(compare({"--recipes", "tree", "--data", kData, "--out", "c"}).status, 0);
  Outcome outcome = compare({"--recipes", "tree", "--data", kData, "--out", "c", "--seed", "5"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("c: holds another comparison"));
  EXPECT_THAT(outcome.err, HasSubstr("seed was 1, is now 5"));
  write_text(folder_ / "c/synthetic/tree/result.json", "{}");
  outcome = compare({"--out", "c"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("result.json: not the result of a comparison"));
}

TEST_F(Compare, TakesTrainedModelsWhereTheySuit) {
  const std::string large = "synthetic:train=60,test=40,height=20,width=20";
  ASSERT_EQ(run_thimble(folder_.path(), {"train", "--recipe", "tree", "--data", kData, "--out",
                                         "runs/small", "--quiet"})
                .status,
            0);
  write_text(folder_ / "compare.toml",
             "data = [\"" + large + "\", \"" + kData +
                 "\"]\nquick = true\n[[model]]\nfile = \"runs/small\"\nname = \"mine\"\n"
                 "[[model]]\nrecipe = \"tree\"\nsettings = [\"model.max_depth=2\"]\n");
  Outcome outcome = compare({"--config", "compare.toml", "--out", "c", "--json", "all.json"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.err,
              HasSubstr("'mine' is left out on synthetic: it takes pictures of 14x14"));
  EXPECT_THAT(outcome.out, HasSubstr("Quick: trained on at most 10,000 pictures"));
  const json all = figures("all.json");
  EXPECT_EQ(all.at("quick"), true);
  EXPECT_EQ(all.at("data")[0].at("models").size(), 1u);
  EXPECT_EQ(all.at("data")[1].at("models").size(), 2u);
  EXPECT_TRUE(all.at("data")[1].at("models")[0].at("training").is_null());
  EXPECT_EQ(all.at("data")[1].at("models")[0].at("model"), "mine");

  outcome = compare({"runs/small", "--data", large});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("'small' ("));
  EXPECT_THAT(outcome.err, HasSubstr("suits none of the data"));
  EXPECT_FALSE(fs::exists(folder_ / "comparisons"));
}

TEST_F(Compare, KeepsATestSetAsideWhereThereIsNone) {
  const Outcome outcome =
      compare({"--recipes", "nearest-centroid", "--data", "synthetic:train=100,test=0"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("trained on 80 pictures, judged by 20 others"));
  EXPECT_THAT(outcome.out, HasSubstr("has no test set"));
  EXPECT_TRUE(fs::exists(folder_ / "comparisons/synthetic-train-100-test-0/comparison.json"));
}

TEST_F(Compare, SaysWhatCannotBeWrittenAndKeepsNothingHalf) {
  write_text(folder_ / "file", "");
  Outcome outcome = compare({"--recipes", "tree", "--data", kData, "--out", "file/c"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("file/c: cannot make this folder"));
  outcome = compare({"--recipes", "tree", "--data", kData, "--json", "no/such/all.json"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("the folder no/such does not exist"));

  outcome = compare({"--recipes", "tree", "--data", kData, "--out", "c"}, 2500);
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("What is finished is kept."));
  EXPECT_FALSE(fs::exists(folder_ / "c/synthetic/tree/result.json"));
  for (const auto& entry : fs::recursive_directory_iterator(folder_ / "c")) {
    EXPECT_THAT(entry.path().filename().string(), Not(HasSubstr("tmp")));
  }
  EXPECT_EQ(compare({"--out", "c"}).status, 0);
}

}  // namespace
}  // namespace thimble
