// What a study shows on the terminal.

#pragma once

#include <memory>
#include <string>

#include "base/progress.hpp"
#include "tuning/study.hpp"
#include "tuning/study_runner.hpp"

namespace thimble::cli {

/// One line that tells how the study stands, and one for each trial that ends; on stderr.
class TuneObserver : public tuning::StudyObserver {
 public:
  /// @param metric  as StudyPlan::metric
  TuneObserver(bool quiet, std::string metric);

  void note(const std::string& text) override;
  void trial_ended(const tuning::Trial& trial, const tuning::Standing& standing) override;
  void at_work(const tuning::Standing& standing) override;
  bool stop_requested() const override { return interrupted(); }

 private:
  std::unique_ptr<ConsoleProgress> progress_;  // null: quiet
  std::string metric_;
};

/// "91.23 %", or a loss "0.2345"; the value as a Trial has it.
std::string metric_text(const std::string& metric, double value);

/// How many trials there were and how they ended.
std::string trials_text(const tuning::Study& study);

/// Baseline beside winner: figures on validation, then the settings that were searched.
std::string winner_table(const tuning::Study& study);

}  // namespace thimble::cli
