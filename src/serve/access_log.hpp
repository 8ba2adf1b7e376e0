// One line of JSON for each request that was answered.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace thimble::serve {

struct AccessRecord {
  std::string id;
  std::string client;
  std::string method;
  std::string path;  ///< without the query, which may hold what nobody should keep
  int status = 0;
  std::uint64_t bytes_in = 0;   ///< of the body
  std::uint64_t bytes_out = 0;  ///< of the body
  double milliseconds = 0;      ///< from the first byte of the request to the last of the answer
  std::vector<std::pair<std::string, std::string>> further;
};

/// Writes records from a thread of its own, so that a slow disk delays nobody. Where more wait than
/// it may keep, it drops some and says how many.
///
/// Thread safety: write() may be called from several threads at once.
class AccessLog {
 public:
  /// @param target  a file, to which it appends; "-": standard error; empty: nothing is logged
  /// @throws FileError  if the file cannot be opened
  explicit AccessLog(const std::string& target);
  ~AccessLog();
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  bool enabled() const;
  void write(AccessRecord record);
  /// Opens the file anew, after it was moved away (SIGHUP).
  void reopen();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace thimble::serve
