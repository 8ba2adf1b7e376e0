#include "serve/process_figures.hpp"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <sstream>
#include <string_view>

namespace thimble::serve {
namespace {

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::optional<std::uint64_t> resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  if (!(file >> total >> resident)) return std::nullopt;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

std::optional<std::uint64_t> open_descriptors() {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir("/proc/self/fd"), closedir);
  if (!folder) return std::nullopt;
  std::uint64_t count = 0;
  while (const dirent* entry = readdir(folder.get())) count += entry->d_name[0] != '.';
  return count - 1;  // the folder itself
}

/// Since 1970. The kernel counts from its own start (proc(5): field 22 of stat, in clock ticks).
std::optional<double> start_time() {
  std::ifstream file("/proc/self/stat");
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const std::size_t name_end = text.rfind(')');  // the program's name may hold anything
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(text.substr(name_end + 1));
  std::string skipped;
  for (int field = 3; field < 22; ++field) fields >> skipped;
  double ticks = 0;
  double up_seconds = 0;
  if (!(fields >> ticks) || !(std::ifstream("/proc/uptime") >> up_seconds)) return std::nullopt;
  const double now =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  return now - up_seconds + ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

template <class Value>
void append(std::string_view name, std::string_view type, std::string_view help, Value value,
            std::string& out) {
  fmt::format_to(std::back_inserter(out), "# HELP {0} {1}\n# TYPE {0} {2}\n{0} {3}\n", name, help,
                 type, value);
}

}  // namespace

std::string process_figures() {
  // The clocks' difference wavers by milliseconds; a start time must not.
  static const std::optional<double> started = start_time();
  std::string text;
  append("process_cpu_seconds_total", "counter", "Processor time used, user and system.",
         cpu_seconds(), text);
  if (const auto count = open_descriptors()) {
    append("process_open_fds", "gauge", "Open file descriptors.", *count, text);
  }
  if (const auto bytes = resident_bytes()) {
    append("process_resident_memory_bytes", "gauge", "Memory in RAM.", *bytes, text);
  }
  if (started) {
    append("process_start_time_seconds", "gauge", "When the process began, since 1970.", *started,
           text);
  }
  return text;
}

}  // namespace thimble::serve
