#include "base/shipped.hpp"

#include <cstdlib>
#include <system_error>
#include <vector>

namespace thimble {

namespace fs = std::filesystem;

std::string program_version() { return THIMBLE_VERSION; }

fs::path shipped_folder(const std::string& name, const char* override_variable) {
  if (const char* chosen = std::getenv(override_variable); chosen && *chosen) return chosen;

  const fs::path installed = fs::path(THIMBLE_INSTALLED_DATA) / name;
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (error) return installed;
  const fs::path folder = program.parent_path();
  const std::vector<fs::path> candidates = {folder / name, folder.parent_path() / name,
                                            folder.parent_path() / "share" / "thimble" / name};
  for (const fs::path& candidate : candidates) {
    if (fs::is_directory(candidate, error)) return candidate;
  }
  return installed;
}

}  // namespace thimble
