// The files that make up the page and its surroundings, by their paths.

#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "serve/api/static_files.hpp"

namespace thimble::serve {

/// Read once, when it is made: from the program itself, or from the folder that THIMBLE_WEB names
/// (report/web_files.hpp).
class Site {
 public:
  /// @throws FileError  if a file of that folder cannot be read
  Site();

  /// Null where there is no file at a path: "/" (without Node.js at build time there is none),
  /// "/docs", "/openapi.json", "/app.js", "/pages.css", ...
  const StaticFile* find(std::string_view path) const;

 private:
  void add(std::string path, std::string_view name, std::string text);

  std::map<std::string, StaticFile, std::less<>> files_;
};

}  // namespace thimble::serve
