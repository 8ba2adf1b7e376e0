// Any JSON as a file of a study's folder: what is taken must come back the same from the JSON it is
// written as.

#include <cstdint>

#include <nlohmann/json.hpp>

#include "json_round_trip.hpp"
#include "tuning/study.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const nlohmann::json document = nlohmann::json::parse(data, data + size, nullptr, false);
  if (document.is_discarded()) return 0;
  thimble::require_round_trip(document, thimble::tuning::study_plan_from_json);
  thimble::require_round_trip(document, thimble::tuning::begun_trial_from_json);
  thimble::require_round_trip(document, thimble::tuning::trial_from_json);
  thimble::require_round_trip(document, thimble::tuning::refit_from_json);
  return 0;
}
