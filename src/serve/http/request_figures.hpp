// How many requests of which kind, and how long they took.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "serve/metrics.hpp"

namespace thimble::serve {

/// thimble_http_requests_total{path, method, status} and
/// thimble_http_request_duration_seconds{path}. Keeps the figures at hand that it has used, so that
/// counting takes no lock: for one thread only.
class RequestFigures {
 public:
  explicit RequestFigures(Metrics& metrics) : metrics_(metrics) {}

  /// @param route  HttpResponse::route
  void count(const std::string& route, std::string_view method, int status, double seconds);

 private:
  struct Kind {
    std::string route;
    std::string_view method;
    int status;
    Counter* requests;
    Histogram* seconds;
  };

  Metrics& metrics_;
  std::vector<Kind> kinds_;
};

}  // namespace thimble::serve
