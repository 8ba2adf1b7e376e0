// Where two trees of settings differ, for messages.

#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace thimble {

/// The first value in which two JSON trees differ, in words: "training.epochs was 1, is now 2"; ""
/// if they agree. Objects are compared key by key and lists place by place; tables and lists
/// themselves are not spelled out.
std::string first_difference(const nlohmann::json& before, const nlohmann::json& now);

}  // namespace thimble
