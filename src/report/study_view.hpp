// A study as its report's sections see it: names, units and directions settled once.

#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "report/document.hpp"
#include "tuning/importance.hpp"
#include "tuning/search_space.hpp"
#include "tuning/study.hpp"

namespace thimble::report {

/// Trials compared after as many epochs as enough of them reached.
struct EqualEpochs {
  int epochs = 0;  ///< 1 for models that learn in one go; 0 if no trial has a curve
  std::vector<tuning::Observation> observations;
};

class StudyView {
 public:
  /// Keeps a reference to the study.
  explicit StudyView(const tuning::Study& study);

  const tuning::Study& study() const { return study_; }
  const tuning::SearchSpace& space() const { return space_; }
  /// The best trial or the baseline; nothing if none finished.
  const tuning::Trial* winner() const { return winner_; }
  const EqualEpochs& equal_epochs() const { return equal_epochs_; }
  /// At equal epochs, the largest first; empty if too little is known.
  const std::vector<tuning::Importance>& importance() const { return importance_; }

  bool by_loss() const { return study_.plan.metric == "loss"; }
  /// A value of the metric as people read it: accuracy in percent, loss without its turned sign.
  double shown(double value) const { return by_loss() ? -value : 100 * value; }
  /// "91.23 %", "0.2345".
  std::string text(double value) const;
  /// Of a difference between two values, larger is better: "1.40 points", "0.0213 of loss".
  std::string gain_text(double gain) const;
  /// "Validation accuracy" in percent or "Validation loss" in nats.
  Axis value_axis() const;
  /// The same without what would squeeze the good ones together, and what is then off the axis.
  struct Clipped {
    Axis axis;
    std::optional<double> bound;  ///< of the metric; worse values are off the axis
  };
  Clipped clipped_axis() const;

  /// A parameter's key without the tables before it where that is enough: "learning_rate".
  const std::string& name(const std::string& key) const { return names_.at(key); }
  /// What a parameter ranges over. Of a choice its values as words.
  Axis axis_of(const tuning::Parameter& parameter) const;
  /// A trial's place on axis_of(); not a number if the parameter is not in force.
  double place_of(const tuning::Parameter& parameter, const tuning::Trial& trial) const;
  /// The parameters, the most important first; without importance as in the space.
  std::vector<const tuning::Parameter*> parameters() const;

  std::size_t count(tuning::Trial::State state) const;

 private:
  const tuning::Study& study_;
  tuning::SearchSpace space_;
  std::map<std::string, std::string> names_;
  const tuning::Trial* winner_ = nullptr;
  EqualEpochs equal_epochs_;
  std::vector<tuning::Importance> importance_;
};

/// "Trial 37", "The recipe as it was".
std::string trial_name(const tuning::Trial& trial);

/// A setting as it is read: 0.05, sgd, [16, 32].
std::string setting_text(const nlohmann::json& value);

}  // namespace thimble::report
