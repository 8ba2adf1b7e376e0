#include "serve/http/request_figures.hpp"

#include <algorithm>
#include <array>

namespace thimble::serve {
namespace {

/// Clients may invent methods; labels must be few.
std::string_view known_method(std::string_view method) {
  constexpr std::array<std::string_view, 7> kMethods{"GET", "POST",  "HEAD",  "OPTIONS",
                                                     "PUT", "PATCH", "DELETE"};
  const auto* found = std::find(kMethods.begin(), kMethods.end(), method);
  return found == kMethods.end() ? "other" : *found;
}

}  // namespace

void RequestFigures::count(const std::string& route, std::string_view method, int status,
                           double seconds) {
  method = known_method(method);
  auto kind = std::find_if(kinds_.begin(), kinds_.end(), [&](const Kind& known) {
    return known.status == status && known.method == method && known.route == route;
  });
  if (kind == kinds_.end()) {
    const std::string path = route.empty() ? "other" : route;
    Counter& requests = metrics_.counter(
        "thimble_http_requests_total", "HTTP requests answered.",
        {{"path", path}, {"method", std::string(method)}, {"status", std::to_string(status)}});
    Histogram& duration =
        metrics_.histogram("thimble_http_request_duration_seconds",
                           "From the first byte of a request to the last of its answer.",
                           latency_bounds(), {{"path", path}});
    kind = kinds_.insert(kinds_.end(), {route, method, status, &requests, &duration});
  }
  kind->requests->add();
  kind->seconds->observe(seconds);
}

}  // namespace thimble::serve
