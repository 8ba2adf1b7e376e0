// Which request goes to which function.

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/http.hpp"

namespace thimble::serve {

/// A request on its way to its answer.
struct Call {
  HttpRequest request;
  Respond respond;
  std::string argument = {};  ///< what stands for {…} in the route's path
};

struct Route {
  std::string method;  ///< GET stands for HEAD, too
  /// "/v1/models/{name}/report": at most one {…}, which matches anything but a slash.
  std::string path;
  bool open = true;  ///< may be asked without the token
  std::function<void(Call)> answer;
};

struct RouteMatch {
  const Route* route = nullptr;
  std::string argument;
};

class Router {
 public:
  void add(Route route) { routes_.push_back(std::move(route)); }

  /// The first route for the method and path.
  std::optional<RouteMatch> find(std::string_view method, std::string_view path) const;

  /// "GET, HEAD, OPTIONS": the methods that a path has, for the Allow header; empty where no route
  /// has the path.
  std::string allowed_methods(std::string_view path) const;

  const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
};

}  // namespace thimble::serve
