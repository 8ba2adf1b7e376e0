// Files that may or may not be compressed with gzip; the bytes tell, not the name.

#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace thimble {

/// Reads a regular file from its start to its end, inflating it if it begins as gzip does.
///
/// Inflated bytes go straight to the caller's memory. Errors name the file.
class GzipReader {
 public:
  /// @throws FileError  if the file cannot be opened or is no regular file
  explicit GzipReader(std::filesystem::path path);
  ~GzipReader();
  GzipReader(const GzipReader&) = delete;
  GzipReader& operator=(const GzipReader&) = delete;

  /// Reads until `out` is full or the content ends; returns how much came.
  ///
  /// @throws DataError  if the gzip data is damaged, cut short or followed by something else
  /// @throws FileError  if the file cannot be read
  std::size_t read(std::span<std::uint8_t> out);

  /// True if read() would give nothing more. Checks the end of gzip data.
  bool at_end();

  bool compressed() const { return compressed_; }
  /// Size of the file as it lies on the disk.
  std::uint64_t file_bytes() const { return file_bytes_; }

  /// More bytes than this cannot come out of the whole file: its size, or, for gzip, what deflate
  /// can make of it at best. To be asked before allocating what a header promises.
  std::uint64_t most_bytes() const;

  const std::filesystem::path& path() const { return path_; }
  /// The path as it begins messages.
  std::string name() const { return path_.string(); }

 private:
  struct Inflater;

  std::filesystem::path path_;
  int descriptor_ = -1;
  std::uint64_t file_bytes_ = 0;
  bool compressed_ = false;
  std::unique_ptr<Inflater> inflater_;
  bool peeked_ = false;  ///< at_end() has read one byte ahead
  std::uint8_t peek_ = 0;

  std::size_t read_file(std::span<std::uint8_t> out);
  std::size_t inflate_some(std::span<std::uint8_t> out);
  bool next_member();
};

/// Compresses `bytes` as a gzip file does, without a name or time in it: the same bytes give the
/// same result.
std::string gzip(std::span<const std::uint8_t> bytes);

}  // namespace thimble
