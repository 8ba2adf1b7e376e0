// A folder of page files for a test, in the place of what a build makes of web/.

#pragma once

#include <cstdlib>

#include "temporary_folder.hpp"

namespace thimble::report {

class WebFolder {
 public:
  WebFolder() { setenv("THIMBLE_WEB", folder_.path().c_str(), 1); }
  ~WebFolder() { unsetenv("THIMBLE_WEB"); }
  WebFolder(const WebFolder&) = delete;
  WebFolder& operator=(const WebFolder&) = delete;

  void add(const std::string& name, const std::string& content) {
    write_text(folder_ / name, content);
  }

 private:
  TemporaryFolder folder_;
};

}  // namespace thimble::report
