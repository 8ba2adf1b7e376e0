// The HTTP API: which path does what. docs/http-api.md describes it for its users.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "serve/http.hpp"
#include "serve/metrics.hpp"
#include "serve/router.hpp"
#include "serve/service.hpp"

namespace thimble::serve {

struct ApiOptions {
  std::string token;                 ///< what `Authorization: Bearer` must bring; empty: nothing
  std::vector<std::string> origins;  ///< of other sites' pages that may ask (CORS); "*": any
  std::size_t max_pictures = 64;     ///< in one request
};

/// Answers requests with the help of a service, which must outlive it.
class Api {
 public:
  Api(ApiOptions options, Service& service, Metrics& metrics);
  /// Waits for the requests under way.
  ~Api();
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  /// A Handler.
  void handle(HttpRequest request, Respond respond);

  const std::vector<Route>& routes() const;

  /// Requests that have come and are not answered yet.
  std::int64_t under_way() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace thimble::serve
