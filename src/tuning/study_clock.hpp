// The time that a study took so far, over all its parts.

#pragma once

#include <chrono>
#include <filesystem>

namespace thimble::tuning {

/// Goes on from what the file says. What passed after the last save is not known to the next part.
class StudyClock {
 public:
  /// @throws FileError, DataError  if the file is there and cannot be read
  explicit StudyClock(std::filesystem::path file);

  double seconds() const;
  /// @throws FileError
  void save();
  /// Saves if the last time was some seconds ago.
  void save_now_and_then();

 private:
  std::filesystem::path file_;
  double before_ = 0;
  std::chrono::steady_clock::time_point start_;
  double saved_ = 0;
};

}  // namespace thimble::tuning
