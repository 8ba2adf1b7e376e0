#include "classical/feature_line.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.hpp"
#include "base/text.hpp"

namespace thimble::classical {
namespace {

template <class T>
std::optional<T> parse(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Nothing if a quote is not closed.
std::optional<std::vector<std::string>> tokens_of(const std::string& text) {
  std::vector<std::string> tokens(1);
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ' ' && !quoted) {
      tokens.emplace_back();
    } else {
      tokens.back() += c;
    }
  }
  if (quoted) return std::nullopt;
  std::erase(tokens, "");
  return tokens;
}

}  // namespace

FeatureLine::FeatureLine(std::string text) : text_(std::move(text)) {
  const auto tokens = tokens_of(text_);
  if (!tokens) fail("a quote is not closed");
  for (const auto& token : *tokens) {
    if (word_.empty()) {
      word_ = token;
    } else if (const auto equals = token.find('='); equals == std::string::npos) {
      arguments_.push_back(token);
    } else if (!options_.emplace(token.substr(0, equals), token.substr(equals + 1)).second) {
      fail(fmt::format("{} is given twice", token.substr(0, equals)));
    }
  }
  if (word_.empty()) fail("the line is empty");
}

std::optional<std::string> FeatureLine::next() {
  if (used_ == arguments_.size()) return std::nullopt;
  return arguments_[used_++];
}

int FeatureLine::option(std::string_view key, int fallback, int least, int most) {
  const auto text = take(key);
  if (!text) return fallback;
  const int value = whole_number(*text, key);
  if (value < least || value > most) {
    fail(fmt::format("{}={}, expected {} to {}", key, value, least, most));
  }
  return value;
}

double FeatureLine::option(std::string_view key, double fallback, double least, double most) {
  const auto text = take(key);
  if (!text) return fallback;
  const double value = number(*text, key);
  if (value < least || value > most) {
    fail(fmt::format("{}={}, expected {} to {}", key, *text, least, most));
  }
  return value;
}

bool FeatureLine::option(std::string_view key, bool fallback) {
  return option(key, fallback ? "true" : "false", {"true", "false"}) == "true";
}

std::string FeatureLine::option(std::string_view key, const std::string& fallback,
                                const std::vector<std::string>& choices) {
  const std::string value = take(key).value_or(fallback);
  if (std::ranges::find(choices, value) == choices.end()) {
    fail(fmt::format("{}={}, expected {}", key, value, fmt::join(choices, " or ")));
  }
  return value;
}

int FeatureLine::whole_number(std::string_view value, std::string_view what) const {
  const auto parsed = parse<int>(value);
  if (!parsed) fail(fmt::format("{} is '{}', expected a whole number", what, value));
  return *parsed;
}

double FeatureLine::number(std::string_view value, std::string_view what) const {
  const auto parsed = parse<double>(value);
  if (!parsed || !std::isfinite(*parsed)) {
    fail(fmt::format("{} is '{}', expected a number", what, value));
  }
  return *parsed;
}

void FeatureLine::fail(const std::string& problem) const {
  throw UsageError(fmt::format("feature step \"{}\": {}", text_, problem));
}

void FeatureLine::finish() const {
  if (used_ < arguments_.size()) fail(fmt::format("'{}' is not expected", arguments_[used_]));
  if (options_.empty()) return;
  const std::string& key = options_.begin()->first;
  if (known_.empty()) fail(fmt::format("'{}' is not expected", key));
  fail(unknown_name("option", key, known_));
}

std::optional<std::string> FeatureLine::take(std::string_view key) {
  known_.emplace_back(key);
  const auto found = options_.find(key);
  if (found == options_.end()) return std::nullopt;
  std::string value = std::move(found->second);
  options_.erase(found);
  return value;
}

}  // namespace thimble::classical
