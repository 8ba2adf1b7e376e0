// What clients are told of the models.

#pragma once

#include <nlohmann/json.hpp>

#include "serve/service.hpp"

namespace thimble::serve {

/// One model, as in GET /v1/models/{name}.
nlohmann::ordered_json to_json(const ServedModel& model);

/// The answer to GET /v1/models, of at least one model, the default one first.
nlohmann::ordered_json to_json(const std::vector<std::shared_ptr<const ServedModel>>& models);

}  // namespace thimble::serve
