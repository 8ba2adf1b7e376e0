#include "models/linear_svm.hpp"

#include <cmath>

#include <fmt/format.h>

#include "models/linear_file.hpp"
#include "models/linear_options.hpp"

namespace thimble {

LinearSvmEstimator::LinearSvmEstimator(const nlohmann::json& model, std::uint64_t) {
  Settings settings(model, "model");
  read_linear_options(settings, options_);
  settings.read("intercept_scaling", options_.intercept_scaling);
  if (!(options_.intercept_scaling > 0) || !std::isfinite(options_.intercept_scaling)) {
    settings.refuse("intercept_scaling",
                    fmt::format("got {}, expected a number above 0", options_.intercept_scaling));
  }
  settings.finish();
}

FitReport LinearSvmEstimator::fit(const classical::Samples& train, const classical::Samples*,
                                  Progress& progress) {
  classical::LinearReport fitted;
  model_ = classical::fit_linear_svm(train, options_, progress, fitted);
  return linear_fit_report(fitted);
}

void LinearSvmEstimator::predict_proba(const classical::Features& features,
                                       Probabilities& out) const {
  classical::predict_softmax(model_, features, out.values());
}

nlohmann::json LinearSvmEstimator::settings() const {
  nlohmann::json settings = linear_settings(options_);
  settings["intercept_scaling"] = options_.intercept_scaling;
  return settings;
}

void LinearSvmEstimator::save(ModelFile& file) const { write_linear(model_, file); }

void LinearSvmEstimator::load(const ModelFile& file, const std::string& place, std::size_t dims,
                              std::size_t classes) {
  model_ = read_linear(file, place, dims, classes);
}

std::string LinearSvmEstimator::summary() const {
  return fmt::format("linear support vector machine, squared hinge loss, C {:g}\n", options_.C) +
         linear_summary(model_);
}

}  // namespace thimble
