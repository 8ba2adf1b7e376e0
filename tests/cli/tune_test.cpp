#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/run_program.hpp"

namespace thimble {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kRecipe = R"(
name = "tiny"
family = "neural"
[model]
layers = ["flatten", "dense 8", "relu", "dense classes"]
[optimizer]
name = "sgd"
learning_rate = 1e-5
[training]
epochs = 4
batch_size = 32
validation_fraction = 0.2
)";

constexpr const char* kSpace = R"(
[optimizer]
learning_rate = { low = 0.005, high = 0.5, scale = "log" }
momentum = { low = 0.0, high = 0.9 }
)";

class Tune : public ::testing::Test {
 protected:
  void SetUp() override {
    write_text(folder_ / "tiny.toml", kRecipe);
    write_text(folder_ / "space.toml", kSpace);
  }

  static std::vector<std::string> arguments(const std::string& out, const std::string& budget) {
    return {"tune",
            "--recipe",
            "tiny.toml",
            "--space",
            "space.toml",
            "--data",
            "synthetic:train=200,test=50,height=12,width=12",
            "--threads",
            "1",
            "--out",
            out,
            "--budget",
            budget};
  }
  Outcome tune(std::vector<std::string> all, const std::vector<std::string>& more = {},
               rlim_t largest_file = 0) const {
    all.insert(all.end(), more.begin(), more.end());
    return run_thimble(folder_.path(), all, largest_file);
  }
  json trial(const std::string& study, const std::string& number) const {
    return json::parse(read_text(folder_ / (study + "/trials/" + number + "/trial.json")));
  }

  TemporaryFolder folder_;
};

TEST_F(Tune, LeavesAWinnerToTrainBy) {
  const Outcome outcome = tune(arguments("s", "4trials"));
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("search     2 settings by tpe, stopping hyperband; 4 trials, "
                                     "one trial at a time with 1 thread each"));
  EXPECT_THAT(outcome.out, HasSubstr("4 trials: "));
  EXPECT_THAT(outcome.out, HasSubstr("baseline: the recipe as it is"));
  EXPECT_THAT(outcome.out, HasSubstr("refit      on all 200 training pictures"));
  EXPECT_THAT(outcome.out, HasSubstr("test       accuracy "));
  EXPECT_THAT(outcome.err, HasSubstr("baseline "));
  for (const char* file :
       {"study.json", "winner.toml", "winner/model.safetensors", "winner/evaluation.json",
        "winner/refit.json", "trials/0004/trial.json"}) {
    EXPECT_TRUE(fs::exists(folder_ / "s" / file)) << file;
  }
  const Outcome trained = run_thimble(
      folder_.path(), {"train", "--recipe", "s/winner.toml", "--data",
                       "synthetic:train=200,test=50,height=12,width=12", "--out", "r", "--quiet"});
  EXPECT_EQ(trained.status, 0) << trained.err;
}

TEST_F(Tune, KilledAndResumedItIsTheSameStudy) {
  ASSERT_EQ(tune(arguments("whole", "5trials"), {"--no-refit", "--quiet"}).status, 0);
  RunningProgram program(folder_.path(), arguments("killed", "5trials"));
  program.wait_for_lines(folder_ / "killed/trials/0002/history.jsonl", 1);
  program.send(SIGKILL);
  program.wait();
  const Outcome last =
      tune({"tune", "--resume", "--out", "killed", "--threads", "1", "--no-refit", "--quiet"});
  ASSERT_EQ(last.status, 0) << last.err;
  EXPECT_THAT(last.out, IsEmpty());
  for (const char* number : {"0000", "0001", "0002", "0003", "0004", "0005"}) {
    for (const char* key : {"settings", "state", "curve", "value", "loss"}) {
      EXPECT_EQ(trial("killed", number).at(key), trial("whole", number).at(key)) << number << key;
    }
  }
}

TEST_F(Tune, InterruptedItSaysHowToGoOn) {
  RunningProgram program(folder_.path(), arguments("s", "1000trials"));
  program.wait_for_lines(folder_ / "s/trials/0001/history.jsonl", 1);
  program.send(SIGINT);
  const Outcome outcome = program.wait();
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("stopped; what is finished is kept. Go on with:\n"
                                     "  thimble tune --resume --out s --threads 1"));
}

TEST_F(Tune, SaysWhatIsWrongBeforeItBegins) {
  const auto refused = [&](const std::string& budget, const std::vector<std::string>& more = {}) {
    const Outcome outcome = tune(arguments("s", budget), more);
    EXPECT_EQ(outcome.status, 2) << outcome.err;
    EXPECT_FALSE(fs::exists(folder_ / "s"));
    return outcome.err;
  };
  EXPECT_THAT(refused("30"), HasSubstr("did you mean 30m or 30trials?"));
  EXPECT_THAT(refused("1trials", {"--method", "grid"}), HasSubstr("grid"));
  write_text(folder_ / "space.toml", "[training]\nepochs = [1, 2]\n");
  EXPECT_THAT(refused("1trials"),
              HasSubstr("space.toml: training.epochs: the trials have it in common"));
  write_text(folder_ / "space.toml", "[optimizer]\nlearning_rat = [0.1, 0.2]\n");
  EXPECT_THAT(refused("1trials"),
              AllOf(HasSubstr("space.toml: no value of optimizer.learning_rat was taken"),
                    HasSubstr("did you mean")));
  write_text(folder_ / "space.toml", "[optimizer]\nlearning_rate = { low = 2, high = 1 }\n");
  EXPECT_THAT(refused("1trials"), HasSubstr("optimizer.learning_rate"));
}

TEST_F(Tune, RefusesTheFolderOfAnotherStudy) {
  ASSERT_EQ(tune(arguments("s", "1trials"), {"--no-refit", "--quiet"}).status, 0);
  const Outcome again = tune(arguments("s", "1trials"));
  EXPECT_EQ(again.status, 2);
  EXPECT_THAT(again.err, HasSubstr("s: holds a study already"));
  const Outcome other = tune(arguments("s", "1trials"), {"--resume", "--set", "training.seed=3"});
  EXPECT_EQ(other.status, 2);
  EXPECT_THAT(other.err, HasSubstr("recipe.settings.training.seed was 1, is now 3"));
  const Outcome data = tune({"tune", "--resume", "--out", "s", "--data",
                             "synthetic:train=201,test=50,height=12,width=12"});
  EXPECT_EQ(data.status, 2);
  EXPECT_THAT(data.err, HasSubstr("the training pictures of synthetic"));
}

TEST_F(Tune, AFullDiskIsNoTrialsFault) {
  const Outcome outcome = tune(arguments("s", "3trials"), {}, /*largest_file=*/6000);
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("What is finished is kept. When this is mended, run:\n"
                                     "  thimble tune --resume --out s"));
}

}  // namespace
}  // namespace thimble
