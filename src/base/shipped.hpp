// The program's version and the files that come with it.

#pragma once

#include <filesystem>
#include <string>

namespace thimble {

/// "0.1.0".
std::string program_version();

/// A folder that ships with Thimble: "recipes", "models".
///
/// The first that exists of: the folder that `override_variable` names in the environment; beside
/// the running program or one folder up (a build); ../share/thimble/ from the program (an install
/// that was moved); the place it was installed to. Without any, the last, which may not exist.
std::filesystem::path shipped_folder(const std::string& name, const char* override_variable);

}  // namespace thimble
