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

constexpr const char* kData = "synthetic:train=400,test=60";

/// A network small enough for tests, with all that a checkpoint must keep: momentum, batch norm,
/// dropout, averaged weights, augmentation.
constexpr const char* kRecipe = R"(
name = "tiny"
family = "neural"
description = "For tests"
[model]
layers = ["conv 4 3 stride=2", "batch_norm", "relu", "dropout 0.2", "flatten", "dense classes"]
[augmentation]
horizontal_flip = 0.5
[optimizer]
name = "sgd"
learning_rate = 0.02
[schedule]
name = "cosine"
[training]
epochs = 12
batch_size = 32
ema_decay = 0.9
validation_fraction = 0.1
batch_norm_refresh = 2
)";

class Train : public ::testing::Test {
 protected:
  void SetUp() override { write_text(folder_ / "tiny.toml", kRecipe); }

  static std::vector<std::string> arguments(const std::string& out,
                                            const std::vector<std::string>& more = {}) {
    std::vector<std::string> all = {"train",     "--recipe", "tiny.toml", "--data", kData,
                                    "--threads", "2",        "--out",     out};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  Outcome train(const std::string& out, const std::vector<std::string>& more = {}) const {
    return run_thimble(folder_.path(), arguments(out, more));
  }
  std::string model_bytes(const std::string& out) const {
    return read_text(folder_ / (out + "/model.safetensors"));
  }

  TemporaryFolder folder_;
};

TEST_F(Train, LeavesAWholeRun) {
  const Outcome outcome = train("a", {"--epochs", "2"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("360 pictures to train, 40 to validate, 60 to test"));
  EXPECT_THAT(outcome.out, HasSubstr("thimble evaluate a"));
  EXPECT_THAT(outcome.err, HasSubstr("synthetic"));
  for (const char* file :
       {"config.toml", "history.jsonl", "model.safetensors", "evaluation.json"}) {
    EXPECT_TRUE(fs::exists(folder_ / "a" / file)) << file;
  }
  const json evaluation = json::parse(read_text(folder_ / "a/evaluation.json"));
  const Outcome shown = run_thimble(folder_.path(), {"model", "show", "a", "--json"});
  ASSERT_EQ(shown.status, 0) << shown.err;
  const json model = json::parse(shown.out);
  EXPECT_EQ(model.at("metrics").at("test").at("accuracy"), evaluation.at("accuracy"));
  EXPECT_EQ(model.at("metrics").at("validation").at("samples"), 40);
  EXPECT_EQ(model.at("recipe").at("training").at("epochs"), 2);
  EXPECT_EQ(model.at("trained_on").at("synthetic"), true);
  EXPECT_EQ(evaluation.at("samples"), 60);
}

TEST_F(Train, TheSameSeedGivesTheSameBytes) {
  ASSERT_EQ(train("a", {"--epochs", "3"}).status, 0);
  ASSERT_EQ(train("b", {"--epochs", "3"}).status, 0);
  ASSERT_EQ(train("c", {"--epochs", "3", "--seed", "2"}).status, 0);
  EXPECT_EQ(model_bytes("a"), model_bytes("b"));
  EXPECT_NE(model_bytes("a"), model_bytes("c"));
}

TEST_F(Train, KilledAndResumedItEndsInTheSameBytes) {
  ASSERT_EQ(train("whole").status, 0);
  for (const int line : {1, 4, 6, 9, 11}) {
    RunningProgram program(folder_.path(), arguments("killed", {"--resume"}));
    program.wait_for_lines(folder_ / "killed/history.jsonl", line);
    program.send(SIGKILL);
    program.wait();
  }
  const Outcome last = train("killed", {"--resume"});
  ASSERT_EQ(last.status, 0) << last.err;
  EXPECT_EQ(model_bytes("killed"), model_bytes("whole"));
  const std::string history = read_text(folder_ / "killed/history.jsonl");
  EXPECT_EQ(std::count(history.begin(), history.end(), '\n'), 12);
}

TEST_F(Train, InterruptedItSaysHowToGoOn) {
  ASSERT_EQ(train("whole").status, 0);
  RunningProgram program(folder_.path(), arguments("stopped"));
  program.wait_for_lines(folder_ / "stopped/history.jsonl", 2);
  program.send(SIGINT);
  const Outcome outcome = program.wait();
  ASSERT_EQ(outcome.status, 1) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("thimble train --resume --out stopped --data synthetic:train="
                                     "400,test=60 --threads 2"));
  const Outcome last = run_thimble(
      folder_.path(), {"train", "--resume", "--out", "stopped", "--data", kData, "--threads", "2"});
  ASSERT_EQ(last.status, 0) << last.err;
  EXPECT_EQ(model_bytes("stopped"), model_bytes("whole"));
}

TEST_F(Train, RefusesAFolderWithARunAndOtherSettingsOnResume) {
  ASSERT_EQ(train("a", {"--epochs", "1"}).status, 0);
  Outcome outcome = train("a", {"--epochs", "1"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("a: holds a run already"));
  outcome = train("a", {"--epochs", "2", "--resume"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("training.epochs was 1, is now 2"));
  outcome = train("a", {"--epochs", "1", "--resume", "--data", "synthetic:train=401,test=60"});
  EXPECT_EQ(outcome.status, 2);
}

TEST_F(Train, RefusesUnknownSettings) {
  const Outcome outcome = train("a", {"--set", "optimizer.learning_rte=1"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.err,
            "thimble: error: recipe tiny: unknown key 'optimizer.learning_rte'; did you mean "
            "'optimizer.learning_rate'?\n");
  EXPECT_FALSE(fs::exists(folder_ / "a"));
}

TEST_F(Train, QuietPrintsNothing) {
  const Outcome outcome = train("a", {"--epochs", "1", "--quiet"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out, IsEmpty());
  EXPECT_THAT(outcome.err, HasSubstr("synthetic"));  // always said
}

TEST_F(Train, FindsAFreeFolderAndTheLatestRun) {
  const std::vector<std::string> plain = {"train",    "--recipe", "tiny.toml", "--data", kData,
                                          "--epochs", "1",        "--threads", "2"};
  ASSERT_EQ(run_thimble(folder_.path(), plain).status, 0);
  ASSERT_EQ(run_thimble(folder_.path(), plain).status, 0);
  EXPECT_TRUE(fs::exists(folder_ / "runs/tiny-synthetic/model.safetensors"));
  EXPECT_TRUE(fs::exists(folder_ / "runs/tiny-synthetic-2/model.safetensors"));
  const Outcome outcome = run_thimble(folder_.path(), {"train", "--resume", "--data", kData});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("run        runs/tiny-synthetic-2\n"));
}

TEST_F(Train, StartsFromATrainedModel) {
  ASSERT_EQ(train("first", {"--epochs", "1"}).status, 0);
  const std::vector<std::string> start = {"--init",   "first",    "--freeze",
                                          "backbone", "--epochs", "2"};
  const Outcome outcome = train("second", start);
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("starts from first"));
  EXPECT_THAT(outcome.err, HasSubstr("1 stage is frozen, 48 of"));
  const std::string config = read_text(folder_ / "second/config.toml");
  EXPECT_THAT(config, HasSubstr("init = \"first\""));
  EXPECT_THAT(config, HasSubstr("freeze = \"backbone\""));
  const Outcome again = run_thimble(
      folder_.path(), {"train", "--resume", "--out", "second", "--data", kData, "--threads", "2"});
  EXPECT_EQ(again.status, 0) << again.err;

  Outcome refused = train("third", {"--init", "first", "--freeze", "4"});
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.err, HasSubstr("has 1 stage before its head"));
  refused = train("third", {"--freeze", "backbone"});
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.err, HasSubstr("without transfer.init"));
  refused =
      run_thimble(folder_.path(), {"train", "--recipe", "tiny.toml", "--init", "first", "--out",
                                   "third", "--data", "synthetic:train=99,height=30"});
  EXPECT_EQ(refused.status, 2) << refused.err;
  EXPECT_THAT(refused.err, HasSubstr("was trained on pictures of 28x28 grey and does not take"));
  EXPECT_FALSE(fs::exists(folder_ / "third"));
}

TEST_F(Train, SaysThatTheDiskIsFullAndKeepsNothingHalf) {
  const Outcome outcome = run_thimble(folder_.path(), arguments("a"), 4096);
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("thimble: error: a/"));
  EXPECT_FALSE(fs::exists(folder_ / "a/model.safetensors"));
  for (const auto& entry : fs::recursive_directory_iterator(folder_ / "a")) {
    EXPECT_THAT(entry.path().filename().string(), ::testing::Not(HasSubstr("tmp")));
  }
}

TEST_F(Train, SaysThatAFolderCannotBeMade) {
  write_text(folder_ / "file", "");
  const Outcome outcome = train("file/run");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("file/run: cannot make this folder"));
}

TEST_F(Train, RefusesPicturesThatDoNotFitTheNetwork) {
  const Outcome outcome =
      train("a", {"--set", "model.layers=[\"conv 4 31\", \"flatten\", \"dense classes\"]"});
  EXPECT_EQ(outcome.status, 2) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("conv 4 31"));
}

}  // namespace
}  // namespace thimble
