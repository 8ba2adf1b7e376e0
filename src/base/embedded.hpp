// Files that are part of the program itself (cmake/ThimbleEmbed.cmake).

#pragma once

#include <span>
#include <string_view>

namespace thimble {

struct EmbeddedFile {
  std::string_view name;  ///< without a folder: "report.js"
  std::string_view content;
};

}  // namespace thimble
