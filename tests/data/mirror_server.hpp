// A web server that misbehaves on request.

#pragma once

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace thimble {

/// mirror_server.py, serving one folder.
class MirrorServer {
 public:
  explicit MirrorServer(const std::filesystem::path& folder) {
    int ends[2];
    if (pipe(ends) != 0) throw std::runtime_error("no pipe");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    std::string script = std::string(THIMBLE_SOURCE_DIR) + "/tests/data/mirror_server.py";
    std::string served = folder.string();
    std::string program = "python3";
    char* arguments[] = {program.data(), script.data(), served.data(), nullptr};
    started_ = posix_spawnp(&process_, "python3", &actions, nullptr, arguments, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    output_ = fdopen(ends[0], "r");
    if (started_) port_ = line();
    started_ = !port_.empty();
  }
  ~MirrorServer() {
    if (process_ > 0) {
      kill(process_, SIGKILL);
      waitpid(process_, nullptr, 0);
    }
    fclose(output_);
  }
  MirrorServer(const MirrorServer&) = delete;
  MirrorServer& operator=(const MirrorServer&) = delete;

  bool started() const { return started_; }
  std::string url(const std::string& habit) const {
    return "http://127.0.0.1:" + port_ + "/" + habit + "/";
  }
  /// The next request it answered: "good first.gz bytes=500-".
  std::string line() {
    char text[256];
    if (!fgets(text, sizeof text, output_)) return "";
    const std::string read = text;
    return read.substr(0, read.find('\n'));
  }

 private:
  pid_t process_ = 0;
  FILE* output_ = nullptr;
  std::string port_;
  bool started_ = false;
};

}  // namespace thimble
