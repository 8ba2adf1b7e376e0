// Pictures from any number of files of any kind, in order and in bounded memory.

#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "imaging/images.hpp"
#include "imaging/preparation.hpp"

namespace thimble {

/// Where a picture of a stream lies.
struct PictureOrigin {
  std::string file;
  std::optional<std::uint64_t> index;  ///< its place in the file, from 0, if that holds several
};

/// What one PictureStream::read() gives.
struct PictureBatch {
  Images images;                       ///< all of the stream's shape
  std::vector<PictureOrigin> origins;  ///< one a picture
  std::vector<std::string> failures;   ///< what could not be read on the way, as messages
  std::vector<std::string> notices;    ///< what to know of some of the pictures, as messages
};

/// Goes through PNG, JPEG and WebP pictures, IDX and CSV files (plain or gzip; CSV with or without
/// a label column, which is skipped), and through folders of pictures, with the folders in them, in
/// the order of the names.
///
/// What cannot be read is told in PictureBatch::failures, and the stream goes on behind it: behind
/// the picture, the row of the CSV file, or the rest of a damaged IDX or gzip file. Pictures of
/// another size or colour than the stream's are brought to it (imaging/resize.hpp, fit_to).
class PictureStream {
 public:
  /// Reads nothing yet.
  /// @param shape  the pictures' shape, as a model takes them
  /// @param style  how those that it was trained on are laid out
  PictureStream(const std::vector<std::filesystem::path>& inputs, PictureShape shape,
                PictureStyle style = {});
  ~PictureStream();

  /// The next pictures, at most `most`. Fewer, or even none, may come before the end.
  PictureBatch read(std::size_t most);
  /// True once there is nothing left to read.
  bool at_end() const;

  /// Picture files so far that had to be brought to the style of PictureStyle::Kind::cut_out.
  std::uint64_t cut_out() const { return cut_out_; }

  /// Other pictures so far that had another height or width.
  std::uint64_t resized() const { return resized_; }
  /// The size of the first of them.
  PictureShape first_resized_shape() const { return first_resized_shape_; }

 private:
  class RowReader;
  class IdxRows;
  class CsvRows;
  struct Entry {
    std::filesystem::path path;
    bool found_in_folder = false;
  };

  void open_next(PictureBatch& batch, std::size_t most);
  void open_folder(const Entry& folder, PictureBatch& batch);
  void read_pictures(const std::vector<std::filesystem::path>& files, PictureBatch& batch);
  void read_rows(PictureBatch& batch, std::size_t most);
  void note_size(const PictureShape& found);

  PictureShape shape_;
  PictureStyle style_;
  std::vector<Entry> ahead_;  ///< what is still to be read, next at the back
  std::unique_ptr<RowReader> rows_;
  std::uint64_t cut_out_ = 0;
  std::uint64_t resized_ = 0;
  PictureShape first_resized_shape_;
};

}  // namespace thimble
