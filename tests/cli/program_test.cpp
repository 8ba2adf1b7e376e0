#include <cstdio>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/run_program.hpp"

namespace thimble {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

Outcome run(const std::vector<std::string>& arguments) {
  return run_thimble(std::filesystem::temp_directory_path(), arguments);
}

/// Runs a line in bash, with the program as $THIMBLE; returns what it prints on both streams.
std::string shell(const std::string& line) {
  setenv("THIMBLE", THIMBLE_PROGRAM, 1);
  setenv("THIMBLE_RECIPES", THIMBLE_SOURCE_DIR "/recipes", 1);
  const TemporaryFolder folder;
  write_text(folder / "line", "{ " + line + "; } 2>&1");
  FILE* pipe = popen(("bash '" + (folder / "line").string() + "'").c_str(), "r");
  std::string out;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) out += static_cast<char>(c);
  pclose(pipe);
  return out;
}

TEST(Program, AlonePrintsTheHelp) {
  const Outcome outcome = run({});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out, HasSubstr("Usage: thimble [OPTIONS] COMMAND"));
  EXPECT_THAT(outcome.out, HasSubstr("Examples:"));
  EXPECT_THAT(outcome.err, IsEmpty());
}

TEST(Program, EveryCommandHasHelpWithExamplesInNarrowLines) {
  const std::vector<std::vector<std::string>> commands = {
      {"data"},     {"data", "fetch"}, {"data", "info"}, {"data", "convert"}, {"data", "show"},
      {"explore"},  {"train"},         {"tune"},         {"evaluate"},        {"compare"},
      {"transfer"}, {"predict"},       {"features"},     {"export"},          {"serve"},
      {"model"},    {"model", "show"}, {"completion"}};
  for (std::vector<std::string> arguments : commands) {
    arguments.emplace_back("--help");
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.status, 0);
    EXPECT_THAT(outcome.out, HasSubstr("Examples:")) << arguments[0];
    std::istringstream lines(outcome.out);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100u) << line;
  }
}

TEST(Program, TellsItsVersion) { EXPECT_THAT(run({"--version"}).out, StartsWith("thimble 0.")); }

TEST(Program, RefusesAnInstructionSetThatDoesNotExist) {
  EXPECT_EQ(shell("THIMBLE_ISA=sse9 $THIMBLE model list; echo $?"),
            "thimble: error: THIMBLE_ISA: 'sse9', expected portable, avx2, avx512, avx512_bf16 or "
            "amx\n2\n");
  EXPECT_THAT(shell("THIMBLE_ISA=portable $THIMBLE --version"), HasSubstr(" (portable)\n"));
}

TEST(Program, SuggestsTheNearestWord) {
  const auto message = [](const std::vector<std::string>& arguments) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.status, 2);
    EXPECT_THAT(outcome.out, IsEmpty());
    return outcome.err;
  };
  EXPECT_THAT(message({"trian"}),
              StartsWith("thimble: error: unknown command 'trian'; did you mean 'train'?\n"));
  EXPECT_THAT(message({"data", "fetsh"}), HasSubstr("did you mean 'fetch'?"));
  EXPECT_THAT(message({"train", "--epoch=3"}),
              HasSubstr("unknown option '--epoch'; did you mean '--epochs'?"));
  EXPECT_THAT(message({"model"}), HasSubstr("'thimble model' needs a command: show, list"));
  EXPECT_THAT(message({"train", "--epochs", "many"}),
              HasSubstr("Run 'thimble train --help' for the arguments and examples."));
  EXPECT_THAT(message({"frobnicate"}), HasSubstr("known: data, explore, train"));
}

TEST(Program, FailuresHaveStatusOne) {
  const TemporaryFolder folder;
  write_text(folder / "bad.safetensors", "not a model");
  const Outcome outcome = run({"model", "show", (folder / "bad.safetensors").string()});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, StartsWith("thimble: error: "));
}

TEST(Program, NoticesThatItsOutputIsLost) {
  EXPECT_EQ(shell("$THIMBLE model list > /dev/full; echo $?"),
            "thimble: error: standard output: cannot write (is the disk full?)\n1\n");
}

TEST(Program, EndsQuietlyWhenNobodyReads) {
  EXPECT_EQ(shell("trap '' PIPE; (sleep 0.2; $THIMBLE model list) | true; echo end"), "end\n");
}

TEST(Completion, BashScriptCompletes) {
  const auto complete = [](const std::string& words, int count) {
    return shell("source <($THIMBLE completion bash); COMP_WORDS=(" + words + "); COMP_CWORD=" +
                 std::to_string(count - 1) + "; _thimble; echo \"${COMPREPLY[*]}\"");
  };
  EXPECT_EQ(complete("thimble tr", 2), "train transfer\n");
  EXPECT_EQ(complete("thimble data ''", 3), "fetch info convert show\n");
  EXPECT_EQ(complete("thimble train --res", 3), "--resume\n");
  EXPECT_EQ(complete("thimble train --recipe ke", 4), "keras-cnn\n");
  EXPECT_EQ(complete("thimble predict --format ''", 4), "table csv jsonl\n");
}

TEST(Completion, ZshAndFishNameEveryCommand) {
  for (const char* kind : {"zsh", "fish"}) {
    const std::string script = run({"completion", kind}).out;
    EXPECT_THAT(script, HasSubstr("thimble data convert"));
    EXPECT_THAT(script, HasSubstr("keras-cnn"));
    EXPECT_THAT(script, HasSubstr("review-below"));
  }
}

TEST(ManPage, IsUpToDate) {
  EXPECT_EQ(run({"completion", "man"}).out, read_text(THIMBLE_SOURCE_DIR "/docs/man/thimble.1"))
      << "make it anew: thimble completion man > docs/man/thimble.1";
}

}  // namespace
}  // namespace thimble
