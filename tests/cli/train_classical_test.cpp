// Training, judging and using the classical models as a user types it.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/run_program.hpp"

namespace thimble {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kData = "synthetic:train=300,test=80,height=14,width=14";

class TrainClassical : public ::testing::TestWithParam<std::string> {
 protected:
  TemporaryFolder folder_;
};

TEST_P(TrainClassical, TrainsIsJudgedAndPredicts) {
  std::vector<std::string> train = {"train", "--recipe", GetParam(), "--data",    kData, "--out",
                                    "run",   "--seed",   "3",        "--threads", "2"};
  if (GetParam() == "boost" || GetParam() == "forest" || GetParam() == "extra-trees") {
    train.insert(train.end(), {"--set", "model.n_estimators=10"});
  }
  const Outcome trained = run_thimble(folder_.path(), train);
  ASSERT_EQ(trained.status, 0) << trained.err;
  EXPECT_THAT(trained.out, HasSubstr(fmt::format("({})", GetParam())));
  EXPECT_TRUE(fs::exists(folder_ / "run/config.toml"));
  EXPECT_FALSE(fs::exists(folder_ / "run/checkpoint"));
  const json evaluation = json::parse(read_text(folder_ / "run/evaluation.json"));
  EXPECT_GT(evaluation.at("accuracy").get<double>(), 0.5);

  const Outcome judged =
      run_thimble(folder_.path(), {"evaluate", "run", "--data", kData, "--json", "again.json"});
  ASSERT_EQ(judged.status, 0) << judged.err;
  EXPECT_EQ(json::parse(read_text(folder_ / "again.json")).at("confusion_matrix"),
            evaluation.at("confusion_matrix"));

  const Outcome shown = run_thimble(folder_.path(), {"model", "show", "run"});
  ASSERT_EQ(shown.status, 0) << shown.err;
  EXPECT_THAT(shown.out, HasSubstr("family      " + GetParam()));
  EXPECT_THAT(shown.out, HasSubstr("features    "));

  const Outcome again = run_thimble(folder_.path(), train);
  EXPECT_NE(again.status, 0);
  EXPECT_THAT(again.err, HasSubstr("holds a run already"));
}

INSTANTIATE_TEST_SUITE_P(Families, TrainClassical,
                         testing::Values("logistic", "linear-svm", "svm", "tree", "forest",
                                         "extra-trees", "boost", "knn", "naive-bayes",
                                         "nearest-centroid"),
                         [](const auto& family) {
                           std::string name = family.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST(TrainClassicalRun, InterruptedLeavesNothing) {
  const TemporaryFolder folder;
  RunningProgram program(folder.path(), {"train", "--recipe", "forest", "--data", kData, "--out",
                                         "runs/long", "--set", "model.n_estimators=1000000"});
  program.wait_for_lines(folder / "runs/long/config.toml", 1);
  program.send(SIGINT);
  const Outcome outcome = program.wait();
  EXPECT_EQ(outcome.status, 1) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("stopped"));
  EXPECT_FALSE(fs::exists(folder / "runs/long"));
}

TEST(TrainClassicalRun, KilledBeginsAnew) {
  const TemporaryFolder folder;
  const std::vector<std::string> train = {"train", "--recipe", "tree", "--data",
                                          kData,   "--out",    "run"};
  write_text(folder / "slow.toml",
             "family = \"forest\"\n[model]\nn_estimators = 1000000\n[training]\nseed = 1\n");
  {
    RunningProgram program(folder.path(),
                           {"train", "--recipe", "slow.toml", "--data", kData, "--out", "run"});
    program.wait_for_lines(folder / "run/config.toml", 1);
    program.send(SIGKILL);
    EXPECT_EQ(program.wait().status, 128 + SIGKILL);
  }
  EXPECT_FALSE(fs::exists(folder / "run/model.safetensors"));
  const Outcome other = run_thimble(folder.path(), train);
  EXPECT_NE(other.status, 0);
  EXPECT_THAT(other.err, HasSubstr("--resume"));
  fs::remove_all(folder / "run");
  EXPECT_EQ(run_thimble(folder.path(), train).status, 0);
}

TEST(TrainClassicalRun, AnUnknownSettingSaysWhichIsMeant) {
  const TemporaryFolder folder;
  const Outcome outcome = run_thimble(folder.path(), {"train", "--recipe", "forest", "--data",
                                                      kData, "--set", "model.n_estimator=10"});
  EXPECT_NE(outcome.status, 0);
  EXPECT_THAT(outcome.err, HasSubstr("n_estimators"));
  EXPECT_THAT(outcome.err, Not(HasSubstr("nan")));
}

}  // namespace
}  // namespace thimble
