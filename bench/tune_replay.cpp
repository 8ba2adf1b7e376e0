// How much of random search's budget do better methods need? Trains a table of random settings once
// (--make), then replays searches in it: a method picks rows that it has not tried, a stopping rule
// sees their curves epoch by epoch, and every epoch seen is paid for.

#include <algorithm>
#include <cmath>
#include <iostream>
#include <limits>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/parallel.hpp"
#include "trial_table.hpp"
#include "tuning/sampler.hpp"
#include "tuning/stopping_rule.hpp"

namespace {

using namespace thimble;
using bench::TableRow;
using bench::TrialTable;

constexpr double kNever = std::numeric_limits<double>::infinity();
/// Apart from those of the random searches whose results are to be reached.
constexpr std::uint64_t kFirstSeed = 1'000'000;

struct Arguments {
  std::string table;
  bool make = false;
  std::size_t trials = 320;
  bench::TablePlan plan;
  int replays = 50;
  std::vector<std::size_t> budgets = {50, 100, 200};
  tuning::HalvingOptions halving;
  std::string out;
  std::optional<int> threads;
};

struct Method {
  std::string name;
  std::string sampler;
  std::string stopping;
};

const std::vector<Method> kMethods = {{"random, drawn again", "random", "none"},
                                      {"TPE", "tpe", "none"},
                                      {"Hyperband, random", "random", "hyperband"},
                                      {"Hyperband, TPE", "tpe", "hyperband"}};

void add_options(CLI::App& app, Arguments& arguments) {
  bench::TablePlan& plan = arguments.plan;
  app.add_option("table", arguments.table, "The table's file")->required();
  app.add_flag("--make", arguments.make, "Train its rows, or those that it still lacks");
  app.add_option("--trials", arguments.trials, "--make: rows")->capture_default_str();
  app.add_option("--recipe", plan.recipe, "--make: what is trained")->capture_default_str();
  app.add_option("--set", plan.settings, "--make: a setting of every training");
  app.add_option("--space", plan.space, "--make: what is varied")->capture_default_str();
  app.add_option("--data", plan.data, "--make: data set")->capture_default_str();
  app.add_option("--data-dir", plan.data_dir, "--make: folder with the named data sets");
  app.add_option("--train", plan.train, "--make: pictures to train on")->capture_default_str();
  app.add_option("--validation", plan.validation, "--make: pictures to judge by")
      ->capture_default_str();
  app.add_option("--epochs", plan.epochs, "--make: epochs of a training")->capture_default_str();
  app.add_option("--seed", plan.seed, "--make: seed of settings and pictures")
      ->capture_default_str();
  app.add_option("--replays", arguments.replays, "Replays of each method")->capture_default_str();
  app.add_option("--budgets", arguments.budgets, "Trials of random search, a column each")
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("--min-epochs", arguments.halving.min_epochs, "Hyperband: the first rung")
      ->capture_default_str();
  app.add_option("--factor", arguments.halving.factor, "Hyperband: one in so many goes on")
      ->capture_default_str();
  app.add_option("--out", arguments.out, "File for the results (default: printed)");
  app.add_option("--threads", arguments.threads, "Threads to use");
}

/// The best of so many rows, drawn at random.
double best_of_random(const TrialTable& table, std::size_t trials, std::uint64_t seed) {
  std::vector<std::size_t> order(table.rows.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  Random random(seed);
  random.shuffle(std::span(order));
  double best = 0;
  for (std::size_t i = 0; i < trials; ++i) {
    best = std::max(best, table.rows[order[i]].curve.back());
  }
  return best;
}

/// The epochs that a search pays for until it has a finished training as good as each target.
std::vector<double> search(const TrialTable& table, const Method& method,
                           const tuning::HalvingOptions& halving,
                           const std::vector<double>& targets, std::uint64_t seed) {
  const auto sampler = tuning::make_sampler(method.sampler, table.space, seed);
  const auto rule = tuning::make_stopping_rule(method.stopping, halving);
  const double last_target = *std::max_element(targets.begin(), targets.end());
  std::vector<double> reached(targets.size(), kNever);
  std::vector<TableRow> left = table.rows;
  std::vector<tuning::Observation> observations;
  std::vector<tuning::Curve> curves;
  int epochs = 0;
  while (!left.empty()) {
    std::vector<tuning::Assignment> candidates;
    for (const TableRow& row : left) candidates.push_back(row.settings);
    const std::uint64_t trial = curves.size();
    const std::size_t chosen = sampler->choose(trial, candidates, observations);
    const TableRow row = left[chosen];
    left.erase(left.begin() + static_cast<std::ptrdiff_t>(chosen));

    tuning::Curve curve{trial, {}};
    do {
      curve.values.push_back(row.curve[curve.values.size()]);
      ++epochs;
    } while (curve.values.size() < row.curve.size() && !rule->should_stop(curve, curves));
    const double value = curve.values.back();
    observations.push_back({row.settings, value, static_cast<int>(curve.values.size())});
    if (curve.values.size() == row.curve.size()) {
      for (std::size_t i = 0; i < targets.size(); ++i) {
        if (value >= targets[i]) reached[i] = std::min(reached[i], static_cast<double>(epochs));
      }
      if (value >= last_target) break;
    }
    curves.push_back(std::move(curve));
  }
  return reached;
}

/// By linear interpolation, as numpy's default; infinity where it falls on one.
double quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const double at = share * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const double part = at - static_cast<double>(below);
  if (part == 0) return values[below];
  if (values[below + 1] == kNever) return kNever;
  return values[below] + part * (values[below + 1] - values[below]);
}

std::string percent(double share) {
  return share == kNever ? "never" : fmt::format("{:.0f} %", 100 * share);
}

/// @param shares  [replays], of random search's budget
std::string table_cell(const std::vector<double>& shares) {
  const auto missed = std::count(shares.begin(), shares.end(), kNever);
  const std::string note =
      missed == 0 ? "" : fmt::format("; {} of {} never", missed, shares.size());
  return fmt::format("{} ({} to {}{})", percent(quantile(shares, 0.5)),
                     percent(quantile(shares, 0.25)), percent(quantile(shares, 0.75)), note);
}

/// Shares of random search's budget by budget and replay.
using Shares = std::vector<std::vector<double>>;

Shares replay(const TrialTable& table, const Method& method, const Arguments& arguments) {
  const auto replays = static_cast<std::size_t>(arguments.replays);
  Shares shares(arguments.budgets.size(), std::vector<double>(replays));
  parallel_tasks(replays, [&](std::size_t i) {
    std::vector<double> targets;
    for (const std::size_t budget : arguments.budgets) {
      targets.push_back(best_of_random(table, budget, i));
    }
    const std::vector<double> epochs =
        search(table, method, arguments.halving, targets, kFirstSeed + i);
    for (std::size_t b = 0; b < epochs.size(); ++b) {
      shares[b][i] = epochs[b] / static_cast<double>(arguments.budgets[b]) / table.epochs;
    }
  });
  return shares;
}

std::string report(const TrialTable& table, const Arguments& arguments) {
  double best = 0;
  for (const TableRow& row : table.rows) best = std::max(best, row.curve.back());
  std::string text = fmt::format(
      "{} The best: {:.2f} %. Epochs until a search has a finished training as good as the best of "
      "a random search, as a share of what that paid; median (quartiles) of {} replays. Hyperband: "
      "first rung after epoch {}, one in {} goes on.\n\n| method |",
      table.description, 100 * best, arguments.replays, arguments.halving.min_epochs,
      arguments.halving.factor);
  for (const std::size_t budget : arguments.budgets) {
    text += fmt::format(" best of {} |", budget);
  }
  text += "\n|---|";
  for (std::size_t i = 0; i < arguments.budgets.size(); ++i) text += "---|";
  for (const Method& method : kMethods) {
    text += fmt::format("\n| {} |", method.name);
    for (const std::vector<double>& shares : replay(table, method, arguments)) {
      text += fmt::format(" {} |", table_cell(shares));
    }
  }
  return text + "\n";
}

void run(Arguments arguments) {
  if (arguments.threads) set_thread_count(*arguments.threads);
  if (arguments.make) {
    bench::make_table(arguments.table, arguments.plan, arguments.trials);
    return;
  }
  const TrialTable table = bench::load_table(arguments.table);
  arguments.halving.max_epochs = table.epochs;
  for (const std::size_t budget : arguments.budgets) {
    if (budget < 1 || budget > table.rows.size()) {
      throw UsageError(fmt::format("--budgets {}: expected 1 to the table's {} rows", budget,
                                   table.rows.size()));
    }
  }
  const std::string text = report(table, arguments);
  if (arguments.out.empty()) {
    std::cout << text;
  } else {
    write_file(arguments.out, text);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Replays searches for settings in a table of trainings");
  add_options(app, arguments);
  CLI11_PARSE(app, argc, argv);
  try {
    run(arguments);
  } catch (const Error& error) {
    std::cerr << "bench_tune_replay: " << error.what() << "\n";
    return 1;
  }
  return 0;
}
