// The options with which every command names its data.

#pragma once

#include <string>

#include <CLI/App.hpp>

#include "data/source.hpp"

namespace thimble::cli {

struct DataOptions {
  std::string source = "fashion-mnist";
  std::string data_dir;
};

/// Adds --data and --data-dir to a command.
void add_data_options(CLI::App& command, DataOptions& options);

/// Adds --data-dir alone, for commands that take the source as an argument.
void add_data_dir_option(CLI::App& command, std::string& data_dir);

/// Opens what the options name. Synthetic data announces itself on stderr.
/// @throws UsageError, FileError, DataError  as load_dataset()
DatasetSplits load(const DataOptions& options);

}  // namespace thimble::cli
