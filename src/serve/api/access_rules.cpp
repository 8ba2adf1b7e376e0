#include "serve/api/access_rules.hpp"

#include <algorithm>
#include <utility>

#include <openssl/crypto.h>

#include "base/hash.hpp"
#include "base/text.hpp"

namespace thimble::serve {

bool same_secret(std::string_view given, std::string_view wanted) {
  // Their digests have one length, so nothing is told of that either.
  const std::string a = sha256_hex(std::as_bytes(std::span(given)));
  const std::string b = sha256_hex(std::as_bytes(std::span(wanted)));
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool is_authorized(const HttpRequest& request, const std::string& token) {
  if (token.empty()) return true;
  constexpr std::string_view kScheme = "bearer ";
  const std::string_view value = request.header("authorization");
  if (to_lower(value.substr(0, kScheme.size())) != kScheme) return false;
  return same_secret(trim(value.substr(kScheme.size())), token);
}

HttpResponse unauthorized() {
  HttpResponse response =
      problem(401, "Token needed",
              "This service asks for a token: send the header 'Authorization: Bearer <token>' with "
              "the one that it was started with");
  response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"thimble\"");
  return response;
}

OriginRules::OriginRules(std::vector<std::string> origins)
    : origins_(std::move(origins)),
      any_(std::find(origins_.begin(), origins_.end(), "*") != origins_.end()) {}

std::string_view OriginRules::allowed(const HttpRequest& request) const {
  if (any_) return "*";
  const std::string_view origin = request.header("origin");
  const bool known = std::find(origins_.begin(), origins_.end(), origin) != origins_.end();
  return known ? origin : std::string_view();
}

void OriginRules::apply(const HttpRequest& request, HttpResponse& response) const {
  if (none()) return;
  if (!any_) {
    const auto vary =
        std::ranges::find(response.headers, "Vary", &std::pair<std::string, std::string>::first);
    if (vary == response.headers.end()) {
      response.headers.emplace_back("Vary", "Origin");
    } else {
      vary->second += ", Origin";
    }
  }
  const std::string_view origin = allowed(request);
  if (request.header("origin").empty() || origin.empty()) return;
  response.headers.emplace_back("Access-Control-Allow-Origin", origin);
  response.headers.emplace_back("Access-Control-Expose-Headers", "X-Request-Id, Retry-After");
}

HttpResponse OriginRules::preflight(const HttpRequest& request, const std::string& methods) const {
  HttpResponse response;
  response.status = 204;
  response.headers.emplace_back("Allow", methods);
  if (!none() && !allowed(request).empty() &&
      !request.header("access-control-request-method").empty()) {
    response.headers.emplace_back("Access-Control-Allow-Methods", methods);
    response.headers.emplace_back("Access-Control-Allow-Headers", "Authorization, Content-Type");
    response.headers.emplace_back("Access-Control-Max-Age", "600");
  }
  return response;
}

}  // namespace thimble::serve
