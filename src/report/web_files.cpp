#include "report/web_files.hpp"

#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/shipped.hpp"

namespace thimble::report {

std::string read_web_file(const std::string& name) {
  const std::filesystem::path path = shipped_folder("web", "THIMBLE_WEB") / name;
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    throw FileError(
        fmt::format("{}: not there, and reports need it. Building Thimble makes it where node and "
                    "npm are installed (`cmake --build`); a folder that has it can be named in "
                    "THIMBLE_WEB",
                    path.string()));
  }
  return read_file(path);
}

}  // namespace thimble::report
