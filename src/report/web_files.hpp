// The scripts and styles of the report page, which a build makes of the folder web/.

#pragma once

#include <string>

namespace thimble::report {

/// The content of "report.js", "report.css" or "figures.js".
/// @throws FileError  if it is not there; says what to do
std::string read_web_file(const std::string& name);

}  // namespace thimble::report
