#include "data/idx.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <new>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/text.hpp"
#include "data/assemble.hpp"

namespace thimble {
namespace {

namespace fs = std::filesystem;

// Element types, the third byte of the magic number.
constexpr std::uint8_t kUnsignedByte = 0x08;
constexpr std::uint8_t kShort = 0x0B;
constexpr std::uint8_t kInt = 0x0C;

constexpr std::uint32_t kMostPixelsPerSide = 16'384;

struct Header {
  std::uint8_t type = kUnsignedByte;
  std::vector<std::uint32_t> dimensions;
};

std::uint32_t big_endian(const std::uint8_t* bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 |
         std::uint32_t{bytes[2]} << 8 | std::uint32_t{bytes[3]};
}

Header read_header(GzipReader& file, const char* wanted) {
  std::array<std::uint8_t, 4> magic{};
  if (file.read(magic) < magic.size()) {
    throw DataError(fmt::format("{}: too short for an IDX file, expected {}", file.name(), wanted));
  }
  constexpr std::uint8_t kMostDimensions = 4;
  if (magic[0] != 0 || magic[1] != 0 || magic[3] < 1 || magic[3] > kMostDimensions) {
    throw DataError(fmt::format(
        "{}: not an IDX file: begins with bytes {:02x} {:02x} {:02x} {:02x}, expected {}",
        file.name(), magic[0], magic[1], magic[2], magic[3], wanted));
  }
  Header header{magic[2], {}};
  for (int k = 0; k < magic[3]; ++k) {
    std::array<std::uint8_t, 4> size{};
    if (file.read(size) < size.size()) {
      throw DataError(fmt::format("{}: the IDX header is cut short", file.name()));
    }
    header.dimensions.push_back(big_endian(size.data()));
  }
  return header;
}

std::string sizes_of(const Header& header) {
  return fmt::format("{}", fmt::join(header.dimensions, " x "));
}

/// The bytes that the header promises, once it is certain that the file can hold them.
std::size_t content_bytes(const GzipReader& file, const Header& header, std::size_t element_bytes) {
  const std::uint64_t header_bytes = 4 + 4 * header.dimensions.size();
  const std::uint64_t most = file.most_bytes() - std::min(file.most_bytes(), header_bytes);
  std::uint64_t bytes = element_bytes;
  for (const std::uint32_t size : header.dimensions) {
    if (size != 0 && bytes > most / size) {
      throw DataError(
          fmt::format("{}: the header promises {} values, but the file is too short for them",
                      file.name(), sizes_of(header)));
    }
    bytes *= size;
  }
  if (!file.compressed() && bytes < most) {
    throw DataError(fmt::format("{}: {} bytes follow the last of {} values", file.name(),
                                most - bytes, sizes_of(header)));
  }
  return static_cast<std::size_t>(bytes);
}

/// Reads `bytes` bytes. A small gzip file may promise gigabytes, so memory beyond what pictures
/// usually inflate to is only asked for as the content arrives.
std::vector<std::uint8_t> read_content(GzipReader& file, std::size_t bytes) {
  constexpr std::size_t kFirst = std::size_t{64} << 20;
  constexpr std::size_t kUsualInflation = 8;
  const std::size_t first = file.compressed()
                                ? std::max<std::size_t>(kFirst, kUsualInflation * file.file_bytes())
                                : bytes;
  std::vector<std::uint8_t> content;
  for (std::size_t filled = 0; filled < bytes;) {
    content.resize(std::min(bytes, filled == 0 ? first : 2 * filled));
    const std::size_t got = file.read(std::span(content).subspan(filled));
    filled += got;
    if (filled < content.size()) {
      throw DataError(fmt::format("{}: the content ends after {} bytes, expected {}", file.name(),
                                  filled, bytes));
    }
  }
  return content;
}

void expect_end(GzipReader& file) {
  if (!file.at_end()) {
    throw DataError(fmt::format("{}: more bytes follow than the header promises", file.name()));
  }
}

std::string big_endian_bytes(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xFF);
  return bytes;
}

std::uint32_t checked_size(std::size_t size, const fs::path& path) {
  if (size > std::numeric_limits<std::uint32_t>::max()) {
    throw DataError(
        fmt::format("{}: {} samples are more than an IDX file can hold", path.string(), size));
  }
  return static_cast<std::uint32_t>(size);
}

void write_idx(const fs::path& path, const std::string& header,
               std::span<const std::uint8_t> values, bool compress) {
  AtomicFile file(path);
  if (compress) {
    std::vector<std::uint8_t> whole(header.begin(), header.end());
    whole.insert(whole.end(), values.begin(), values.end());
    file.write(gzip(whole));
  } else {
    file.write(header);
    file.write(std::as_bytes(values));
  }
  file.commit();
}

/// The first of the names under which the file may lie, plain before gzip; empty if there is none.
fs::path find_file(const fs::path& folder, const std::vector<std::string>& stems,
                   const std::string& content, const std::vector<std::string>& endings) {
  for (const char* suffix : {"", ".gz"}) {
    for (const std::string& stem : stems) {
      for (const std::string& ending : endings) {
        for (const char* separator : {"-", "."}) {
          const fs::path path = folder / (stem + "-" + content + separator + ending + suffix);
          std::error_code unreadable;
          if (fs::is_regular_file(path, unreadable)) return path;
        }
      }
    }
  }
  return {};
}

}  // namespace

