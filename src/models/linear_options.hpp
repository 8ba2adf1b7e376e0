// What the settings of linear models have in common.

#pragma once

#include <cmath>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "classical/linear_model.hpp"
#include "models/classifier.hpp"
#include "models/settings.hpp"

namespace thimble {

/// Reads C, tol, max_iter, fit_intercept and class_weight.
/// @throws UsageError  if one is out of range
template <class Options>
void read_linear_options(Settings& settings, Options& options) {
  const auto positive = [&](const char* key, double& value) {
    settings.read(key, value);
    if (!(value > 0) || !std::isfinite(value)) {
      settings.refuse(key, fmt::format("got {}, expected a number above 0", value));
    }
  };
  positive("C", options.C);
  positive("tol", options.tol);
  auto max_iter = static_cast<int>(options.max_iter);
  settings.read("max_iter", max_iter);
  if (max_iter < 1)
    settings.refuse("max_iter", fmt::format("got {}, expected 1 or more", max_iter));
  options.max_iter = static_cast<std::size_t>(max_iter);
  settings.read("fit_intercept", options.fit_intercept);
  std::string class_weight = "none";
  settings.read_choice("class_weight", class_weight, {"none", "balanced"});
  options.balanced = class_weight == "balanced";
}

template <class Options>
nlohmann::json linear_settings(const Options& options) {
  return {{"C", options.C},
          {"tol", options.tol},
          {"max_iter", options.max_iter},
          {"fit_intercept", options.fit_intercept},
          {"class_weight", options.balanced ? "balanced" : "none"}};
}

/// What linear models tell of their training.
inline FitReport linear_fit_report(const classical::LinearReport& fitted) {
  FitReport report;
  report.stopped_because = fitted.stopped_because;
  report.details = {{"converged", fitted.converged},
                    {"iterations", fitted.iterations},
                    {"evaluations", fitted.evaluations},
                    {"hessian_products", fitted.hessian_products},
                    {"objective", fitted.objective},
                    {"mean_loss", fitted.mean_loss},
                    {"largest_gradient", fitted.largest_gradient}};
  return report;
}

}  // namespace thimble
