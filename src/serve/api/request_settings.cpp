#include "serve/api/request_settings.hpp"

#include <array>
#include <charconv>

#include <fmt/format.h>

#include "base/text.hpp"
#include "serve/api/query_string.hpp"
#include "serve/api/request_error.hpp"

namespace thimble::serve {
namespace {

const std::array<std::string, 3> kNames{"model", "top", "seen"};

[[noreturn]] void refuse(const std::string& detail) {
  throw RequestError(400, "Request not understood", detail);
}

template <class Value>
void set_once(std::optional<Value>& setting, Value value, std::string_view place,
              std::string_view name) {
  if (setting) refuse(fmt::format("{} '{}' is there twice", place, name));
  setting = std::move(value);
}

std::size_t parse_top(std::string_view place, const std::string& text) {
  std::size_t top = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), top);
  if (error != std::errc{} || end != text.data() + text.size() || top < 1) {
    refuse(
        fmt::format("{} 'top' is '{}', expected a whole number from 1", place, text.substr(0, 40)));
  }
  return top;
}

bool parse_seen(std::string_view place, const std::string& text) {
  if (text != "true" && text != "false") {
    refuse(fmt::format("{} 'seen' is '{}', expected true or false", place, text.substr(0, 40)));
  }
  return text == "true";
}

}  // namespace

void RequestSettings::set(std::string_view place, std::string_view name, const std::string& text) {
  if (name == "model") {
    set_once(model, text, place, name);
  } else if (name == "top") {
    set_once(top, parse_top(place, text), place, name);
  } else if (name == "seen") {
    set_once(seen, parse_seen(place, text), place, name);
  } else {
    refuse(unknown_name(place, name.substr(0, 80), kNames));
  }
}

RequestSettings RequestSettings::of_query(std::string_view query) {
  RequestSettings settings;
  for (const auto& [name, value] : parse_query(query)) {
    settings.set("query parameter", name, value);
  }
  return settings;
}

void RequestSettings::apply(const RequestSettings& weaker, ClassifyRequest& request) const {
  request.job.model = model ? *model : weaker.model.value_or("");
  request.top = top ? *top : weaker.top.value_or(ClassifyRequest::kDefaultTop);
  request.job.seen = seen ? *seen : weaker.seen.value_or(false);
}

}  // namespace thimble::serve
