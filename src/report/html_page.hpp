// A report as one HTML file that needs nothing else: no network, no other file.

#pragma once

#include <filesystem>
#include <string>

#include "report/document.hpp"

namespace thimble::report {

/// The whole page: the report's JSON, the styles and the script that are part of the program.
/// @throws FileError  if this program was built without the page's script; says what to do
std::string html_page(const Report& report);

/// Writes html_page() atomically.
/// @throws FileError  if it cannot be written
void write_html(const std::filesystem::path& path, const Report& report);

}  // namespace thimble::report
