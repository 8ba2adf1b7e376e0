#include "report/words.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/text.hpp"

namespace thimble::report {

std::string percentage(double share) {
  const double value = 100 * share;
  if (share <= 0) return "0 %";
  if (share >= 1) return "100 %";
  if (value > 99.9) return "more than 99.9 %";
  if (value < 0.01) return "less than 0.01 %";
  return fmt::format("{:.{}f} %", value, value < 0.1 ? 2 : 1);
}

std::string plain_number(double value) {
  const double size = std::abs(value);
  return fmt::format("{:.{}f}", value, size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2);
}

std::string counted(std::size_t count, const std::string& singular, const std::string& plural) {
  if (count == 0) return "no " + singular;
  return format_count(count) + " " + (count == 1 ? singular : plural);
}

std::string listed(std::span<const std::string> words, std::size_t most) {
  std::string text;
  const bool cut = words.size() > most;
  const std::size_t shown = cut ? most - 1 : words.size();
  for (std::size_t i = 0; i < shown; ++i) {
    const bool last = i + 1 == shown && !cut;
    if (i > 0) text += last ? " and " : ", ";
    text += words[i];
  }
  return cut ? fmt::format("{} and {} others", text, words.size() - shown) : text;
}

Extremes extremes(std::span<const double> values) {
  Extremes found;
  bool any = false;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(values[i])) continue;
    if (!any) found = {i, i};
    any = true;
    if (values[i] < values[found.smallest]) found.smallest = i;
    if (values[i] > values[found.largest]) found.largest = i;
  }
  return found;
}

}  // namespace thimble::report
