// Numbers and lists as a sentence has them.

#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace thimble::report {

/// "94.1 %", "0.04 %", "100 %" of 1; three significant digits, and never "100 %" of less than all.
std::string percentage(double share);

/// "3.32", "17", "0.05": up to three significant digits.
std::string plain_number(double value);

/// "1 picture", "12,345 pictures", "no picture".
std::string counted(std::size_t count, const std::string& singular, const std::string& plural);

/// "a, b and c"; of more than `most` the first, and how many others: "a, b and 7 others".
std::string listed(std::span<const std::string> words, std::size_t most = 6);

/// Positions of the smallest and the largest value that is a number; both 0 if there is none.
struct Extremes {
  std::size_t smallest = 0;
  std::size_t largest = 0;
};
Extremes extremes(std::span<const double> values);

}  // namespace thimble::report
