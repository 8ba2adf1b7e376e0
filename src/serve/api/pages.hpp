// The pages that are part of the program whatever it was built with (serve/pages/).

#pragma once

#include <string_view>

namespace thimble::serve {

/// The content of "form.html", "docs.html", "pages.css", "openapi.json" or "favicon.svg".
/// @throws FileError  if there is none of that name
std::string_view page_file(std::string_view name);

}  // namespace thimble::serve
