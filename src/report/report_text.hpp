// A report in the terminal: each section's finding, its figures and small tables.

#pragma once

#include <cstddef>
#include <string>

#include "report/document.hpp"

namespace thimble::report {

struct ReportTextOptions {
  std::size_t width = 100;  ///< characters a line, at most; columns that do not fit are left out
  std::size_t table_rows = 20;  ///< of a longer table the first are printed
};

/// Title, lead and sections; charts and pictures are left to the page.
std::string to_text(const Report& report, const ReportTextOptions& options = {});

}  // namespace thimble::report
