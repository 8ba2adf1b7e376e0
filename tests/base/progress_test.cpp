#include "base/progress.hpp"

#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thimble {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// What `body` prints on a terminal of 70 columns.
std::string on_terminal(const std::function<void()>& body) {
  setenv("TERM", "xterm", 1);
  winsize size{};
  size.ws_col = 70;
  size.ws_row = 24;
  int screen = -1;
  int terminal = -1;
  if (openpty(&screen, &terminal, nullptr, nullptr, &size) != 0) return "no terminal";
  const int before = dup(STDERR_FILENO);
  dup2(terminal, STDERR_FILENO);
  body();
  dup2(before, STDERR_FILENO);
  close(before);
  close(terminal);
  // With its other end closed, reading gives what is left and then an error.
  std::string printed;
  char piece[4096];
  for (ssize_t got = 0; (got = read(screen, piece, sizeof piece)) > 0;) {
    printed.append(piece, static_cast<std::size_t>(got));
  }
  close(screen);
  return printed;
}

/// How a child process that runs `body` ends.
int status_of_child(const std::function<void()>& body) {
  const pid_t child = fork();
  if (child == 0) {
    body();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

TEST(Progress, TheDefaultDoesNothing) {
  Progress progress;
  progress.update(1, 2, "x");
  progress.message("x");
  EXPECT_FALSE(progress.stop_requested());
}

class Stopping : public Progress {
 public:
  void update(std::uint64_t, std::uint64_t, const std::string&) override { ++told; }
  void message(const std::string&) override { ++told; }
  bool stop_requested() const override { return stop; }

  int told = 0;
  bool stop = false;
};

TEST(StopOnly, TellsNothingAndAsks) {
  Stopping inner;
  StopOnly silent(inner);
  silent.update(1, 2, "x");
  silent.message("x");
  EXPECT_EQ(inner.told, 0);
  EXPECT_FALSE(silent.stop_requested());
  inner.stop = true;
  EXPECT_TRUE(silent.stop_requested());
}

TEST(ConsoleProgress, PrintsOnlyMessagesOfShortWorkWhereThereIsNoTerminal) {
  testing::internal::CaptureStderr();
  {
    ConsoleProgress progress("training", "images");
    for (unsigned i = 0; i <= 1000; ++i) progress.update(i, 1000, "loss 0.4");
    progress.message("epoch 1  loss 0.41");
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "epoch 1  loss 0.41\n");
}

TEST(ConsoleProgress, DrawsOneLineOnATerminalAndRemovesIt) {
  const std::string printed = on_terminal([] {
    ConsoleProgress progress("training", "images");
    progress.update(0, 60'000, "");
    for (unsigned i = 0; i < 1000; ++i) progress.update(i, 60'000, "");
    progress.message("done");
  });
  EXPECT_THAT(printed, HasSubstr("\rtraining    0 %  0 of 60,000 images\x1b[K"));
  EXPECT_THAT(printed, HasSubstr("\r\x1b[Kdone\r\n"));
  // A thousand updates within milliseconds are at most a few drawings.
  EXPECT_LT(printed.size(), 400u);
}

TEST(ConsoleProgress, ShowsRateAndTimeLeft) {
  const std::string printed = on_terminal([] {
    ConsoleProgress progress("fetching", "B");
    progress.update(1'000'000, 31'000'000, "");
    std::this_thread::sleep_for(std::chrono::milliseconds(250));
    progress.update(2'000'000, 31'000'000, "");
  });
  EXPECT_THAT(printed, HasSubstr("2.00 MB of 31.0 MB"));
  // 1 MB in a quarter of a second: what was there before the first update does not count.
  EXPECT_THAT(printed, AllOf(HasSubstr("MB/s"), HasSubstr(" s left")));
}

TEST(ConsoleProgress, CutsTheLineAtTheTerminalsWidth) {
  const std::string printed = on_terminal([] {
    ConsoleProgress progress("t", "images");
    std::string text(100, 'x');
    text += "end";
    progress.update(1, 2, text);
  });
  const std::string line = printed.substr(1, printed.find("\x1b[K") - 1);
  EXPECT_EQ(line.size(), 69u);
  EXPECT_THAT(printed, Not(HasSubstr("end")));
}

TEST(ConsoleProgress, UnknownTotalShowsTheCount) {
  const std::string printed = on_terminal([] {
    ConsoleProgress progress("reading", "pictures");
    progress.update(1234, 0, "");
  });
  EXPECT_THAT(printed, HasSubstr("reading  1,234 pictures"));
}

TEST(Interrupts, FirstSignalAsksSecondEnds) {
  const int asked = status_of_child([] {
    catch_interrupts();
    ConsoleProgress progress("t", "images");
    if (interrupted() || progress.stop_requested()) _exit(2);
    raise(SIGINT);
    if (!interrupted() || !progress.stop_requested()) _exit(3);
  });
  EXPECT_TRUE(WIFEXITED(asked));
  EXPECT_EQ(WEXITSTATUS(asked), 0);

  const int ended = status_of_child([] {
    catch_interrupts();
    raise(SIGINT);
    raise(SIGTERM);
  });
  EXPECT_TRUE(WIFSIGNALED(ended));
  EXPECT_EQ(WTERMSIG(ended), SIGTERM);
}

}  // namespace
}  // namespace thimble