IdxImageReader::IdxImageReader(const fs::path& path) : file_(path) {
  const Header header = read_header(file_, "00 00 08 03 (pictures)");
  const std::size_t dimensions = header.dimensions.size();
  if (header.type != kUnsignedByte || (dimensions != 3 && dimensions != 4)) {
    throw DataError(fmt::format(
        "{}: IDX type {:02x} with {} dimension{}{}, expected pictures: type 08 with 3 dimensions, "
        "or 4 for RGB",
        file_.name(), header.type, dimensions, dimensions == 1 ? "" : "s",
        dimensions == 1 ? " (labels?)" : ""));
  }
  const std::uint32_t height = header.dimensions[1];
  const std::uint32_t width = header.dimensions[2];
  const std::uint32_t channels = dimensions == 4 ? header.dimensions[3] : 1;
  if (height < 1 || width < 1 || height > kMostPixelsPerSide || width > kMostPixelsPerSide ||
      (channels != 1 && channels != 3)) {
    throw DataError(fmt::format(
        "{}: pictures of {} x {} pixels with {} channels, expected 1 to {} pixels a side and 1 or "
        "3 channels",
        file_.name(), height, width, channels, kMostPixelsPerSide));
  }
  content_bytes(file_, header, 1);
  shape_ = {static_cast<int>(height), static_cast<int>(width), static_cast<int>(channels)};
  size_ = header.dimensions[0];
  if (size_ == 0) expect_end(file_);
}

Images IdxImageReader::read(std::size_t most) {
  const std::size_t count = std::min(most, size_ - read_so_far_);
  if (count == 0) return Images(shape_, 0);
  try {
    Images images(shape_, read_content(file_, count * shape_.size()));
    read_so_far_ += count;
    if (read_so_far_ == size_) expect_end(file_);
    return images;
  } catch (const std::bad_alloc&) {
    throw DataError(fmt::format("{}: {} pictures ({}) need {}, more than this machine gives",
                                file_.name(), count, to_string(shape_),
                                format_bytes(count * shape_.size())));
  }
}

Images read_idx_images(const fs::path& path) {
  IdxImageReader reader(path);
  return reader.read(reader.size());
}

std::vector<std::int32_t> read_idx_labels(const fs::path& path) {
  GzipReader file(path);
  const Header header = read_header(file, "00 00 08 01 (labels)");
  const std::size_t element_bytes = header.type == kUnsignedByte ? 1
                                    : header.type == kShort      ? 2
                                    : header.type == kInt        ? 4
                                                                 : 0;
  if (header.dimensions.size() != 1 || element_bytes == 0) {
    throw DataError(fmt::format(
        "{}: IDX type {:02x} with {} dimension{}{}, expected labels: type 08, 0b or 0c with 1 "
        "dimension",
        file.name(), header.type, header.dimensions.size(),
        header.dimensions.size() == 1 ? "" : "s",
        header.dimensions.size() == 3 ? " (pictures?)" : ""));
  }
  const std::vector<std::uint8_t> bytes =
      read_content(file, content_bytes(file, header, element_bytes));
  expect_end(file);

  std::vector<std::int32_t> labels(header.dimensions[0]);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    std::uint32_t value = 0;
    for (std::size_t k = 0; k < element_bytes; ++k)
      value = value << 8 | bytes[i * element_bytes + k];
    labels[i] =
        element_bytes == 2 ? static_cast<std::int16_t>(value) : std::bit_cast<std::int32_t>(value);
    if (labels[i] < 0 || labels[i] >= kMostClasses) {
      throw DataError(fmt::format("{}: label {} of sample {} is out of range, expected 0 to {}",
                                  file.name(), labels[i], i, kMostClasses - 1));
    }
  }
  return labels;
}

