// The IDX format of MNIST and Fashion-MNIST: a magic number with element type and dimensions, the
// sizes as big-endian 32-bit numbers, then the values.
//
// LeCun, Cortes, Burges: "The MNIST database of handwritten digits", section "File formats".

#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "data/gzip.hpp"
#include "data/splits.hpp"

namespace thimble {

/// Pictures of one IDX file, block by block: unsigned bytes [n, height, width], or
/// [n, height, width, 3] for RGB. Plain or gzip.
class IdxImageReader {
 public:
  /// Reads and checks the header.
  /// @throws FileError  if the file cannot be opened
  /// @throws DataError  if it is not IDX, holds no pictures, or cannot be as long as it claims
  explicit IdxImageReader(const std::filesystem::path& path);

  PictureShape shape() const { return shape_; }
  /// Pictures in the file, read or not.
  std::size_t size() const { return size_; }

  /// The next pictures, `most` or what is left; none at the end.
  /// @throws DataError  if the file is cut short, damaged, or goes on after its last picture
  Images read(std::size_t most);

 private:
  GzipReader file_;
  PictureShape shape_;
  std::size_t size_ = 0;
  std::size_t read_so_far_ = 0;
};

/// Reads a whole file of pictures. Throws as IdxImageReader.
Images read_idx_images(const std::filesystem::path& path);

/// Reads a whole file of labels: bytes, or 16 or 32-bit integers; each in [0, kMostClasses).
/// @throws FileError, DataError  as IdxImageReader
std::vector<std::int32_t> read_idx_labels(const std::filesystem::path& path);

/// The files of a folder of IDX files.
struct IdxFolder {
  std::filesystem::path train_images;
  std::filesystem::path train_labels;
  std::filesystem::path test_images;  ///< empty, as test_labels, if there is no test set
  std::filesystem::path test_labels;
};

/// Finds train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and
/// t10k-labels-idx1-ubyte, or with "test" for "t10k", "." for "-" before idx, ".gz" at the end.
///
/// @return            nothing if the folder has none of them
/// @throws DataError  if some are there and others missing; names them
std::optional<IdxFolder> find_idx_files(const std::filesystem::path& folder);

/// Reads a folder of IDX files; the class names are those of dataset.json (data/assemble.hpp).
/// @throws FileError, DataError  as the functions above, and if pictures and labels disagree
DatasetSplits read_idx_folder(const std::filesystem::path& folder);

/// Writes pictures as IDX, atomically.
void write_idx_images(const std::filesystem::path& path, const Images& images, bool compress);

/// Writes labels as IDX, atomically: bytes, or 32-bit integers if a label is over 255.
void write_idx_labels(const std::filesystem::path& path, const std::vector<std::int32_t>& labels,
                      bool compress);

/// Writes the files of a data set, and dataset.json, into an existing folder.
void write_idx_folder(const std::filesystem::path& folder, const DatasetSplits& splits,
                      bool compress);

}  // namespace thimble
