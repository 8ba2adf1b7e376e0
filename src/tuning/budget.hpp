// How much a search may cost: time, or a number of trials.

#pragma once

#include <optional>
#include <string>

namespace thimble::tuning {

struct Budget {
  std::optional<double> seconds;
  std::optional<int> trials;  ///< the baseline not counted; of the two exactly one is set
};

/// "90s", "30m", "2h", "1.5h"; "40trials".
/// @throws UsageError  if it is anything else; says what is expected
Budget parse_budget(const std::string& text);

/// For people: "30 min 00 s", "40 trials".
std::string to_text(const Budget& budget);

}  // namespace thimble::tuning
