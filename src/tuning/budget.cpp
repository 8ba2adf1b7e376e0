#include "tuning/budget.hpp"

#include <cmath>
#include <sstream>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/text.hpp"

namespace thimble::tuning {
namespace {

constexpr double kLongest_s = 366 * 24 * 3600.0;
constexpr int kMostTrials = 1'000'000;

[[noreturn]] void refuse(const std::string& text, const std::string& problem) {
  throw UsageError(fmt::format("budget '{}': {}", text, problem));
}

/// Seconds in a unit of time; 0 if it is none.
double seconds_in(const std::string& unit) {
  if (unit == "s" || unit == "sec" || unit == "seconds") return 1;
  if (unit == "m" || unit == "min" || unit == "minutes") return 60;
  if (unit == "h" || unit == "hours") return 3600;
  return 0;
}

}  // namespace

Budget parse_budget(const std::string& text) {
  constexpr const char* kExpected = "expected a time such as 90s, 30m or 2h, or 40trials";
  const std::string trimmed(trim(text));
  const std::size_t end = trimmed.find_first_not_of("0123456789.");
  const std::string digits = trimmed.substr(0, end);
  const std::string unit =
      end == std::string::npos ? "" : to_lower(trim(std::string_view(trimmed).substr(end)));
  std::istringstream stream(digits);
  stream.imbue(std::locale::classic());
  double number = 0;
  if (!(stream >> number) || stream.peek() != std::istringstream::traits_type::eof()) {
    refuse(text, kExpected);
  }
  if (unit.empty()) refuse(text, fmt::format("no unit; did you mean {0}m or {0}trials?", digits));
  Budget budget;
  if (unit == "trials" || unit == "trial") {
    if (number != std::floor(number) || number < 1 || number > kMostTrials) {
      refuse(text, fmt::format("expected a whole number of trials from 1 to {}", kMostTrials));
    }
    budget.trials = static_cast<int>(number);
    return budget;
  }
  const double factor = seconds_in(unit);
  if (factor == 0) refuse(text, fmt::format("unknown unit '{}'; {}", unit, kExpected));
  if (number * factor <= 0 || number * factor > kLongest_s) {
    refuse(text, "expected more than nothing and at most a year");
  }
  budget.seconds = number * factor;
  return budget;
}

std::string to_text(const Budget& budget) {
  if (budget.seconds) return format_duration(*budget.seconds);
  const int trials = budget.trials.value_or(0);
  return fmt::format("{} {}", trials, trials == 1 ? "trial" : "trials");
}

}  // namespace thimble::tuning
