// What tests of several families do with an estimator.

#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/random.hpp"
#include "models/classical.hpp"

namespace thimble {

/// 8-bit samples around a mean for each class; class 2 has none.
struct DrawnSamples {
  explicit DrawnSamples(std::size_t n = 60, std::size_t d = 5) : dims(d) {
    Random random(3);
    for (std::size_t i = 0; i < n; ++i) {
      const auto label = static_cast<std::int32_t>(i % 2 == 0 ? 0 : random.below(2) == 0 ? 1 : 3);
      labels.push_back(label);
      for (std::size_t j = 0; j < d; ++j) {
        bytes.push_back(static_cast<std::uint8_t>(60 * label + static_cast<int>(random.below(70))));
      }
    }
  }

  classical::Features features() const { return {bytes, dims, 1.0F / 255}; }
  classical::Features float_features() const {
    linalg::Matrix values(labels.size(), dims);
    features().copy(0, labels.size(), values.data());
    return classical::Features(std::move(values));
  }

  static constexpr std::size_t kClasses = 4;
  std::size_t dims;
  std::vector<std::uint8_t> bytes;
  std::vector<std::int32_t> labels;
};

template <class Family>
Family fitted(const nlohmann::json& model, const classical::Features& features,
              const std::vector<std::int32_t>& labels) {
  Family estimator(model, 1);
  Progress progress;
  estimator.fit({features, labels, DrawnSamples::kClasses}, nullptr, progress);
  return estimator;
}

inline std::vector<float> probabilities_of(const Estimator& estimator,
                                           const classical::Features& features) {
  Probabilities out(features.size(), DrawnSamples::kClasses);
  estimator.predict_proba(features, out);
  return {out.values().begin(), out.values().end()};
}

/// The estimator after its way through a model file.
template <class Family>
Family reloaded(const Family& estimator, std::size_t dims) {
  ModelFile file;
  estimator.save(file);
  Family loaded(estimator.settings(), 1);
  loaded.load(file, "model", dims, DrawnSamples::kClasses);
  return loaded;
}

/// The message with which a tampered file is refused; "loaded" if it is not.
template <class Family, class Tamper>
std::string refusal(const Family& estimator, std::size_t dims, const Tamper& tamper) {
  ModelFile file;
  estimator.save(file);
  tamper(file);
  Family loaded(estimator.settings(), 1);
  try {
    loaded.load(file, "model", dims, DrawnSamples::kClasses);
  } catch (const DataError& e) {
    return e.what();
  }
  return "loaded";
}

/// The message with which settings are refused; "taken" if they are not.
template <class Family>
std::string settings_refusal(const nlohmann::json& model) {
  try {
    Family estimator(model, 1);
  } catch (const UsageError& e) {
    return e.what();
  }
  return "taken";
}

}  // namespace thimble
