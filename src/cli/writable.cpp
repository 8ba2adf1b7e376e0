#include "cli/writable.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include <fmt/format.h>

#include "base/atomic_file.hpp"
#include "base/error.hpp"

namespace thimble::cli {

namespace fs = std::filesystem;

void require_writable_file(const fs::path& path) {
  if (path.empty()) return;
  std::error_code unknown;
  if (fs::is_directory(path, unknown)) {
    throw FileError(path.string() + ": cannot write this file: it is a folder");
  }
  if (fs::exists(path, unknown) && !fs::is_regular_file(path, unknown)) return;
  const AtomicFile probe(path);
}

void require_writable_folder(const fs::path& path) {
  if (path.empty()) return;
  std::error_code unknown;
  fs::path there = fs::absolute(path);
  while (!fs::exists(there, unknown) && there.has_relative_path()) there = there.parent_path();
  if (!fs::is_directory(there, unknown)) {
    throw FileError(
        fmt::format("{}: cannot make this folder: {} is a file", path.string(), there.string()));
  }
  if (access(there.c_str(), W_OK | X_OK) != 0) {
    throw FileError(
        fmt::format("{}: cannot write into this folder: {}", path.string(), std::strerror(errno)));
  }
}

}  // namespace thimble::cli
