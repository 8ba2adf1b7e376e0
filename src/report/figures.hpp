// A report's figures as files, drawn without a browser.
//
// The page's own chart definitions (web/src/chart_options.ts) run in an embedded JavaScript engine
// and give SVG; librsvg makes PNG of it. So a figure in a paper is the figure on the page.

#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "report/document.hpp"

namespace thimble::report {

/// Writes every chart and confusion matrix as `<id>.svg` and `<id>.png`, every picture sheet as
/// `<id>.png`, all in the light theme. All are drawn before the first is written.
/// @param folder  made if missing
/// @return        the files written, in the report's order
/// @throws FileError  if the folder cannot be made or written
std::vector<std::filesystem::path> write_figures(const std::filesystem::path& folder,
                                                 const Report& report);

}  // namespace thimble::report
