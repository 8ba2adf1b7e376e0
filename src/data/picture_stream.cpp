#include "data/picture_stream.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "data/csv.hpp"
#include "data/gzip.hpp"
#include "data/idx.hpp"
#include "imaging/codec.hpp"
#include "imaging/resize.hpp"

namespace thimble {

namespace fs = std::filesystem;

/// A file with many pictures.
class PictureStream::RowReader {
 public:
  virtual ~RowReader() = default;
  virtual const std::string& file() const = 0;
  /// The next pictures and their places in the file; none at the end.
  /// Failures go to `failures`.
  struct Rows {
    Images images;
    std::vector<std::uint64_t> indices;
  };
  virtual Rows read(std::size_t most, std::vector<std::string>& failures) = 0;
};

class PictureStream::IdxRows : public RowReader {
 public:
  explicit IdxRows(const fs::path& path) : file_(path.string()), reader_(path) {}

  const std::string& file() const override { return file_; }

  Rows read(std::size_t most, std::vector<std::string>&) override {
    Rows rows{reader_.read(most), {}};
    for (std::size_t i = 0; i < rows.images.size(); ++i) rows.indices.push_back(next_++);
    return rows;
  }

 private:
  std::string file_;
  IdxImageReader reader_;
  std::uint64_t next_ = 0;
};

class PictureStream::CsvRows : public RowReader {
 public:
  // Only what is not square needs to be told; other sizes may then be resized.
  CsvRows(const fs::path& path, const PictureShape& shape)
      : file_(path.string()),
        reader_(path, CsvReader::Labels::optional,
                shape.height == shape.width ? std::nullopt : std::optional(shape)) {}

  const std::string& file() const override { return file_; }

  Rows read(std::size_t most, std::vector<std::string>& failures) override {
    Rows rows{Images(reader_.shape(), 0), {}};
    while (rows.indices.size() < most && !given_up_) {
      try {
        // One by one, so that a bad row is left out alone.
        const LabelledImages row = reader_.read(1);
        if (row.images.empty()) break;
        rows.images.append(row.images);
        rows.indices.push_back(next_);
      } catch (const Error& error) {
        note_failure(error.what(), failures);
      }
      ++next_;
    }
    return rows;
  }

 private:
  static constexpr std::size_t kMostFailures = 20;

  // A failure that repeats word by word is not a row's but the file's.
  void note_failure(const std::string& message, std::vector<std::string>& failures) {
    given_up_ = message == last_failure_ || ++failed_ == kMostFailures;
    if (message != last_failure_) failures.push_back(message);
    if (given_up_) {
      failures.push_back(
          fmt::format("{}: the rest of this file, from picture {}, is left out", file_, next_));
    }
    last_failure_ = message;
  }

