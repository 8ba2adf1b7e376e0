// Trainings with settings drawn at random, kept as a table: what tune_replay searches in.

#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tuning/search_space.hpp"

namespace thimble::bench {

/// What all trainings of a table have in common.
struct TablePlan {
  std::string recipe = "mlp";
  std::vector<std::string> settings;  ///< of every training, "training.precision=fp32"
  std::string space = "mlp";          ///< as load_search_space() takes it
  std::string data = "fashion-mnist";
  std::string data_dir;
  std::size_t train = 10'000;  ///< pictures, drawn by class from the training split
  std::size_t validation = 5'000;
  int epochs = 9;
  std::uint64_t seed = 1;
};

struct TableRow {
  tuning::Assignment settings;
  std::vector<double> curve;  ///< validation accuracy after each epoch; 0 after a training failed
};

struct TrialTable {
  tuning::SearchSpace space;
  std::string description;  ///< one sentence
  int epochs = 0;
  std::vector<TableRow> rows;
};

/// Adds trainings to a table until it has `trials` rows; begins it where there is none.
/// @throws DataError  if the file is a table of another plan
void make_table(const std::filesystem::path& path, const TablePlan& plan, std::size_t trials);

/// @throws FileError, DataError  if the file cannot be read or is no such table
TrialTable load_table(const std::filesystem::path& path);

}  // namespace thimble::bench
