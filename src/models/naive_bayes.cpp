#include "models/naive_bayes.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/error.hpp"
#include "models/settings.hpp"
#include "models/stored_array.hpp"

namespace thimble {
namespace {

using classical::NaiveBayes;
using classical::NaiveBayesParameters;
using Variant = classical::NaiveBayesVariant;

constexpr const char* kCount = "naive_bayes.class_count";

/// A variant and what its learned arrays are called.
struct Naming {
  const char* name;
  Variant variant;
  const char* first;
  const char* second;  ///< null if there is none
};

constexpr Naming kNamings[] = {
    {"gaussian", Variant::gaussian, "naive_bayes.mean", "naive_bayes.variance"},
    {"multinomial", Variant::multinomial, "naive_bayes.log_share", nullptr},
    {"bernoulli", Variant::bernoulli, "naive_bayes.log_present", "naive_bayes.log_absent"},
};

const Naming& naming_of(const std::string& variant) {
  return *std::ranges::find(kNamings, variant, &Naming::name);
}

/// Reads a number of 0 or more.
void read_amount(Settings& settings, const char* key, double& value) {
  settings.read(key, value);
  if (!(value >= 0) || !std::isfinite(value)) {
    settings.refuse(key, fmt::format("got {}, expected 0 or more", value));
  }
}

}  // namespace

NaiveBayesEstimator::NaiveBayesEstimator(const nlohmann::json& model, std::uint64_t) {
  Settings settings(model, "model");
  settings.read_choice("variant", variant_, {"gaussian", "multinomial", "bernoulli"});
  options_.variant = naming_of(variant_).variant;
  const auto only_for = [&](bool suits, const char* key) {
    if (!suits && settings.has(key)) {
      settings.refuse(key, fmt::format("has no meaning for variant \"{}\"", variant_));
    }
    return suits;
  };
  if (only_for(options_.variant == Variant::gaussian, "var_smoothing")) {
    read_amount(settings, "var_smoothing", options_.var_smoothing);
  }
  if (only_for(options_.variant != Variant::gaussian, "alpha")) {
    read_amount(settings, "alpha", options_.alpha);
  }
  if (only_for(options_.variant == Variant::bernoulli, "binarize")) {
    settings.read("binarize", options_.binarize);
  }
  settings.finish();
}

FitReport NaiveBayesEstimator::fit(const classical::Samples& train, const classical::Samples*,
                                   Progress& progress) {
  model_ = NaiveBayes::fit(train, options_, progress);
  FitReport report;
  report.stopped_because = "all samples are counted";
  report.details["samples"] = train.size();
  return report;
}

void NaiveBayesEstimator::predict_proba(const classical::Features& features,
                                        Probabilities& out) const {
  model_.predict_proba(features, out.values());
}

nlohmann::json NaiveBayesEstimator::settings() const {
  nlohmann::json settings = {{"variant", variant_}};
  if (options_.variant == Variant::gaussian) {
    settings["var_smoothing"] = options_.var_smoothing;
  } else {
    settings["alpha"] = options_.alpha;
  }
  if (options_.variant == Variant::bernoulli) settings["binarize"] = options_.binarize;
  return settings;
}

void NaiveBayesEstimator::save(ModelFile& file) const {
  const NaiveBayesParameters& learned = model_.parameters();
  const auto classes = static_cast<std::int64_t>(learned.class_count.size());
  const auto d = static_cast<std::int64_t>(learned.first.size()) / classes;
  const Naming& naming = naming_of(variant_);
  file.tensors[kCount] = Tensor::from(std::span(learned.class_count), {classes});
  file.tensors[naming.first] = Tensor::from(std::span(learned.first), {classes, d});
  if (naming.second != nullptr) {
    file.tensors[naming.second] = Tensor::from(std::span(learned.second), {classes, d});
  }
}

void NaiveBayesEstimator::load(const ModelFile& file, const std::string& place, std::size_t dims,
                               std::size_t classes) {
  const auto count = static_cast<std::int64_t>(classes);
  const auto d = static_cast<std::int64_t>(dims);
  const Naming& naming = naming_of(variant_);
  const auto read = [&](const char* name) {
    const auto values = stored_array<double>(file, place, name, {count, d});
    return std::vector<double>(values.begin(), values.end());
  };
  const auto counts = stored_array<std::int64_t>(file, place, kCount, {count});
  NaiveBayesParameters learned{{counts.begin(), counts.end()}, read(naming.first), {}};
  if (naming.second != nullptr) learned.second = read(naming.second);
  try {
    model_ = NaiveBayes(options_, dims, std::move(learned));
  } catch (const Error& e) {
    throw DataError(fmt::format("{}: {}", place, e.what()));
  }
}

std::string NaiveBayesEstimator::summary() const {
  const auto& counts = model_.parameters().class_count;
  const auto seen = std::ranges::count_if(counts, [](std::int64_t count) { return count > 0; });
  return fmt::format("naive Bayes {}, {} classes with training samples\n", variant_, seen);
}

}  // namespace thimble
