#include "models/run_folder.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/folder.hpp"
#include "base/json_difference.hpp"
#include "base/shipped.hpp"
#include "models/recipe_toml.hpp"

namespace thimble {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr std::uint64_t kLargestConfig = 1'000'000;       // bytes
constexpr std::uint64_t kLargestHistory = 1'000'000'000;  // bytes

[[noreturn]] void fail(const fs::path& path, const char* what) {
  throw FileError(path.string() + ": " + what + ": " + std::strerror(errno));
}

/// An open file that closes itself.
struct Descriptor {
  int value;
  ~Descriptor() {
    if (value >= 0) ::close(value);
  }
};

void write_all(int descriptor, std::string_view text, const fs::path& path) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(path, "cannot be written");
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

/// The recipe as config.toml has it: what a run adds stands in the table [run].
json config_of(const Recipe& recipe, const std::string& data_fingerprint) {
  json config = parse_toml(to_toml(recipe), "recipe " + recipe.name);
  config["run"] = {{"data_fingerprint", data_fingerprint}, {"program_version", program_version()}};
  return config;
}

void check_config(const RunPaths& paths, const json& now) {
  const json before =
      parse_toml(read_file(paths.config(), kLargestConfig), paths.config().string());
  const auto fingerprint = [](const json& config) -> std::string {
    const auto run = config.find("run");
    return run == config.end() || !run->is_object() ? ""
                                                    : run->value("data_fingerprint", json()).dump();
  };
  if (fingerprint(before) != fingerprint(now)) {
    throw UsageError(paths.folder.string() +
                     ": cannot resume, the run there was started on other training data (or "
                     "another split of it); use the same --data, or another --out");
  }
  json settings_before = before;
  json settings_now = now;
  for (const char* key : {"run", "description"}) {
    settings_before.erase(key);
    settings_now.erase(key);
  }
  const std::string found = first_difference(settings_before, settings_now);
  if (!found.empty()) {
    throw UsageError(paths.folder.string() +
                     ": cannot resume, the run there was started with other settings: " + found +
                     "; use the same, or another --out");
  }
}

/// Bytes of the whole lines at the start of `text`, at most `most` of them.
std::size_t whole_lines(std::string_view text, std::size_t most) {
  std::size_t end = 0;
  for (std::size_t lines = 0; lines < most; ++lines) {
    const std::size_t line_end = text.find('\n', end);
    if (line_end == std::string_view::npos) break;
    end = line_end + 1;
  }
  return end;
}

}  // namespace

bool holds_run(const fs::path& folder) {
  const RunPaths paths(folder);
  std::error_code error;
  return fs::exists(paths.config(), error) || fs::exists(paths.history(), error) ||
         fs::exists(paths.checkpoint(), error) || fs::exists(paths.model(), error);
}

void require_no_run(const fs::path& folder) {
  if (!holds_run(folder)) return;
  throw UsageError(folder.string() +
                   ": holds a run already; choose another --out, or go on with it: --resume");
}

std::vector<json> read_history(const fs::path& history) {
  std::error_code error;
  if (!fs::exists(history, error)) return {};
  const std::string text = read_file(history, kLargestHistory);
  std::vector<json> lines;
  std::string_view rest = std::string_view(text).substr(0, whole_lines(text, SIZE_MAX));
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    json line = json::parse(rest.substr(0, end), nullptr, /*allow_exceptions=*/false);
    if (!line.is_object()) {
      throw DataError(history.string() + ", line " + std::to_string(lines.size() + 1) +
                      ": not a JSON object");
    }
    lines.push_back(std::move(line));
    rest.remove_prefix(end + 1);
  }
  return lines;
}

RunFolder RunFolder::open(const fs::path& folder, const Recipe& recipe,
                          const std::string& data_fingerprint, bool resume) {
  const json config = config_of(recipe, data_fingerprint);
  const bool made_folder = make_folder(folder);
  RunFolder run(folder);
  run.made_folder_ = made_folder;
  if (holds_run(folder)) {
    if (!resume) require_no_run(folder);
    if (!fs::exists(run.paths_.config())) {
      throw UsageError(folder.string() + ": cannot resume, the run there has no config.toml");
    }
    check_config(run.paths_, config);
    run.resumed_ = true;
  } else {
    write_file(run.paths_.config(), to_toml(config));
  }
  return run;
}

void RunFolder::abandon() noexcept {
  std::error_code ignored;
  if (!resumed_) fs::remove(paths_.config(), ignored);
  if (!made_folder_) return;
  fs::remove(paths_.folder / ".lock", ignored);
  fs::remove(paths_.folder, ignored);  // fails, as it should, if something else is in it
}

void RunFolder::append_history(const json& line) {
  const fs::path path = paths_.history();
  const Descriptor file{::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666)};
  if (file.value < 0) fail(path, "cannot be written");
  const std::string before = read_file(path, kLargestHistory);
  const std::size_t whole = whole_lines(before, SIZE_MAX);
  if (whole != before.size() && ::ftruncate(file.value, static_cast<off_t>(whole)) != 0) {
    fail(path, "cannot be repaired");
  }
  write_all(file.value, line.dump() + "\n", path);
  if (::fdatasync(file.value) != 0) fail(path, "cannot be written");
}

void RunFolder::truncate_history(std::size_t epochs) {
  std::error_code error;
  if (!fs::exists(paths_.history(), error)) return;
  const std::string text = read_file(paths_.history(), kLargestHistory);
  const std::size_t kept = whole_lines(text, epochs);
  if (kept != text.size()) write_file(paths_.history(), std::string_view(text).substr(0, kept));
}

}  // namespace thimble
