// What a client wants classified: the request of POST /v1/classify, in any of its forms.

#pragma once

#include <cstddef>
#include <string>

#include "serve/http.hpp"
#include "serve/service.hpp"

namespace thimble::serve {

struct ClassifyRequest {
  static constexpr std::size_t kDefaultTop = 3;

  Job job;
  std::size_t top = kDefaultTop;  ///< how many classes to name; all where there are fewer
};

/// Reads the body as its Content-Type says: a picture, a form or JSON (docs/http-api.md). The
/// pictures are taken as they are: whether they can be decoded is not looked at.
///
/// @param request       its body is used up
/// @param max_pictures  that one request may bring
/// @throws RequestError  400, 413 or 415; names the part, member or parameter, what was found and
///                       what was expected
ClassifyRequest parse_classify_request(HttpRequest& request, std::size_t max_pictures);

/// The form that needs no JavaScript (serve/pages/form.html).
struct ClassifyForm {
  ClassifyRequest request;
  std::string token;  ///< such a form cannot send an Authorization header
};

/// @throws RequestError  as above
ClassifyForm parse_classify_form(HttpRequest& request, std::size_t max_pictures);

/// Would reading the body take long enough to delay other clients of the same thread?
bool is_slow_to_parse(const HttpRequest& request);

}  // namespace thimble::serve
