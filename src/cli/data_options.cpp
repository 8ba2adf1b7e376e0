#include "cli/data_options.hpp"

#include <cstdio>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

namespace thimble::cli {

void add_data_options(CLI::App& command, DataOptions& options) {
  command
      .add_option("--data", options.source,
                  "Name (fashion-mnist, mnist, synthetic), folder of IDX files, CSV file or "
                  "folder, or folder of class folders")
      ->type_name("SOURCE")
      ->capture_default_str();
  add_data_dir_option(command, options.data_dir);
}

void add_data_dir_option(CLI::App& command, std::string& data_dir) {
  command
      .add_option("--data-dir", data_dir,
                  "Folder with a folder for each named data set, looked through first")
      ->type_name("FOLDER");
}

DatasetSplits load(const DataOptions& options) {
  DatasetSplits splits = load_dataset(options.source, {.data_dir = options.data_dir});
  if (splits.train.provenance.synthetic) {
    fmt::print(stderr,
               "note: synthetic data, drawn by Thimble; figures say nothing about real "
               "pictures\n");
  }
  for (const std::string& note : splits.notes) fmt::print(stderr, "note: {}\n", note);
  return splits;
}

}  // namespace thimble::cli
