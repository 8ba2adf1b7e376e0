// Making folders.

#pragma once

#include <filesystem>

namespace thimble {

/// Makes the folder, with those above it, unless it is there.
/// @return            whether it was made
/// @throws FileError  if it cannot be made, or a file of that name is in the way
bool make_folder(const std::filesystem::path& folder);

}  // namespace thimble
