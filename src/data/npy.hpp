// Arrays as NumPy's NPY files, for whoever goes on in Python.
//
// Format version 1.0 (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html): the
// magic "\x93NUMPY", the version, a Python dictionary with type and shape padded to a multiple of
// 64 bytes, then the values, little-endian and row-major.

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>

#include "base/atomic_file.hpp"

namespace thimble {

/// Writes an array row by row, in bounded memory; the number of rows need not be known before the
/// end. The file appears whole or not at all.
///
/// @tparam T  float ('<f4') or std::int64_t ('<i8')
template <class T>
class NpyWriter {
 public:
  /// @param columns      values of a row of a [n, columns] array; nothing for an array of one
  ///                     dimension
  /// @throws FileError   if the file cannot be written
  explicit NpyWriter(std::filesystem::path path, std::optional<std::size_t> columns = {});

  /// Adds whole rows.
  /// @throws ShapeError  if it is not a multiple of the columns
  /// @throws FileError   if the disk is full, ...
  void write(std::span<const T> values);

  /// Ends the file with its number of rows; without it there is none.
  /// @throws FileError  as write()
  void commit();

  std::uint64_t rows() const { return rows_; }

 private:
  AtomicFile file_;
  std::filesystem::path path_;
  std::optional<std::size_t> columns_;
  std::uint64_t rows_ = 0;
};

extern template class NpyWriter<float>;
extern template class NpyWriter<std::int64_t>;

}  // namespace thimble
