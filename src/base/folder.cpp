#include "base/folder.hpp"

#include <system_error>

#include "base/error.hpp"

namespace thimble {

bool make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  const bool made = std::filesystem::create_directories(folder, error);
  if (error || !std::filesystem::is_directory(folder, error)) {
    throw FileError(folder.string() +
                    ": cannot make this folder: " + (error ? error.message() : "it is a file"));
  }
  return made;
}

}  // namespace thimble
