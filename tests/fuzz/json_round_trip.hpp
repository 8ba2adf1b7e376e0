// What is read from JSON must come back the same from the JSON it is written as.

#pragma once

#include <cstdlib>

#include <nlohmann/json.hpp>

#include "base/error.hpp"

namespace thimble {

/// Aborts if it does not; a document that is refused with one of our errors is as good.
/// @param read  makes a value of a document and the name of its place; its to_json() turns it back
template <typename Read>
void require_round_trip(const nlohmann::json& document, Read read) {
  try {
    const nlohmann::json written = to_json(read(document, "fuzz"));
    if (to_json(read(written, "again")) != written) std::abort();
  } catch (const Error&) {
  }
}

}  // namespace thimble
