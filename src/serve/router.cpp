#include "serve/router.hpp"

#include <algorithm>

namespace thimble::serve {
namespace {

/// What stands for the template's {…}; none where the path is another.
std::optional<std::string_view> match(std::string_view path_template, std::string_view path) {
  const std::size_t open = path_template.find('{');
  if (open == std::string_view::npos) {
    return path == path_template ? std::optional(std::string_view()) : std::nullopt;
  }
  const std::string_view before = path_template.substr(0, open);
  const std::string_view behind = path_template.substr(path_template.find('}') + 1);
  if (path.size() <= before.size() + behind.size() || !path.starts_with(before) ||
      !path.ends_with(behind)) {
    return std::nullopt;
  }
  const std::string_view argument =
      path.substr(before.size(), path.size() - before.size() - behind.size());
  return argument.find('/') == std::string_view::npos ? std::optional(argument) : std::nullopt;
}

}  // namespace

std::optional<RouteMatch> Router::find(std::string_view method, std::string_view path) const {
  const std::string_view asked = method == "HEAD" ? "GET" : method;
  for (const Route& route : routes_) {
    if (route.method != asked) continue;
    if (const auto argument = match(route.path, path)) {
      return RouteMatch{&route, std::string(*argument)};
    }
  }
  return std::nullopt;
}

std::string Router::allowed_methods(std::string_view path) const {
  std::string methods;
  for (const Route& route : routes_) {
    if (!match(route.path, path)) continue;
    methods += route.method == "GET" ? "GET, HEAD, " : route.method + ", ";
  }
  if (!methods.empty()) methods += "OPTIONS";
  return methods;
}

}  // namespace thimble::serve
