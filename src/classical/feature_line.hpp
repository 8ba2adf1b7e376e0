// One line of a recipe's feature steps, taken apart: "pca 50 whiten=true".

#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace thimble::classical {

/// A line's word, its bare arguments and its key=value options. Every argument and option must be
/// read by somebody: finish() refuses the others. Blanks separate them, but for those within double
/// quotes, which are left out: model:"runs/shoes and bags".
///
/// @throws UsageError  from all that read: what is wrong, with the line
class FeatureLine {
 public:
  explicit FeatureLine(std::string text);

  const std::string& word() const { return word_; }

  /// The next bare argument; nothing at the end.
  std::optional<std::string> next();

  /// Options keep `fallback` where they are absent; numbers outside [least, most] are refused.
  int option(std::string_view key, int fallback, int least, int most);
  double option(std::string_view key, double fallback, double least, double most);
  bool option(std::string_view key, bool fallback);
  std::string option(std::string_view key, const std::string& fallback,
                     const std::vector<std::string>& choices);
  /// Any text; nothing where the option is absent.
  std::optional<std::string> text_option(std::string_view key) { return take(key); }

  /// Reads a whole number or a decimal one, all of `value`.
  int whole_number(std::string_view value, std::string_view what) const;
  double number(std::string_view value, std::string_view what) const;

  [[noreturn]] void fail(const std::string& problem) const;
  void finish() const;

 private:
  std::optional<std::string> take(std::string_view key);

  std::string text_;
  std::string word_;
  std::vector<std::string> arguments_;
  std::size_t used_ = 0;
  std::map<std::string, std::string, std::less<>> options_;
  std::vector<std::string> known_;
};

}  // namespace thimble::classical
