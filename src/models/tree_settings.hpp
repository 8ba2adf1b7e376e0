// Settings that trees and forests share.

#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "classical/tree_options.hpp"
#include "models/settings.hpp"

namespace thimble {

/// Reads criterion, max_depth, min_samples_split, min_samples_leaf, max_features and
/// min_impurity_decrease, and writes each, spelled out, to `spelled`.
/// @throws UsageError  naming the key
void read_tree_settings(Settings& table, const std::string& default_max_features,
                        nlohmann::json& spelled);

/// The options for spelled-out settings, once the number of features is known.
classical::TreeOptions tree_options(const nlohmann::json& spelled, std::size_t dims);

/// Reads a whole number of at least 1, a share above 0 and up to 1, or one of `words`, and writes
/// it to `spelled`.
void read_amount(Settings& table, const std::string& key, const std::string& default_word,
                 const std::vector<std::string>& words, nlohmann::json& spelled);

/// How many of `total` such an amount is: at least 1 and at most `total`.
std::size_t amount_of(const nlohmann::json& amount, std::size_t total);

/// Reads a whole number of at least `least` and writes it to `spelled`.
void read_count(Settings& table, const std::string& key, int least, int default_count,
                nlohmann::json& spelled);

}  // namespace thimble
