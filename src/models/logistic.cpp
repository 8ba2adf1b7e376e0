#include "models/logistic.hpp"

#include <fmt/format.h>

#include "models/linear_file.hpp"
#include "models/linear_options.hpp"

namespace thimble {
namespace {

using classical::LogisticOptions;
using Penalty = LogisticOptions::Penalty;
using Solver = LogisticOptions::Solver;

const char* to_string(Penalty penalty) {
  return penalty == Penalty::l1 ? "l1" : penalty == Penalty::l2 ? "l2" : "none";
}

const char* to_string(Solver solver) {
  return solver == Solver::automatic ? "auto" : solver == Solver::lbfgs ? "lbfgs" : "newton-cg";
}

}  // namespace

LogisticEstimator::LogisticEstimator(const nlohmann::json& model, std::uint64_t) {
  Settings settings(model, "model");
  read_linear_options(settings, options_);
  std::string penalty = to_string(options_.penalty);
  settings.read_choice("penalty", penalty, {"l2", "l1", "none"});
  options_.penalty = penalty == "l1" ? Penalty::l1 : penalty == "l2" ? Penalty::l2 : Penalty::none;
  std::string solver = to_string(options_.solver);
  settings.read_choice("solver", solver, {"auto", "newton-cg", "lbfgs"});
  options_.solver = solver == "auto"    ? Solver::automatic
                    : solver == "lbfgs" ? Solver::lbfgs
                                        : Solver::newton_cg;
  if (options_.penalty == Penalty::l1 && options_.solver == Solver::newton_cg) {
    settings.refuse("solver", "newton-cg has no penalty \"l1\"; \"lbfgs\" has");
  }
  settings.finish();
}

FitReport LogisticEstimator::fit(const classical::Samples& train, const classical::Samples*,
                                 Progress& progress) {
  classical::LinearReport fitted;
  model_ = classical::fit_logistic(train, options_, progress, fitted);
  return linear_fit_report(fitted);
}

void LogisticEstimator::predict_proba(const classical::Features& features,
                                      Probabilities& out) const {
  classical::predict_softmax(model_, features, out.values());
}

nlohmann::json LogisticEstimator::settings() const {
  nlohmann::json settings = linear_settings(options_);
  settings["penalty"] = to_string(options_.penalty);
  settings["solver"] = to_string(options_.solver);
  return settings;
}

void LogisticEstimator::save(ModelFile& file) const { write_linear(model_, file); }

void LogisticEstimator::load(const ModelFile& file, const std::string& place, std::size_t dims,
                             std::size_t classes) {
  model_ = read_linear(file, place, dims, classes);
}

std::string LogisticEstimator::summary() const {
  return fmt::format("logistic regression, penalty {}, C {:g}\n", to_string(options_.penalty),
                     options_.C) +
         linear_summary(model_);
}

}  // namespace thimble
