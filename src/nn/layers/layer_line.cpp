#include "nn/layers/layer_line.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

namespace thimble::nn {

LayerLine::LayerLine(const std::string& text, int class_count, LayerInput from,
                     const LayerMarks& marks)
    : text_(text), class_count_(class_count), from_(std::move(from)), marks_(marks) {
  for (const auto& token : split(text, ' ')) {
    if (token.empty()) continue;
    if (word_.empty()) {
      word_ = token;
    } else if (const auto equals = token.find('='); equals != std::string::npos) {
      options_[token.substr(0, equals)] = token.substr(equals + 1);
    } else {
      arguments_.push_back(token);
    }
  }
}

void LayerLine::fail(const std::string& problem) const {
  throw UsageError(fmt::format("layer \"{}\": {}", text_, problem));
}

LayerInput LayerLine::marked_input() {
  const std::string name = next("the name of the mark");
  const auto mark = marks_.find(name);
  if (mark == marks_.end()) fail(fmt::format("no `mark {}` before it", name));
  return mark->second;
}

std::string LayerLine::next(const char* what) {
  if (used_ == arguments_.size()) fail(fmt::format("{} is missing", what));
  return arguments_[used_++];
}

int LayerLine::next_int(const char* what) {
  const std::string value = next(what);
  if (value == "classes" && class_count_ > 0) return class_count_;
  return number<int>(value, what);
}

double LayerLine::next_double(const char* what) { return number<double>(next(what), what); }

Extent LayerLine::next_extent(const char* what) { return extent(next(what), what); }

int LayerLine::option(const char* key, int fallback) {
  const auto value = take(key);
  return value ? number<int>(*value, key) : fallback;
}

double LayerLine::option(const char* key, double fallback) {
  const auto value = take(key);
  return value ? number<double>(*value, key) : fallback;
}

Extent LayerLine::option(const char* key, Extent fallback) {
  const auto value = take(key);
  return value ? extent(*value, key) : fallback;
}

bool LayerLine::flag(const char* key, bool fallback) {
  const auto value = take(key);
  if (!value) return fallback;
  if (*value != "true" && *value != "false") {
    fail(fmt::format("{}={}, expected true or false", key, *value));
  }
  return *value == "true";
}

Extent LayerLine::extent(const std::string& value, const char* what) const {
  const auto cross = value.find('x');
  const int height = number<int>(value.substr(0, cross), what);
  if (cross == std::string::npos) return {height, height};
  return {height, number<int>(value.substr(cross + 1), what)};
}

void LayerLine::finish() const {
  if (used_ < arguments_.size()) fail(fmt::format("'{}' is not expected", arguments_[used_]));
  if (!options_.empty()) fail(unknown_name("option", options_.begin()->first, known_));
}

std::optional<std::string> LayerLine::take(const char* key) {
  known_.emplace_back(key);
  const auto found = options_.find(key);
  if (found == options_.end()) return std::nullopt;
  std::string value = found->second;
  options_.erase(found);
  return value;
}

}  // namespace thimble::nn
