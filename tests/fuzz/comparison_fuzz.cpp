// Any JSON as result.json or plan.json of a comparison's folder: what is taken must come back the
// same from the JSON it is written as.

#include <cstdint>

#include <nlohmann/json.hpp>

#include "comparison/cell.hpp"
#include "comparison/plan.hpp"
#include "json_round_trip.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const nlohmann::json document = nlohmann::json::parse(data, data + size, nullptr, false);
  if (document.is_discarded()) return 0;
  thimble::require_round_trip(document, thimble::cell_result_from_json);
  thimble::require_round_trip(document, thimble::comparison_plan_from_json);
  return 0;
}
