// Answers of the service as JSON (docs/http-api.md).

#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "serve/http.hpp"
#include "serve/service.hpp"

namespace thimble::serve {

/// Indices of the `count` highest probabilities (all where there are fewer), the highest first;
/// equal ones in the order of the classes.
std::vector<std::size_t> top_classes(std::span<const float> probabilities, std::size_t count);

/// Why nothing of a request could be answered: a 422, or a 500 where the fault is ours.
HttpResponse no_picture_answered(const JobAnswer& answer);

/// Is every picture's answer an error?
bool all_failed(const JobAnswer& answer);

/// The answer to POST /v1/classify: 200, or no_picture_answered().
/// @param top       how many classes to name for each picture
/// @param total_ms  since the request was received
HttpResponse classify_answer(const JobAnswer& answer, std::size_t top, double total_ms);

/// Members that the access log has for a classification.
std::vector<std::pair<std::string, std::string>> log_members(const JobAnswer& answer);

}  // namespace thimble::serve
