#include "models/run_folder.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/error.hpp"
#include "temporary_folder.hpp"

namespace thimble {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

Recipe recipe(int epochs = 3) {
  return {"small",
          "neural",
          "A small one",
          {{"training", {{"epochs", epochs}, {"seed", 1}}}, {"model", {{"rate", 0.5}}}}};
}

RunFolder begin(const std::filesystem::path& folder) {
  return RunFolder::open(folder, recipe(), "abc", false);
}

json epoch(int number) { return {{"epoch", number}, {"loss", 1.0 / number}}; }

TEST(RunFolder, BeginsWithTheRecipe) {
  const TemporaryFolder temporary;
  const RunFolder run = begin(temporary / "runs/a");
  EXPECT_FALSE(run.resumed());
  const Recipe written = load_recipe(run.paths().config().string());
  EXPECT_EQ(written.name, "small");
  EXPECT_EQ(written.settings, recipe().settings);
  EXPECT_THAT(read_text(run.paths().config()), HasSubstr("data_fingerprint = \"abc\""));
  EXPECT_TRUE(run.read_history().empty());
}

TEST(RunFolder, RefusesARunUnlessResumed) {
  const TemporaryFolder temporary;
  begin(temporary / "a").append_history(epoch(1));
  EXPECT_THAT(message_of<UsageError>([&] { begin(temporary / "a"); }),
              HasSubstr("holds a run already"));
  const RunFolder run = RunFolder::open(temporary / "a", recipe(), "abc", true);
  EXPECT_TRUE(run.resumed());
  EXPECT_EQ(run.read_history().size(), 1u);
}

TEST(RunFolder, ResumeWithoutARunBeginsOne) {
  const TemporaryFolder temporary;
  EXPECT_FALSE(RunFolder::open(temporary / "a", recipe(), "abc", true).resumed());
}

TEST(RunFolder, ResumesOnlyTheSameTraining) {
  const TemporaryFolder temporary;
  begin(temporary / "a");
  const auto refusal = [&](const Recipe& other, const char* fingerprint) {
    return message_of<UsageError>(
        [&] { RunFolder::open(temporary / "a", other, fingerprint, true); });
  };
  EXPECT_THAT(refusal(recipe(4), "abc"), HasSubstr("training.epochs was 3, is now 4"));
  EXPECT_THAT(refusal(recipe(), "abd"), HasSubstr("other training data"));
  Recipe other = recipe();
  other.settings["training"].erase("seed");
  EXPECT_THAT(refusal(other, "abc"), HasSubstr("training.seed was 1, is now nothing"));
  other = recipe();
  other.family = "forest";
  EXPECT_THAT(refusal(other, "abc"), HasSubstr("family was \"neural\", is now \"forest\""));
  other = recipe();
  other.description = "In other words";
  EXPECT_TRUE(RunFolder::open(temporary / "a", other, "abc", true).resumed());
}

TEST(RunFolder, RefusesADamagedConfig) {
  const TemporaryFolder temporary;
  begin(temporary / "a");
  write_text(temporary / "a/config.toml", "[run\n");
  EXPECT_THROW(RunFolder::open(temporary / "a", recipe(), "abc", true), DataError);
  std::filesystem::remove(temporary / "a/config.toml");
  write_text(temporary / "a/history.jsonl", "");
  EXPECT_THROW(RunFolder::open(temporary / "a", recipe(), "abc", true), UsageError);
}

TEST(RunFolder, CannotBeMadeOverAFile) {
  const TemporaryFolder temporary;
  write_text(temporary / "a", "");
  EXPECT_THROW(begin(temporary / "a"), FileError);
  EXPECT_THROW(begin(temporary / "a/b"), FileError);
}

TEST(RunFolder, AdmitsOneProcessAtATime) {
  const TemporaryFolder temporary;
  const RunFolder run = begin(temporary / "a");
  EXPECT_THAT(message_of<FileError>([&] { begin(temporary / "a"); }),
              HasSubstr("another process is training"));
  const pid_t child = fork();
  if (child == 0) {
    bool refused = false;
    try {
      RunFolder::open(temporary / "a", recipe(), "abc", true);
    } catch (const FileError&) {
      refused = true;
    }
    _exit(refused ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST(RunFolder, LeavesTheLockWhenMoved) {
  const TemporaryFolder temporary;
  {
    RunFolder first = begin(temporary / "a");
    const RunFolder second = std::move(first);
    EXPECT_THROW(RunFolder::open(temporary / "a", recipe(), "abc", true), FileError);
  }
  EXPECT_NO_THROW(RunFolder::open(temporary / "a", recipe(), "abc", true));
}

RC_GTEST_PROP(RunFolder, AKilledAppendCostsAtMostTheLastLine, ()) {
  const TemporaryFolder temporary;
  RunFolder run = begin(temporary / "a");
  const int epochs = *rc::gen::inRange(1, 6);
  for (int i = 1; i <= epochs; ++i) run.append_history(epoch(i));

  const auto history = run.paths().history();
  const std::string whole = read_text(history);
  const auto cut = *rc::gen::inRange<std::size_t>(0, whole.size() + 1);
  write_text(history, whole.substr(0, cut));

  const std::vector<json> left = run.read_history();
  RC_ASSERT(left.size() ==
            static_cast<std::size_t>(std::count(whole.begin(), whole.begin() + cut, '\n')));
  for (std::size_t i = left.size(); i < static_cast<std::size_t>(epochs); ++i) {
    run.append_history(epoch(static_cast<int>(i) + 1));
  }
  RC_ASSERT(read_text(history) == whole);
}

TEST(RunFolder, TruncatesTheHistory) {
  const TemporaryFolder temporary;
  RunFolder run = begin(temporary / "a");
  run.truncate_history(3);
  for (int i = 1; i <= 4; ++i) run.append_history(epoch(i));
  const std::string four = read_text(run.paths().history());
  run.truncate_history(9);
  EXPECT_EQ(read_text(run.paths().history()), four);
  run.truncate_history(2);
  EXPECT_EQ(run.read_history().size(), 2u);
  EXPECT_EQ(run.read_history().back(), epoch(2));
  write_text(run.paths().history(), read_text(run.paths().history()) + "{\"epo");
  run.truncate_history(2);
  EXPECT_TRUE(four.starts_with(read_text(run.paths().history())));
}

TEST(RunFolder, NamesADamagedLine) {
  const TemporaryFolder temporary;
  write_text(temporary / "history.jsonl", "{}\n{\"epoch\": }\n{}\n");
  EXPECT_THAT(message_of<DataError>([&] { read_history(temporary / "history.jsonl"); }),
              HasSubstr("history.jsonl, line 2: not a JSON object"));
}

}  // namespace
}  // namespace thimble