  std::string file_;
  CsvReader reader_;
  std::uint64_t next_ = 0;
  std::size_t failed_ = 0;
  bool given_up_ = false;
  std::string last_failure_;
};

namespace {

enum class FileKind { picture, idx, csv };

// By the first bytes; what is none of the three is taken for a picture, whose decoder then says
// what it found.
FileKind kind_of(const fs::path& path) {
  if (has_picture_extension(path)) return FileKind::picture;
  GzipReader file(path);
  std::array<std::uint8_t, 4> first{};
  const std::size_t got = file.read(first);
  if (got == first.size() && first[0] == 0 && first[1] == 0) return FileKind::idx;
  const std::string_view name = path.native();
  const bool text = got > 0 && ((first[0] >= '0' && first[0] <= '9') || first[0] == 0xEF);
  if (name.ends_with(".csv") || name.ends_with(".csv.gz") || text) return FileKind::csv;
  if (file.compressed()) return FileKind::idx;
  return FileKind::picture;
}

}  // namespace

PictureStream::PictureStream(const std::vector<fs::path>& inputs, PictureShape shape,
                             PictureStyle style)
    : shape_(shape), style_(style) {
  for (auto input = inputs.rbegin(); input != inputs.rend(); ++input) ahead_.push_back({*input});
}

PictureStream::~PictureStream() = default;

bool PictureStream::at_end() const { return ahead_.empty() && rows_ == nullptr; }

PictureBatch PictureStream::read(std::size_t most) {
  PictureBatch batch;
  batch.images = Images(shape_, 0);
  while (batch.origins.size() < most && !at_end()) {
    const std::size_t room = most - batch.origins.size();
    try {
      if (rows_ != nullptr) {
        read_rows(batch, room);
      } else {
        open_next(batch, room);
      }
    } catch (const Error& error) {
      batch.failures.push_back(error.what());
      rows_.reset();
    }
  }
  return batch;
}

/// Opens what lies ahead: pictures in a row, up to `most` and decoded together, or one folder, or
/// one file of many pictures.
void PictureStream::open_next(PictureBatch& batch, std::size_t most) {
  std::vector<fs::path> pictures;
  while (!ahead_.empty() && pictures.size() < most) {
    const Entry next = ahead_.back();
    std::error_code ignored;
    const bool folder = fs::is_directory(next.path, ignored);
    FileKind kind = FileKind::picture;
    if (!folder && !next.found_in_folder) {
      try {
        kind = kind_of(next.path);
      } catch (const Error& error) {
        batch.failures.push_back(error.what());
        ahead_.pop_back();
        continue;
      }
    }
    const bool one_picture = !folder && kind == FileKind::picture;
    if (!one_picture && !pictures.empty()) break;  // after these pictures
    ahead_.pop_back();
    if (folder) return open_folder(next, batch);
    if (kind == FileKind::idx) {
      rows_ = std::make_unique<IdxRows>(next.path);
      return;
    }
    if (kind == FileKind::csv) {
      rows_ = std::make_unique<CsvRows>(next.path, shape_);
      return;
    }
    pictures.push_back(next.path);
  }
  read_pictures(pictures, batch);
}

void PictureStream::open_folder(const Entry& folder, PictureBatch& batch) {
  std::vector<Entry> inside;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder.path, error)) {
    if (entry.path().filename().native().starts_with('.')) continue;
    std::error_code ignored;
    // A link to a folder may lead back here.
    const bool linked = entry.is_symlink(ignored);
    const bool is_folder = entry.is_directory(ignored) && !linked;
    const bool is_picture = entry.is_regular_file(ignored) && has_picture_extension(entry.path());
    if (is_folder || is_picture) inside.push_back({entry.path(), true});
  }
  if (error) {
    throw FileError(
        fmt::format("{}: cannot read this folder: {}", folder.path.string(), error.message()));
  }
  if (inside.empty() && !folder.found_in_folder) {
    batch.failures.push_back(
        fmt::format("{}: this folder holds no PNG, JPEG or WebP pictures (IDX and CSV files are to "
                    "be named one by one)",
                    folder.path.string()));
  }
  std::sort(inside.begin(), inside.end(),
            [](const Entry& a, const Entry& b) { return a.path > b.path; });
  ahead_.insert(ahead_.end(), inside.begin(), inside.end());
}

void PictureStream::read_pictures(const std::vector<fs::path>& files, PictureBatch& batch) {
  struct Result {
    PreparedPicture prepared;
    PictureShape found;
    std::string failure;
  };
  DecodeLimits limits;
  limits.enough_edge = enough_edge(shape_, style_);
  std::vector<Result> results(files.size());
  parallel_for(files.size(), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      try {
        const Picture picture = read_picture(files[i], limits);
        results[i].found = picture.shape;
        results[i].prepared = prepare_picture(picture, shape_, style_);
      } catch (const Error& error) {
        results[i].failure = error.what();
      }
    }
  });
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (!results[i].failure.empty()) {
      batch.failures.push_back(std::move(results[i].failure));
      continue;
    }
    const PreparedPicture& prepared = results[i].prepared;
    if (style_.kind == PictureStyle::Kind::resized) {
      note_size(results[i].found);
    } else if (!prepared.unchanged) {
      ++cut_out_;
    }
    if (!prepared.notice.empty()) {
      batch.notices.push_back(fmt::format("{}: {}", files[i].string(), prepared.notice));
    }
    batch.images.append(prepared.picture.pixels);
    batch.origins.push_back({files[i].string(), std::nullopt});
  }
}

void PictureStream::read_rows(PictureBatch& batch, std::size_t most) {
  const RowReader::Rows rows = rows_->read(most, batch.failures);
  if (rows.images.empty()) {
    rows_.reset();
    return;
  }
  const PictureShape& found = rows.images.shape();
  std::vector<std::uint8_t> pixels;
  if (found == shape_) {
    pixels.assign(rows.images.pixels().begin(), rows.images.pixels().end());
  } else {
    pixels.resize(rows.images.size() * shape_.size());
    parallel_for(rows.images.size(), 16, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        const auto source = rows.images[i];
        const Picture fitted = fit_to(Picture(found, {source.begin(), source.end()}), shape_);
        std::copy(fitted.pixels.begin(), fitted.pixels.end(),
                  pixels.begin() + static_cast<std::ptrdiff_t>(i * shape_.size()));
      }
    });
  }
  batch.images.append(Images(shape_, std::move(pixels)));
  for (const std::uint64_t index : rows.indices) {
    note_size(found);
    batch.origins.push_back({rows_->file(), index});
  }
}

void PictureStream::note_size(const PictureShape& found) {
  if (found.height == shape_.height && found.width == shape_.width) return;
  if (resized_++ == 0) first_resized_shape_ = found;
}

}  // namespace thimble
