// Whether results will find their place, asked before the long work that makes them.

#pragma once

#include <filesystem>

namespace thimble::cli {

/// Begins the file and takes it back; what stands there stays as it is. An empty path is not asked
/// about, nor is what is no regular file (a pipe, a device).
/// @throws FileError  if it cannot be written
void require_writable_file(const std::filesystem::path& path);

/// An empty path is not asked about.
/// @throws FileError  if the folder is neither there and writable nor can be made
void require_writable_folder(const std::filesystem::path& path);

}  // namespace thimble::cli
