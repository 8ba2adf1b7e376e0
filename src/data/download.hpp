// One file from the network, continued where an earlier attempt ended.

#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "base/error.hpp"

namespace thimble {

/// The network or the other side failed; another try, or another mirror, may do better.
class DownloadError : public FileError {
 public:
  using FileError::FileError;
};

struct DownloadOptions {
  double connect_timeout_s = 10;
  double stall_timeout_s = 20;            ///< without a byte for this long: given up
  std::uint64_t most_bytes = UINT64_MAX;  ///< a longer file is refused as it arrives
  /// Told how many bytes of the file are here; returns false to stop.
  std::function<bool(std::uint64_t bytes)> on_progress;
};

/// Downloads `url` (http, https or file) to the end of `partial`, which holds what earlier attempts
/// got. A server that cannot continue sends the file anew.
///
/// What has arrived stays in `partial` whatever happens.
/// @throws DownloadError  if the server cannot be reached, answers with an error, falls silent or
///                        ends early; names the address and the reason
/// @throws DataError      if the file is longer than options.most_bytes
/// @throws FileError      if `partial` cannot be written, or another process is writing it
/// @throws Cancelled      if on_progress returned false
void download(const std::string& url, const std::filesystem::path& partial,
              const DownloadOptions& options = {});

}  // namespace thimble
