// What a client may set for a classification, whichever way it is written.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "serve/api/classify_request.hpp"

namespace thimble::serve {

struct RequestSettings {
  std::optional<std::string> model;
  std::optional<std::size_t> top;
  std::optional<bool> seen;

  /// Sets one from text.
  /// @param place  starts the messages: "query parameter", "form field"
  /// @throws RequestError  400, if there is none of that name, it is set already, or `text` is no
  ///                       value for it
  void set(std::string_view place, std::string_view name, const std::string& text);

  /// The query's parameters.
  /// @throws RequestError  400
  static RequestSettings of_query(std::string_view query);

  /// Takes from `weaker` what is not set here, and puts all into `request`.
  void apply(const RequestSettings& weaker, ClassifyRequest& request) const;
};

}  // namespace thimble::serve
