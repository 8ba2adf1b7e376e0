// A layer's line of text, taken apart.

#pragma once

#include <charconv>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "nn/layer.hpp"

namespace thimble::nn {

/// The places that `mark` lines named.
using LayerMarks = std::map<std::string, LayerInput>;

/// One line: its word, the bare arguments, which are read in order, and the key=value ones, which
/// may come in any order. Errors are UsageErrors that begin with the line.
class LayerLine {
 public:
  /// @param class_count  what the word `classes` means in place of a number
  /// @param from         the value that the line goes on from
  /// Borrows `text` and `marks`.
  LayerLine(const std::string& text, int class_count, LayerInput from, const LayerMarks& marks);

  const std::string& word() const { return word_; }
  /// The value that the line goes on from.
  const LayerInput& input() const { return from_; }
  /// The value at the mark that the next argument names.
  LayerInput marked_input();

  /// Each takes the next argument; `what` names it in errors.
  std::string next(const char* what);
  int next_int(const char* what);
  double next_double(const char* what);
  Extent next_extent(const char* what);

  int option(const char* key, int fallback);
  double option(const char* key, double fallback);
  Extent option(const char* key, Extent fallback);
  bool flag(const char* key, bool fallback);

  [[noreturn]] void fail(const std::string& problem) const;
  /// Refuses arguments and options that nobody took.
  void finish() const;

 private:
  std::optional<std::string> take(const char* key);
  Extent extent(const std::string& value, const char* what) const;

  template <class T>
  T number(const std::string& value, const char* what) const {
    T result{};
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), result);
    if (error != std::errc() || end != value.data() + value.size()) {
      fail(fmt::format("{} is '{}', expected a number", what, value));
    }
    return result;
  }

  const std::string& text_;
  int class_count_;
  LayerInput from_;
  const LayerMarks& marks_;
  std::string word_;
  std::vector<std::string> arguments_;
  std::size_t used_ = 0;
  std::map<std::string, std::string> options_;
  std::vector<std::string> known_;
};

}  // namespace thimble::nn
