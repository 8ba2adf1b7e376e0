#include "serve/api/site.hpp"

#include <utility>

#include "base/shipped.hpp"
#include "report/web_files.hpp"
#include "serve/api/pages.hpp"

namespace thimble::serve {
namespace {

/// Always asked for again (a 304 is cheap), so that no script meets a page of another version.
constexpr const char* kRevalidate = "no-cache";

std::string openapi_text() {
  constexpr std::string_view kPlace = "@version@";
  std::string text(page_file("openapi.json"));
  text.replace(text.find(kPlace), kPlace.size(), program_version());
  return text;
}

}  // namespace

Site::Site() {
  add("/docs", "docs.html", std::string(page_file("docs.html")));
  add("/openapi.json", "openapi.json", openapi_text());
  for (const char* name : {"pages.css", "favicon.svg"}) {
    add(std::string("/") + name, name, std::string(page_file(name)));
  }
  for (const std::string& name : report::web_file_names()) {
    // What draws a report's figures inside of the program is of no use to a browser.
    if (name == "figures.js" || media_type_of(name).empty()) continue;
    add(name == "app.html" ? "/" : "/" + name, name, report::read_web_file(name));
  }
}

void Site::add(std::string path, std::string_view name, std::string text) {
  files_.emplace(std::move(path), StaticFile(name, std::move(text), kRevalidate));
}

const StaticFile* Site::find(std::string_view path) const {
  const auto file = files_.find(path);
  return file == files_.end() ? nullptr : &file->second;
}

}  // namespace thimble::serve
