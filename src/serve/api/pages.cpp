#include "serve/api/pages.hpp"

#include <algorithm>
#include <span>
#include <string>

#include "base/embedded.hpp"
#include "base/error.hpp"

namespace thimble::serve {

/// Made by the build (cmake/ThimbleEmbed.cmake).
std::span<const EmbeddedFile> embedded_pages();

std::string_view page_file(std::string_view name) {
  const auto files = embedded_pages();
  const auto file = std::ranges::find(files, name, &EmbeddedFile::name);
  if (file == files.end()) throw FileError(std::string(name) + ": no such page in this program");
  return file->content;
}

}  // namespace thimble::serve
