#include "trial_table.hpp"

#include <chrono>
#include <fstream>
#include <iostream>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "data/source.hpp"
#include "data/split.hpp"
#include "models/recipe.hpp"
#include "tuning/sampler.hpp"

namespace thimble::bench {
namespace {

using nlohmann::json;
using tuning::Assignment;
using tuning::Observation;
using tuning::SearchSpace;

/// A table's first line.
json head_of(const TablePlan& plan, const SearchSpace& space) {
  return {{"recipe", plan.recipe}, {"settings", plan.settings}, {"data", plan.data},
          {"train", plan.train},   {"epochs", plan.epochs},     {"validation", plan.validation},
          {"seed", plan.seed},     {"space", space.to_toml()}};
}

/// The file's whole lines, parsed. What a kill left of the last one is dropped.
std::vector<json> read_lines(const std::filesystem::path& path) {
  const std::string text = read_file(path);
  std::vector<json> lines;
  for (std::size_t start = 0, end; (end = text.find('\n', start)) != std::string::npos;
       start = end + 1) {
    try {
      lines.push_back(json::parse(text.substr(start, end - start)));
    } catch (const json::exception& error) {
      throw DataError(
          fmt::format("{}, line {}: {}", path.string(), lines.size() + 1, error.what()));
    }
  }
  return lines;
}

/// Cuts off what a kill left of the last line.
void drop_torn_line(const std::filesystem::path& path) {
  const std::string text = read_file(path);
  const std::size_t end = text.rfind('\n');
  std::filesystem::resize_file(path, end == std::string::npos ? 0 : end + 1);
}

TableRow row_of(const json& line) {
  return {line.at("settings").get<Assignment>(), line.at("curve").get<std::vector<double>>()};
}

struct TableData {
  Dataset train;
  Dataset validation;
};

/// Stratified subsets of the training split; the test split is not looked at.
TableData load_data(const TablePlan& plan) {
  Dataset all = load_dataset(plan.data, {.data_dir = plan.data_dir}).train;
  TrainValidation parts = split_validation(all, plan.validation, plan.seed);
  return {split_validation(parts.train, plan.train, plan.seed).validation,
          std::move(parts.validation)};
}

std::vector<double> train(const Recipe& recipe, const TableData& data, int epochs) {
  std::vector<double> curve;
  FitOptions options;
  options.validation = &data.validation;
  options.epoch_done = [&](const EpochFigures& figures) {
    curve.push_back(figures.validation_accuracy.value());
    return true;
  };
  try {
    (void)make_classifier(recipe)->fit(data.train, options);
  } catch (const DataError& error) {
    std::cerr << "a training failed: " << error.what() << "\n";
  }
  curve.resize(static_cast<std::size_t>(epochs), 0);
  return curve;
}

}  // namespace

void make_table(const std::filesystem::path& path, const TablePlan& plan, std::size_t trials) {
  const SearchSpace space = tuning::load_search_space(plan.space);
  const json head = head_of(plan, space);
  std::vector<Observation> tried;
  std::ofstream out;
  if (std::filesystem::exists(path)) {
    drop_torn_line(path);
    const std::vector<json> lines = read_lines(path);
    if (lines.empty() || lines.front() != head) {
      throw DataError(path.string() + " is a table of other trainings; name another file");
    }
    for (std::size_t i = 1; i < lines.size(); ++i) tried.push_back({row_of(lines[i]).settings});
    out.open(path, std::ios::app);
  } else {
    out.open(path);
    out << head.dump() << std::endl;
  }
  const TableData data = load_data(plan);
  const auto sampler = tuning::make_random_sampler(space, plan.seed);
  Recipe recipe = load_recipe(plan.recipe);
  for (const std::string& setting : plan.settings) override_setting(recipe, setting);
  set_setting(recipe, "training.epochs", plan.epochs);
  while (tried.size() < trials) {
    const auto start = std::chrono::steady_clock::now();
    const Assignment settings = sampler->suggest(tried.size(), tried);
    const std::vector<double> curve =
        train(tuning::with_settings(recipe, settings), data, plan.epochs);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    out << json{{"settings", settings}, {"curve", curve}, {"seconds", seconds.count()}}.dump()
        << std::endl;
    if (!out) throw FileError(path.string() + ": cannot write");
    tried.push_back({settings});
    std::cerr << fmt::format("{} of {}: {:.4f} in {:.1f} s\n", tried.size(), trials, curve.back(),
                             seconds.count());
  }
}

TrialTable load_table(const std::filesystem::path& path) {
  const std::vector<json> lines = read_lines(path);
  try {
    const json& head = lines.at(0);
    TrialTable table{SearchSpace::parse(head.at("space").get<std::string>(), path.string()),
                     "",
                     head.at("epochs").get<int>(),
                     {}};
    for (std::size_t i = 1; i < lines.size(); ++i) {
      table.rows.push_back(row_of(lines[i]));
      if (std::ssize(table.rows.back().curve) != table.epochs) {
        throw DataError(fmt::format("{}, line {}: {} epochs, expected {}", path.string(), i + 1,
                                    table.rows.back().curve.size(), table.epochs));
      }
    }
    table.description = fmt::format(
        "{} trainings of {} with settings drawn at random, {} epochs each on {} pictures of {}, "
        "judged on {} others.",
        table.rows.size(), head.at("recipe").get<std::string>(), table.epochs,
        format_count(head.at("train").get<std::size_t>()), head.at("data").get<std::string>(),
        format_count(head.at("validation").get<std::size_t>()));
    return table;
  } catch (const json::exception& error) {
    throw DataError(path.string() + " is no table of trainings: " + error.what());
  } catch (const std::out_of_range&) {
    throw DataError(path.string() + " is no table of trainings: it is empty");
  }
}

}  // namespace thimble::bench
