#include "cli/output_folder.hpp"

#include <system_error>

#include <fmt/format.h>

namespace thimble::cli {

namespace fs = std::filesystem;

fs::path free_folder(const fs::path& parent, const std::string& name) {
  fs::path folder = parent / name;
  std::error_code error;
  for (int i = 2; fs::exists(folder, error); ++i) folder = parent / fmt::format("{}-{}", name, i);
  return folder;
}

std::optional<fs::path> latest_folder(const fs::path& parent, const fs::path& file) {
  std::optional<fs::path> latest;
  fs::file_time_type latest_time;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(parent, error)) {
    const fs::file_time_type time = fs::last_write_time(entry.path() / file, error);
    if (error || (latest && time <= latest_time)) continue;
    latest = entry.path();
    latest_time = time;
  }
  return latest;
}

}  // namespace thimble::cli
