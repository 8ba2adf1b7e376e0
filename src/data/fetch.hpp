// Getting the published data sets.

#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/progress.hpp"
#include "data/published.hpp"

namespace thimble {

struct FetchOptions {
  /// The data set's folder is made in here; empty: THIMBLE_DATA_DIR, else user_data_folder().
  std::filesystem::path data_dir;
  /// Addresses of folders to try in this order instead of the published ones; "{name}" in them is
  /// replaced by the data set's name.
  std::vector<std::string> mirrors = {};
  Progress* progress = nullptr;  ///< bytes of all files together
  double connect_timeout_s = 10;
  double stall_timeout_s = 20;
};

struct FetchReport {
  std::filesystem::path folder;
  std::vector<std::string> fetched;  ///< names of the files that came over the network
  std::vector<std::string> present;  ///< those that were there before, checked
};

/// Fetches a data set by name.
///
/// A file in the folder is always the published one, whole: each arrives as FILE.part, which a
/// later call continues, is compared with the published MD5 and SHA-256 and then renamed.
/// @throws UsageError  if no data set has that name, or it is drawn and not fetched
/// @throws DataError   if what the mirrors offer is not the published file
/// @throws FileError   if no mirror can be reached, or the folder cannot be written; lists each
///                     mirror with the reason
/// @throws Cancelled   if options.progress asked to stop
FetchReport fetch_dataset(const std::string& name, const FetchOptions& options = {});

/// The same for any description of a data set.
FetchReport fetch_dataset(const PublishedDataset& dataset, const FetchOptions& options = {});

}  // namespace thimble
