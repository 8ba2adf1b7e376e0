// How long work tells what it is doing, and learns that it should stop.

#pragma once

#include <cstdint>
#include <mutex>
#include <string>

namespace thimble {

/// Receives the progress of one piece of work. The default does nothing, so work can always report.
/// Work that runs on several threads may call from any of them, also at once.
class Progress {
 public:
  virtual ~Progress() = default;

  /// `done` of `total` units are finished (`total` 0: unknown). `detail` is free text for the end
  /// of the line, such as "loss 0.41  accuracy 0.853".
  virtual void update(std::uint64_t done, std::uint64_t total, const std::string& detail) {
    (void)done, (void)total, (void)detail;
  }
  /// A finished line that stays, such as the summary of one epoch.
  virtual void message(const std::string& text) { (void)text; }
  /// True once the user asked to stop; long work checks it often and throws Cancelled.
  virtual bool stop_requested() const { return false; }
};

/// Passes on the wish to stop, and nothing of what is done.
class StopOnly : public Progress {
 public:
  /// @param inner  is asked; outlives this
  explicit StopOnly(const Progress& inner) : inner_(inner) {}
  bool stop_requested() const override { return inner_.stop_requested(); }

 private:
  const Progress& inner_;
};

/// Progress for people: on a terminal one line on stderr, redrawn at most ten times a second with
/// rate and time left; elsewhere a plain line every ten seconds at the most. `message` goes on a
/// line of its own in both. Stops on SIGINT or SIGTERM once catch_interrupts() was called.
class ConsoleProgress : public Progress {
 public:
  /// @param title  what is being done, at the start of the line
  /// @param unit   what is counted, for the rate: "images", "B" (bytes are scaled to kB, MB, GB)
  ConsoleProgress(std::string title, std::string unit);
  ~ConsoleProgress() override;
  void update(std::uint64_t done, std::uint64_t total, const std::string& detail) override;
  void message(const std::string& text) override;
  bool stop_requested() const override;

 private:
  void clear_line();

  std::mutex mutex_;
  std::string title_;
  std::string unit_;
  bool terminal_;
  bool line_open_ = false;
  double started_s_;
  double last_drawn_s_;
  std::uint64_t first_done_ = 0;
  std::uint64_t last_done_ = 0;
};

/// From now on SIGINT and SIGTERM set a flag instead of ending the process; a second one ends it.
void catch_interrupts();

/// True once SIGINT or SIGTERM arrived after catch_interrupts().
bool interrupted();

}  // namespace thimble
