// Pictures as rows of a CSV file: the label first, then height * width pixel values (or three
// times as many, red, green and blue of a pixel side by side).
//
// The layout of Kaggle's Fashion-MNIST and MNIST files: 785 columns, with or without a header.

#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/assemble.hpp"
#include "data/gzip.hpp"
#include "data/splits.hpp"

namespace thimble {

/// Rows of one CSV file, block by block. Plain or gzip; LF or CRLF; a byte order mark, blank lines
/// and spaces around values do not matter.
class CsvReader {
 public:
  enum class Labels { required, optional };

  /// Reads the first line and finds the layout.
  ///
  /// @param labels  `optional` also takes files without a label column: those with a square number
  ///                of columns, unless the header's first name is "label"
  /// @param shape   of one picture; without it pictures must be square
  /// @throws FileError  if the file cannot be opened
  /// @throws DataError  if it is empty or the number of columns fits no picture
  explicit CsvReader(const std::filesystem::path& path, Labels labels = Labels::required,
                     std::optional<PictureShape> shape = std::nullopt);

  PictureShape shape() const { return shape_; }
  bool has_labels() const { return has_labels_; }

  /// The next rows, at most `most`; none at the end. No labels if the file has none.
  /// @throws DataError  at text, values outside 0 to 255, rows too short or too long: names line
  ///                    and column
  LabelledImages read(std::size_t most);

 private:
  GzipReader file_;
  PictureShape shape_;
  bool has_labels_ = true;
  std::vector<std::uint8_t> buffer_;
  std::size_t begin_ = 0;  ///< of what is not yet parsed, in buffer_
  std::size_t end_ = 0;
  std::uint64_t line_number_ = 0;
  std::optional<std::string_view> first_row_;  ///< in buffer_, if the first line is no header

  std::optional<std::string_view> next_line();
  std::optional<std::string_view> next_row();
  void find_layout(std::string_view first_line, Labels labels);
  void parse_row(std::string_view row, std::int32_t* label, std::uint8_t* pixels) const;
  [[noreturn]] void explain_row(std::string_view row) const;
  std::string place() const;
};

/// The CSV files of a folder.
struct CsvFolder {
  std::filesystem::path train;
  std::filesystem::path test;  ///< empty if there is no test set
};

/// Finds train.csv and test.csv, or one file each that ends in _train.csv and _test.csv (or with
/// .gz).
/// @return            nothing if the folder has no training file
/// @throws DataError  if more than one file may be meant; names them
std::optional<CsvFolder> find_csv_files(const std::filesystem::path& folder);

/// Reads a CSV file, or a folder as find_csv_files() finds it. Class names are those of
/// dataset.json beside the files (data/assemble.hpp), else of the published data set that the
/// files' names begin with (fashion-mnist_train.csv).
/// @throws FileError, DataError  as CsvReader and assemble()
DatasetSplits read_csv(const std::filesystem::path& path);

/// Writes one set with a header, "label,pixel1,…", atomically.
void write_csv(const std::filesystem::path& path, const Dataset& dataset);

/// Writes train.csv, test.csv and dataset.json into an existing folder.
void write_csv_folder(const std::filesystem::path& folder, const DatasetSplits& splits);

}  // namespace thimble
