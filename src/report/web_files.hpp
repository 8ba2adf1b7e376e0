// The scripts, styles and pages that a build makes of the folder web/, built into the program.

#pragma once

#include <string>
#include <vector>

namespace thimble::report {

/// Is there such a file? None is in a program that was built without Node.js.
bool has_web_file(const std::string& name);

/// Names of those that there are, sorted: all that has_web_file() knows.
std::vector<std::string> web_file_names();

/// The content of "report.js", "report.css", "figures.js", "app.html", "app.css", "app.js",
/// "app_report.js" or "app_shared.js". Where THIMBLE_WEB in the environment names a folder, its
/// files stand in the place of those built in.
/// @throws FileError  if it is not there; says what to do
std::string read_web_file(const std::string& name);

}  // namespace thimble::report
