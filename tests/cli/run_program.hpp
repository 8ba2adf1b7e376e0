// Runs the program itself, as a user would.

#pragma once

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "temporary_folder.hpp"

namespace thimble {

struct Outcome {
  int status = -1;  ///< exit status; 128 + the signal where one ended it
  std::string out;
  std::string err;
};

/// The program, running in a folder.
class RunningProgram {
 public:
  /// @param largest_file  bytes that a file may reach before writing fails, as on a full disk; 0:
  /// any
  RunningProgram(const std::filesystem::path& folder, const std::vector<std::string>& arguments,
                 rlim_t largest_file = 0) {
    const std::filesystem::path out = output_ / "out";
    const std::filesystem::path err = output_ / "err";
    pid_ = fork();
    if (pid_ != 0) return;
    std::vector<char*> argv = {const_cast<char*>(THIMBLE_PROGRAM)};
    for (const std::string& argument : arguments)
      argv.push_back(const_cast<char*>(argument.data()));
    argv.push_back(nullptr);
    if (chdir(folder.c_str()) != 0) _exit(126);
    dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
    dup2(open(out.c_str(), O_WRONLY | O_CREAT, 0600), STDOUT_FILENO);
    dup2(open(err.c_str(), O_WRONLY | O_CREAT, 0600), STDERR_FILENO);
    setenv("THIMBLE_RECIPES", THIMBLE_SOURCE_DIR "/recipes", 1);
    if (largest_file != 0) {
      signal(SIGXFSZ, SIG_IGN);
      const rlimit limit{largest_file, largest_file};
      setrlimit(RLIMIT_FSIZE, &limit);
    }
    execv(THIMBLE_PROGRAM, argv.data());
    _exit(127);
  }

  void send(int signal_number) const { kill(pid_, signal_number); }

  /// Files that take what it prints.
  std::filesystem::path out_file() const { return output_ / "out"; }
  std::filesystem::path err_file() const { return output_ / "err"; }

  /// Waits until `path` exists with at least `lines` lines, or the program ended.
  void wait_for_lines(const std::filesystem::path& path, long lines) {
    const auto enough = [&] {
      const std::string text = read_text(path);
      return std::count(text.begin(), text.end(), '\n') >= lines;
    };
    while (!enough() && !poll()) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }

  Outcome wait() {
    if (!ended_) waitpid(pid_, &raw_status_, 0);
    ended_ = true;
    const int status =
        WIFSIGNALED(raw_status_) ? 128 + WTERMSIG(raw_status_) : WEXITSTATUS(raw_status_);
    return {status, read_text(output_ / "out"), read_text(output_ / "err")};
  }

 private:
  bool poll() {
    if (!ended_) ended_ = waitpid(pid_, &raw_status_, WNOHANG) == pid_;
    return ended_;
  }

  TemporaryFolder output_;
  pid_t pid_ = -1;
  int raw_status_ = 0;
  bool ended_ = false;
};

inline Outcome run_thimble(const std::filesystem::path& folder,
                           const std::vector<std::string>& arguments, rlim_t largest_file = 0) {
  return RunningProgram(folder, arguments, largest_file).wait();
}

}  // namespace thimble
