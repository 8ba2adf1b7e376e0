// Files that are the same for everybody: pages, scripts, styles.

#pragma once

#include <string>
#include <string_view>

#include "serve/http.hpp"

namespace thimble::serve {

/// A file ready to be sent, also compressed where that helps.
class StaticFile {
 public:
  /// @param name           its ending tells the type
  /// @param cache_control  for how long clients may keep it
  StaticFile(std::string_view name, std::string content, std::string cache_control);

  /// The file, or 304 where the client has it (If-None-Match).
  HttpResponse answer(const HttpRequest& request) const;

 private:
  std::string type_;
  std::string cache_control_;
  std::string content_;
  std::string compressed_;  ///< with gzip; empty where that saves little
  std::string tag_;         ///< of the content, without quotes
};

/// "text/html; charset=utf-8", by the name's ending; empty where it is not known.
std::string_view media_type_of(std::string_view name);

/// Does the value of an Accept-Encoding header allow gzip?
bool accepts_gzip(std::string_view accept_encoding);

}  // namespace thimble::serve
