// Any JSON as a file of a study's folder: what is taken must come back the same from the JSON it is
// written as.

#include <cstdint>
#include <cstdlib>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "tuning/study.hpp"

namespace {

template <typename Read>
void require_round_trip(const nlohmann::json& document, Read read) {
  try {
    const nlohmann::json written = to_json(read(document, "fuzz"));
    if (to_json(read(written, "again")) != written) std::abort();
  } catch (const thimble::DataError&) {
  } catch (const thimble::UsageError&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const nlohmann::json document = nlohmann::json::parse(data, data + size, nullptr, false);
  if (document.is_discarded()) return 0;
  require_round_trip(document, thimble::tuning::study_plan_from_json);
  require_round_trip(document, thimble::tuning::begun_trial_from_json);
  require_round_trip(document, thimble::tuning::trial_from_json);
  require_round_trip(document, thimble::tuning::refit_from_json);
  return 0;
}
