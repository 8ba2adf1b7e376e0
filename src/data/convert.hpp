// Data sets from one format to another.

#pragma once

#include <filesystem>
#include <string>

#include "base/progress.hpp"
#include "data/splits.hpp"

namespace thimble {

enum class DataFormat { idx, csv, images };

/// "idx", "csv" or "images".
/// @throws UsageError  if `name` is none of them; suggests the nearest
DataFormat data_format(const std::string& name);

struct ConvertOptions {
  bool compress = false;         ///< IDX files as gzip
  Progress* progress = nullptr;  ///< asked whether to stop
};

/// Writes a data set as a folder that find_source() reads, without loss.
///
/// The folder appears whole or not at all: everything is written beside it first.
/// @param folder       must not exist, or be empty
/// @throws UsageError  if it exists and is not empty, or is a file
/// @throws FileError   if it cannot be written
/// @throws Cancelled   if options.progress asked to stop
void convert_dataset(const DatasetSplits& splits, DataFormat format,
                     const std::filesystem::path& folder, const ConvertOptions& options = {});

}  // namespace thimble
