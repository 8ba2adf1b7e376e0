#include "models/tree_settings.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace thimble {
namespace {

using nlohmann::json;

std::string shown(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

bool is_share(const json& value) {
  return value.is_number_float() && value.get<double>() > 0 && value.get<double>() <= 1;
}

bool is_count(const json& value) {
  return value.is_number_integer() && value.get<double>() >= 1 && value.get<double>() <= 0x1p31;
}

}  // namespace

void read_amount(Settings& table, const std::string& key, const std::string& default_word,
                 const std::vector<std::string>& words, json& spelled) {
  json value = default_word;
  table.read(key, value);
  const bool is_word =
      value.is_string() && std::ranges::count(words, value.get_ref<const std::string&>()) > 0;
  if (!is_word && !is_count(value) && !is_share(value)) {
    table.refuse(key, fmt::format("got {}, expected \"{}\", a whole number of 1 or more, or a "
                                  "share such as 0.5",
                                  shown(value), fmt::join(words, "\", \"")));
  }
  spelled[key] = value;
}

std::size_t amount_of(const json& amount, std::size_t total) {
  const auto all = static_cast<double>(total);
  double wanted = all;
  if (amount == "sqrt") wanted = std::sqrt(all);
  if (amount == "log2") wanted = std::log2(all);
  if (amount.is_number_integer()) wanted = amount.get<double>();
  if (amount.is_number_float()) wanted = amount.get<double>() * all;
  return static_cast<std::size_t>(std::clamp(std::floor(wanted), 1.0, std::max(all, 1.0)));
}

void read_count(Settings& table, const std::string& key, int least, int default_count,
                json& spelled) {
  int value = default_count;
  table.read(key, value);
  if (value < least) table.refuse(key, fmt::format("got {}, expected {} or more", value, least));
  spelled[key] = value;
}

void read_tree_settings(Settings& table, const std::string& default_max_features, json& spelled) {
  std::string criterion = "gini";
  table.read_choice("criterion", criterion, {"gini", "entropy", "log_loss"});
  spelled["criterion"] = criterion;

  json max_depth = "none";
  table.read("max_depth", max_depth);
  if (max_depth != "none" && !is_count(max_depth)) {
    table.refuse(
        "max_depth",
        fmt::format("got {}, expected \"none\" or a whole number of 1 or more", shown(max_depth)));
  }
  spelled["max_depth"] = max_depth;

  read_count(table, "min_samples_split", 2, 2, spelled);
  read_count(table, "min_samples_leaf", 1, 1, spelled);
  read_amount(table, "max_features", default_max_features, {"all", "sqrt", "log2"}, spelled);

  double min_impurity_decrease = 0;
  table.read("min_impurity_decrease", min_impurity_decrease);
  if (min_impurity_decrease < 0) {
    table.refuse("min_impurity_decrease",
                 fmt::format("got {}, expected 0 or more", min_impurity_decrease));
  }
  spelled["min_impurity_decrease"] = min_impurity_decrease;
}

classical::TreeOptions tree_options(const json& spelled, std::size_t dims) {
  classical::TreeOptions options;
  options.criterion = spelled.at("criterion") == "gini" ? classical::Criterion::gini
                                                        : classical::Criterion::entropy;
  if (spelled.at("max_depth").is_number()) options.max_depth = spelled.at("max_depth");
  options.min_samples_split = spelled.at("min_samples_split");
  options.min_samples_leaf = spelled.at("min_samples_leaf");
  options.max_features = amount_of(spelled.at("max_features"), dims);
  options.min_impurity_decrease = spelled.at("min_impurity_decrease");
  return options;
}

}  // namespace thimble
