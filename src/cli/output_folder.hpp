// Folders for results that nobody named.

#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace thimble::cli {

/// parent/name, or with a number behind it where that exists.
std::filesystem::path free_folder(const std::filesystem::path& parent, const std::string& name);

/// The folder in `parent` whose `file`, a path within it, was written last; nothing if none has it.
std::optional<std::filesystem::path> latest_folder(const std::filesystem::path& parent,
                                                   const std::filesystem::path& file);

}  // namespace thimble::cli
