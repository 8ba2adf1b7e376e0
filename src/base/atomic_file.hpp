// Files that appear whole or not at all.

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace thimble {

/// A file being written under a temporary name beside its target. commit() flushes it to the disk
/// and renames it; without commit() the destructor removes it and the target stays as it was.
///
/// @throws FileError  from every function when the disk is full, the folder unwritable, ...;
///                    the message names the target
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path target);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text);
  /// Replaces bytes that were written before, for what is known only at the end. Not of a pipe.
  void overwrite(std::uint64_t offset, std::span<const std::byte> bytes);
  void commit();

 private:
  std::filesystem::path target_;
  std::filesystem::path temporary_;
  std::vector<std::byte> buffer_;
  int descriptor_ = -1;

  void flush();
  [[noreturn]] void fail(const char* what);
};

/// Writes a whole file atomically.
void write_file(const std::filesystem::path& target, std::string_view content);

/// Reads a whole file.
/// @throws FileError  if it cannot be read, or is larger than `limit_bytes`
std::string read_file(const std::filesystem::path& path, std::uint64_t limit_bytes = UINT64_MAX);

}  // namespace thimble
