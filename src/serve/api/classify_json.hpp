// The JSON body of POST /v1/classify.

#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "serve/api/request_settings.hpp"
#include "serve/service.hpp"

namespace thimble::serve {

struct ClassifyJson {
  std::vector<EncodedPicture> pictures;
  RequestSettings settings;
};

/// @throws RequestError  400, if it is not JSON, has members that nobody knows or that are there
///                       twice, or a value of another kind than expected; 413, if there are more
///                       than `max_pictures`
ClassifyJson parse_classify_json(std::string_view body, std::size_t max_pictures);

}  // namespace thimble::serve
