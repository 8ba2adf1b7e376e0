// A folder that one process at a time works in.

#pragma once

#include <filesystem>
#include <string>

namespace thimble {

/// Holds `folder`/.lock while it lives; the kernel gives it up when the process ends, however it
/// does. Some network file systems know no locks; work there goes on unguarded.
class FolderLock {
 public:
  /// @param work  what another process would be doing there, for the message: "training"
  /// @throws FileError  if another process holds it, or the file cannot be written
  FolderLock(const std::filesystem::path& folder, const std::string& work);
  ~FolderLock();
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace thimble
