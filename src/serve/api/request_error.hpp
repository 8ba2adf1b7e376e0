// A request that cannot be answered.

#pragma once

#include <string>

#include "base/error.hpp"

namespace thimble::serve {

/// What problem details will say of it (see problem() in serve/http.hpp).
class RequestError : public Error {
 public:
  RequestError(int status, std::string title, const std::string& detail)
      : Error(detail), status_(status), title_(std::move(title)) {}

  int status() const { return status_; }
  const std::string& title() const { return title_; }

 private:
  int status_;
  std::string title_;
};

}  // namespace thimble::serve
