#include "base/progress.hpp"

#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"

namespace thimble {
namespace {

constexpr double kRedrawSeconds = 0.1;
constexpr double kPlainLineSeconds = 10;
constexpr double kNever = -1;

std::atomic<int> signal_arrived{0};
static_assert(std::atomic<int>::is_always_lock_free, "used in a signal handler");

extern "C" void on_signal(int number) {
  if (signal_arrived.exchange(1) != 0) {
    // The signal is blocked while its handler runs, and ends the process on return.
    signal(number, SIG_DFL);
    raise(number);
  }
}

double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

bool stderr_is_terminal() {
  const char* term = std::getenv("TERM");
  return isatty(STDERR_FILENO) == 1 && !(term && std::string_view(term) == "dumb");
}

std::size_t terminal_columns() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

/// Cuts at `columns` characters of UTF-8, whole ones.
std::string_view first_columns(std::string_view text, std::size_t columns) {
  std::size_t seen = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool starts_character = (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80;
    if (starts_character && seen++ == columns) return text.substr(0, i);
  }
  return text;
}

/// Progress must not end the work: what stderr refuses is lost.
void print(const std::string& text) {
  std::string_view left = text;
  while (!left.empty()) {
    const ssize_t written = write(STDERR_FILENO, left.data(), left.size());
    if (written <= 0) return;
    left.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::string amount(std::uint64_t count, const std::string& unit) {
  return unit == "B" ? format_bytes(count) : format_count(count);
}

struct State {
  std::uint64_t done;
  std::uint64_t total;
  double seconds;            ///< since the first update
  std::uint64_t since_then;  ///< units done in that time
};

std::string progress_line(const std::string& title, const std::string& unit, const State& state,
                          const std::string& detail) {
  std::string line = title;
  if (state.total > 0) {
    const double share = static_cast<double>(state.done) / static_cast<double>(state.total);
    line += fmt::format("  {:3.0f} %  {} of {}", 100 * share, amount(state.done, unit),
                        amount(state.total, unit));
  } else {
    line += fmt::format("  {}", amount(state.done, unit));
  }
  if (unit != "B") line += " " + unit;
  if (state.seconds > 0 && state.since_then > 0) {
    const double rate = static_cast<double>(state.since_then) / state.seconds;
    line += fmt::format("  {}/s", rate >= 10 || unit == "B"
                                      ? amount(static_cast<std::uint64_t>(rate), unit)
                                      : fmt::format("{:.1f}", rate));
    if (state.done < state.total) {
      const auto left = static_cast<double>(state.total - state.done);
      line += fmt::format("  {} left", format_duration(left / rate));
    }
  }
  if (!detail.empty()) line += "  " + detail;
  return line;
}

}  // namespace

ConsoleProgress::ConsoleProgress(std::string title, std::string unit)
    : title_(std::move(title)),
      unit_(std::move(unit)),
      terminal_(stderr_is_terminal()),
      started_s_(kNever),
      last_drawn_s_(kNever) {}

ConsoleProgress::~ConsoleProgress() { clear_line(); }

void ConsoleProgress::update(std::uint64_t done, std::uint64_t total, const std::string& detail) {
  const std::lock_guard lock(mutex_);
  const double now = now_s();
  // The first update, and a smaller count (the next epoch), start the clock: work that was already
  // done before must not count towards the rate.
  if (started_s_ == kNever || done < last_done_) {
    if (started_s_ == kNever) last_drawn_s_ = terminal_ ? kNever : now;
    started_s_ = now;
    first_done_ = done;
  }
  last_done_ = done;
  if (last_drawn_s_ != kNever &&
      now - last_drawn_s_ < (terminal_ ? kRedrawSeconds : kPlainLineSeconds)) {
    return;
  }
  last_drawn_s_ = now;
  const std::string line =
      progress_line(title_, unit_, {done, total, now - started_s_, done - first_done_}, detail);
  if (terminal_) {
    print(fmt::format("\r{}\x1b[K", first_columns(line, terminal_columns() - 1)));
    line_open_ = true;
  } else {
    print(line + "\n");
  }
}

void ConsoleProgress::message(const std::string& text) {
  const std::lock_guard lock(mutex_);
  clear_line();
  print(text + "\n");
}

bool ConsoleProgress::stop_requested() const { return interrupted(); }

void ConsoleProgress::clear_line() {
  if (!line_open_) return;
  print("\r\x1b[K");
  line_open_ = false;
}

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() { return signal_arrived.load() != 0; }

}  // namespace thimble
