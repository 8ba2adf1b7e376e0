// The subcommands. Each adds itself to the program with its options, help and examples, and sets a
// callback that does the work or throws.

#pragma once

#include <CLI/App.hpp>

namespace thimble::cli {

void add_data_command(CLI::App& program);
void add_explore_command(CLI::App& program);
void add_train_command(CLI::App& program);
void add_tune_command(CLI::App& program);
void add_evaluate_command(CLI::App& program);
void add_compare_command(CLI::App& program);
void add_transfer_command(CLI::App& program);
void add_predict_command(CLI::App& program);
void add_features_command(CLI::App& program);
void add_export_command(CLI::App& program);
void add_serve_command(CLI::App& program);
void add_model_command(CLI::App& program);
void add_completion_command(CLI::App& program);

}  // namespace thimble::cli
