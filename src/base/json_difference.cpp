#include "base/json_difference.hpp"

#include <algorithm>
#include <cstddef>

namespace thimble {
namespace {

using nlohmann::json;

std::string shown(const json* value) {
  if (value == nullptr) return "nothing";
  if (value->is_object()) return "a table";
  const bool nested = value->is_array() && std::any_of(value->begin(), value->end(),
                                                       [](const json& v) { return v.is_object(); });
  return nested ? "a list" : value->dump();
}

std::string changed(const std::string& path, const json* before, const json* now) {
  return path + " was " + shown(before) + ", is now " + shown(now);
}

std::string difference(const json& before, const json& now, const std::string& path) {
  if (before.is_object() && now.is_object()) {
    json keys = before;
    keys.update(now);
    for (const auto& [key, unused] : keys.items()) {
      const std::string inner = path.empty() ? key : path + "." + key;
      const json* old_value = before.contains(key) ? &before.at(key) : nullptr;
      const json* new_value = now.contains(key) ? &now.at(key) : nullptr;
      if (old_value == nullptr || new_value == nullptr) return changed(inner, old_value, new_value);
      const std::string found = difference(*old_value, *new_value, inner);
      if (!found.empty()) return found;
    }
    return "";
  }
  if (before == now) return "";
  const bool lists = before.is_array() && now.is_array() && before.size() == now.size();
  for (std::size_t i = 0; lists && i < now.size(); ++i) {
    if (!before[i].is_object() || !now[i].is_object()) continue;
    const std::string found =
        difference(before[i], now[i], path + "[" + std::to_string(i + 1) + "]");
    if (!found.empty()) return found;
  }
  return changed(path, &before, &now);
}

}  // namespace

std::string first_difference(const json& before, const json& now) {
  return difference(before, now, "");
}

}  // namespace thimble
