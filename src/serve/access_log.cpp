#include "serve/access_log.hpp"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <iterator>
#include <mutex>
#include <string_view>
#include <thread>

#include "base/error.hpp"
#include "base/escape.hpp"

namespace thimble::serve {
namespace {

using Clock = std::chrono::system_clock;

// About a tenth of a second of the fastest traffic: more only if the disk stands still.
constexpr std::size_t kMaxWaiting = 8192;
// The writer sleeps so long before it takes what has come: one write for many lines.
constexpr std::chrono::milliseconds kGather{20};

void append_member(std::string_view name, std::string_view value, std::string& out) {
  out += ',';
  append_json_string(out, name);
  out += ':';
  append_json_string(out, value);
}

/// {"time":"2026-11-20T21:20:42.123Z"
void append_time(Clock::time_point time, std::string& out) {
  const auto since = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch());
  fmt::format_to(std::back_inserter(out), "{{\"time\":\"{:%Y-%m-%dT%H:%M:%S}.{:03}Z\"",
                 fmt::gmtime(Clock::to_time_t(time)), since.count() % 1000);
}

void append_record(const AccessRecord& record, Clock::time_point time, std::string& out) {
  append_time(time, out);
  append_member("id", record.id, out);
  append_member("client", record.client, out);
  append_member("method", record.method, out);
  append_member("path", record.path, out);
  fmt::format_to(std::back_inserter(out),
                 ",\"status\":{},\"bytes_in\":{},\"bytes_out\":{},\"milliseconds\":{:.3f}",
                 record.status, record.bytes_in, record.bytes_out, record.milliseconds);
  for (const auto& [name, value] : record.further) append_member(name, value, out);
  out += "}\n";
}

/// The open file; standard error is not ours to close.
class Target {
 public:
  explicit Target(std::string path) : path_(std::move(path)) { descriptor_ = open_file(); }
  ~Target() { close_file(); }
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;

  void reopen() {
    const int opened = open_file();
    close_file();
    descriptor_ = opened;
  }

  bool write(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t count = ::write(descriptor_, text.data(), text.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return false;
      text.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }

 private:
  int open_file() const {
    if (path_ == "-") return STDERR_FILENO;
    const int opened = open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
    if (opened < 0) {
      throw FileError("access log " + path_ + ": cannot be opened: " + std::strerror(errno));
    }
    return opened;
  }
  void close_file() const {
    if (descriptor_ != STDERR_FILENO) close(descriptor_);
  }

  std::string path_;
  int descriptor_ = -1;
};

}  // namespace

class AccessLog::Impl {
 public:
  explicit Impl(const std::string& path) : target_(path), thread_([this] { run(); }) {}

  ~Impl() {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  void write(AccessRecord record) {
    const auto now = Clock::now();
    bool was_idle = false;
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.size() >= kMaxWaiting) {
        ++dropped_;
        return;
      }
      was_idle = waiting_.empty();
      waiting_.push_back({std::move(record), now});
    }
    if (was_idle) wake_.notify_one();
  }

  void reopen() {
    {
      const std::lock_guard lock(mutex_);
      reopening_ = true;
    }
    wake_.notify_one();
  }

 private:
  struct Entry {
    AccessRecord record;
    Clock::time_point time;
  };

  void run() {
    std::vector<Entry> entries;
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [&] { return ending_ || reopening_ || !waiting_.empty(); });
      wake_.wait_for(lock, kGather, [&] { return ending_ || reopening_; });
      entries.swap(waiting_);
      const std::uint64_t dropped = std::exchange(dropped_, 0);
      const bool reopening = std::exchange(reopening_, false);
      const bool ending = ending_;
      lock.unlock();
      write_out(entries, dropped);
      entries.clear();
      if (reopening) reopen_target();
      if (ending) return;
      lock.lock();
    }
  }

  void write_out(const std::vector<Entry>& entries, std::uint64_t dropped) {
    std::string text;
    for (const Entry& entry : entries) append_record(entry.record, entry.time, text);
    dropped += lost_;
    if (dropped > 0) {
      append_time(Clock::now(), text);
      fmt::format_to(std::back_inserter(text), ",\"dropped\":{}}}\n", dropped);
    }
    lost_ = target_.write(text) ? 0 : dropped + entries.size();
  }

  void reopen_target() {
    try {
      target_.reopen();
    } catch (const FileError& error) {
      fmt::print(stderr, "{}; the log goes on in the file opened before\n", error.what());
    }
  }

  Target target_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Entry> waiting_;
  std::uint64_t dropped_ = 0;  // because too many waited
  std::uint64_t lost_ = 0;     // because the file could not be written
  bool reopening_ = false;
  bool ending_ = false;
  std::thread thread_;
};

AccessLog::AccessLog(const std::string& target) {
  if (!target.empty()) impl_ = std::make_unique<Impl>(target);
}
AccessLog::~AccessLog() = default;

bool AccessLog::enabled() const { return impl_ != nullptr; }

void AccessLog::write(AccessRecord record) {
  if (impl_) impl_->write(std::move(record));
}

void AccessLog::reopen() {
  if (impl_) impl_->reopen();
}

}  // namespace thimble::serve