std::optional<IdxFolder> find_idx_files(const fs::path& folder) {
  const std::vector<std::string> pictures{"idx3-ubyte", "idx4-ubyte"};
  const std::vector<std::string> labels{"idx1-ubyte", "idx1-int", "idx1-short"};
  const std::vector<std::string> test{"t10k", "test"};
  IdxFolder found{find_file(folder, {"train"}, "images", pictures),
                  find_file(folder, {"train"}, "labels", labels),
                  find_file(folder, test, "images", pictures),
                  find_file(folder, test, "labels", labels)};
  if (found.train_images.empty() && found.train_labels.empty() && found.test_images.empty() &&
      found.test_labels.empty()) {
    return std::nullopt;
  }
  std::vector<std::string> missing;
  if (found.train_images.empty()) missing.emplace_back("train-images-idx3-ubyte");
  if (found.train_labels.empty()) missing.emplace_back("train-labels-idx1-ubyte");
  if (found.test_images.empty() != found.test_labels.empty()) {
    missing.emplace_back(found.test_images.empty() ? "t10k-images-idx3-ubyte"
                                                   : "t10k-labels-idx1-ubyte");
  }
  if (!missing.empty()) {
    throw DataError(fmt::format("{}: some IDX files are there, but not {} (or with .gz)",
                                folder.string(), fmt::join(missing, ", ")));
  }
  return found;
}

DatasetSplits read_idx_folder(const fs::path& folder) {
  const std::optional<IdxFolder> files = find_idx_files(folder);
  if (!files) {
    throw DataError(
        fmt::format("{}: no IDX files, expected train-images-idx3-ubyte and "
                    "train-labels-idx1-ubyte (or with .gz)",
                    folder.string()));
  }
  LabelledImages train;
  LabelledImages test;
  const bool has_test = !files->test_images.empty();
  // Inflating is most of the work: the two picture files go to different threads.
  parallel_for(has_test ? 2 : 1, 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t k = begin; k < end; ++k) {
      LabelledImages& set = k == 0 ? train : test;
      set.images = read_idx_images(k == 0 ? files->train_images : files->test_images);
      set.labels = read_idx_labels(k == 0 ? files->train_labels : files->test_labels);
    }
  });
  return assemble(std::move(train), has_test ? std::optional(std::move(test)) : std::nullopt,
                  read_manifest(folder), folder);
}

void write_idx_images(const fs::path& path, const Images& images, bool compress) {
  const PictureShape& shape = images.shape();
  std::string header{0, 0, static_cast<char>(kUnsignedByte), shape.channels == 1 ? '\3' : '\4'};
  header += big_endian_bytes(checked_size(images.size(), path));
  header += big_endian_bytes(static_cast<std::uint32_t>(shape.height));
  header += big_endian_bytes(static_cast<std::uint32_t>(shape.width));
  if (shape.channels != 1) header += big_endian_bytes(static_cast<std::uint32_t>(shape.channels));
  write_idx(path, header, images.pixels(), compress);
}

void write_idx_labels(const fs::path& path, const std::vector<std::int32_t>& labels,
                      bool compress) {
  const bool bytes = std::ranges::all_of(labels, [](std::int32_t l) { return l >= 0 && l < 256; });
  const std::string header = std::string{0, 0, static_cast<char>(bytes ? kUnsignedByte : kInt), 1} +
                             big_endian_bytes(checked_size(labels.size(), path));
  std::vector<std::uint8_t> values;
  for (const std::int32_t label : labels) {
    if (bytes) {
      values.push_back(static_cast<std::uint8_t>(label));
    } else {
      for (const char byte : big_endian_bytes(static_cast<std::uint32_t>(label))) {
        values.push_back(static_cast<std::uint8_t>(byte));
      }
    }
  }
  write_idx(path, header, values, compress);
}

void write_idx_folder(const fs::path& folder, const DatasetSplits& splits, bool compress) {
  const auto write_set = [&](const char* stem, const Dataset& set) {
    const bool wide =
        std::ranges::any_of(set.labels, [](std::int32_t label) { return label > 255; });
    const std::string suffix = compress ? ".gz" : "";
    write_idx_images(folder / fmt::format("{}-images-idx{}-ubyte{}", stem,
                                          set.images.shape().channels == 1 ? 3 : 4, suffix),
                     set.images, compress);
    write_idx_labels(
        folder / fmt::format("{}-labels-idx1-{}{}", stem, wide ? "int" : "ubyte", suffix),
        set.labels, compress);
  };
  write_set("train", splits.train);
  if (splits.test) write_set("t10k", *splits.test);
  write_manifest(folder, splits);
}

}  // namespace thimble
