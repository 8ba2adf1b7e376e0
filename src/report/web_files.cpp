#include "report/web_files.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include "base/atomic_file.hpp"
#include "base/embedded.hpp"
#include "base/error.hpp"

namespace thimble::report {

/// Made by the build, of what it bundled; empty where there was no Node.js.
std::span<const EmbeddedFile> embedded_web_files();

namespace {

std::optional<std::filesystem::path> replaced(const std::string& name) {
  const char* folder = std::getenv("THIMBLE_WEB");
  if (folder == nullptr || *folder == '\0') return std::nullopt;
  return std::filesystem::path(folder) / name;
}

std::optional<std::string_view> embedded(const std::string& name) {
  const auto files = embedded_web_files();
  const auto file = std::ranges::find(files, name, &EmbeddedFile::name);
  if (file == files.end()) return std::nullopt;
  return file->content;
}

}  // namespace

bool has_web_file(const std::string& name) {
  std::error_code error;
  if (const auto path = replaced(name)) return std::filesystem::is_regular_file(*path, error);
  return embedded(name).has_value();
}

std::vector<std::string> web_file_names() {
  std::vector<std::string> names;
  if (const auto folder = replaced("")) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(*folder, error)) {
      if (has_web_file(entry.path().filename())) names.push_back(entry.path().filename());
    }
  } else {
    for (const EmbeddedFile& file : embedded_web_files()) names.emplace_back(file.name);
  }
  std::ranges::sort(names);
  return names;
}

std::string read_web_file(const std::string& name) {
  if (const auto path = replaced(name)) {
    if (has_web_file(name)) return read_file(*path);
    throw FileError(fmt::format(
        "{}: not there, and THIMBLE_WEB in the environment says that the page's files are; unset "
        "it to use those that are part of the program",
        path->string()));
  }
  if (const auto content = embedded(name)) return std::string(*content);
  throw FileError(
      fmt::format("{}: this program was built without it, and reports need it. Build Thimble again "
                  "where node and npm are installed, or name a folder that has it in THIMBLE_WEB",
                  name));
}

}  // namespace thimble::report
