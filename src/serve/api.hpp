// The HTTP API: which path does what. docs/http-api.md describes it for its users.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "serve/http.hpp"
#include "serve/metrics.hpp"
#include "serve/service.hpp"

namespace thimble::serve {

struct ApiOptions {
  std::string token;                 ///< what `Authorization: Bearer` must bring; empty: nothing
  std::vector<std::string> origins;  ///< of other sites' pages that may ask (CORS); "*": any
  std::size_t max_pictures = 64;     ///< in one request
};

/// Answers requests with the help of a service. Must outlive the requests under way.
class Api {
 public:
  Api(ApiOptions options, Service& service, Metrics& metrics);
  ~Api();
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  /// A Handler.
  void handle(HttpRequest request, Respond respond);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace thimble::serve
