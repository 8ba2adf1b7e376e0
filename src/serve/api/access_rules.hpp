// Who may ask: the token, and other sites' pages.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "serve/http.hpp"

namespace thimble::serve {

/// Compares in a time that tells nothing of where they differ.
bool same_secret(std::string_view given, std::string_view wanted);

/// Does the request bring `Authorization: Bearer <token>`? With an empty token every request does.
bool is_authorized(const HttpRequest& request, const std::string& token);

/// 401 with WWW-Authenticate (RFC 6750).
HttpResponse unauthorized();

/// Cross-origin requests (CORS, https://fetch.spec.whatwg.org/#http-cors-protocol).
class OriginRules {
 public:
  /// @param origins  such as "https://shop.example"; "*": any
  explicit OriginRules(std::vector<std::string> origins);

  /// Lets the page that asked read the answer, if it may.
  void apply(const HttpRequest& request, HttpResponse& response) const;

  /// The answer to OPTIONS for a path that has `methods`; apply() is still to come.
  HttpResponse preflight(const HttpRequest& request, const std::string& methods) const;

  bool none() const { return origins_.empty(); }

 private:
  /// What Access-Control-Allow-Origin says; empty: nothing.
  std::string_view allowed(const HttpRequest& request) const;

  std::vector<std::string> origins_;
  bool any_;
};

}  // namespace thimble::serve
