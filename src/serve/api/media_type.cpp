#include "serve/api/media_type.hpp"

#include "base/text.hpp"

namespace thimble::serve {
namespace {

/// The quoted string that `rest` begins with, which is taken off; none where it does not end.
///
/// Browsers write a path's backslashes as they are, so a backslash stands for itself unless it
/// stands before what needs it.
std::optional<std::string> take_quoted(std::string_view& rest) {
  std::string text;
  for (std::size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] == '"') {
      rest.remove_prefix(i + 1);
      return text;
    }
    if (rest[i] == '\\' && i + 1 < rest.size() && (rest[i + 1] == '"' || rest[i + 1] == '\\')) ++i;
    text += rest[i];
  }
  return std::nullopt;
}

std::string take_token(std::string_view& rest) {
  const std::size_t end = std::min(rest.find(';'), rest.size());
  const std::string_view token = trim(rest.substr(0, end));
  rest.remove_prefix(end);
  return std::string(token);
}

}  // namespace

const std::string* MediaType::parameter(std::string_view name) const {
  for (const auto& [known, value] : parameters) {
    if (known == name) return &value;
  }
  return nullptr;
}

std::optional<MediaType> parse_media_type(std::string_view value) {
  MediaType media;
  media.type = to_lower(take_token(value));
  while (!value.empty()) {
    value = trim(value.substr(1));  // the semicolon
    if (value.empty()) break;
    const std::size_t equals = value.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    std::string name = to_lower(trim(value.substr(0, equals)));
    if (name.empty() || name.find_first_of("; \t\"") != std::string::npos) return std::nullopt;
    if (media.parameter(name) != nullptr) return std::nullopt;
    value = trim(value.substr(equals + 1));
    if (value.starts_with('"')) {
      std::optional<std::string> text = take_quoted(value);
      value = trim(value);
      if (!text || (!value.empty() && value.front() != ';')) return std::nullopt;
      media.parameters.emplace_back(std::move(name), *std::move(text));
    } else {
      media.parameters.emplace_back(std::move(name), take_token(value));
    }
  }
  return media;
}

}  // namespace thimble::serve
