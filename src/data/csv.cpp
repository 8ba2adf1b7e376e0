#include "data/csv.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/text.hpp"
#include "data/published.hpp"

namespace thimble {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBufferBytes = std::size_t{1} << 20;
constexpr std::size_t kMostLineBytes = std::size_t{64} << 20;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_space(char c) { return c == ' ' || c == '\t'; }

std::string_view without_spaces(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// A value as it stands in a message: short, and without characters that upset a terminal.
std::string shown(std::string_view value) {
  constexpr std::size_t kMostShown = 24;
  std::string text;
  for (const char c : value.substr(0, kMostShown)) text += c < ' ' || c > '~' ? '?' : c;
  return value.size() > kMostShown ? text + "…" : text;
}

/// The side of a square of `pixels` pixels, or 0.
int square_side(std::size_t pixels) {
  const auto side = static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(pixels))));
  return side > 0 && side * side == pixels ? static_cast<int>(side) : 0;
}

/// The square picture that `values` values make up, grey or RGB.
std::optional<PictureShape> square_shape(std::size_t values) {
  if (const int side = square_side(values)) return PictureShape{side, side, 1};
  if (values % 3 == 0) {
    if (const int side = square_side(values / 3)) return PictureShape{side, side, 3};
  }
  return std::nullopt;
}

/// Reads one whole number and what follows it; nothing if anything else is there. Digits beyond
/// what any value needs are not looked at, so the number cannot overflow.
struct Number {
  std::int32_t value;
  const char* rest;
};
std::optional<Number> parse_number(const char* at, const char* end) {
  constexpr int kMostDigits = 9;
  while (at < end && is_space(*at)) ++at;
  std::int32_t value = 0;
  const char* digits = at;
  while (at < end && is_digit(*at) && at - digits < kMostDigits) value = 10 * value + (*at++ - '0');
  if (at == digits) return std::nullopt;
  while (at < end && is_space(*at)) ++at;
  if (at < end && *at != ',') return std::nullopt;
  return Number{value, at};
}

bool is_csv_name(const std::string& name, const std::string& set) {
  for (const char* extension : {".csv", ".csv.gz"}) {
    const std::string ending = set + extension;
    if (name == ending || name.ends_with("_" + ending) || name.ends_with("-" + ending)) return true;
  }
  return false;
}

fs::path find_csv_file(const fs::path& folder, const std::string& set) {
  std::vector<fs::path> found;
  std::error_code unreadable;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, unreadable)) {
    if (is_csv_name(to_lower(entry.path().filename().string()), set) &&
        entry.is_regular_file(unreadable)) {
      found.push_back(entry.path());
    }
  }
  if (found.size() > 1) {
    std::ranges::sort(found);
    throw DataError(fmt::format(
        "{}: both {} and {} may be the {} set; name one file, or move one "
        "of them away",
        folder.string(), found[0].filename().string(), found[1].filename().string(), set));
  }
  return found.empty() ? fs::path() : found.front();
}

LabelledImages read_csv_file(const fs::path& path, const std::optional<Manifest>& manifest) {
  CsvReader reader(path, CsvReader::Labels::required, manifest ? manifest->shape : std::nullopt);
  return reader.read(std::numeric_limits<std::size_t>::max());
}

/// Kaggle's files come without class names, but their own names say what they are.
std::optional<Manifest> manifest_from_name(const fs::path& file) {
  const std::string name = to_lower(file.filename().string());
  for (const PublishedDataset& known : published_datasets()) {
    if (!name.starts_with(known.name + "_")) continue;
    Manifest manifest;
    manifest.classes = known.classes;
    return manifest;
  }
  return std::nullopt;
}

}  // namespace

CsvReader::CsvReader(const fs::path& path, Labels labels, std::optional<PictureShape> shape)
    : file_(path), shape_(shape.value_or(PictureShape{})), buffer_(kBufferBytes) {
  const std::optional<std::string_view> first = next_row();
  if (!first) throw DataError(fmt::format("{}: empty, expected rows of pixels", file_.name()));
  find_layout(*first, labels);
}

void CsvReader::find_layout(std::string_view first_line, Labels labels) {
  const auto columns = static_cast<std::size_t>(std::ranges::count(first_line, ',')) + 1;
  const std::string_view first_value = trim(first_line.substr(0, first_line.find(',')));
  const bool header = first_value.empty() || !(is_digit(first_value[0]) || first_value[0] == '-' ||
                                               first_value[0] == '+' || first_value[0] == '.');
  const std::string name = to_lower(first_value);
  const bool label_named = header && (name == "label" || name == "\"label\"");
  if (!header) first_row_ = first_line;

  const bool shape_given = shape_.size() > 0;
  const auto fits = [&](std::size_t values) {
    return shape_given ? values == shape_.size() : square_shape(values).has_value();
  };
  has_labels_ = labels == Labels::required || label_named || !fits(columns);
  const std::size_t values = columns - (has_labels_ ? 1 : 0);
  if (fits(values)) {
    if (!shape_given) shape_ = *square_shape(values);
    return;
  }
  if (shape_given) {
    throw DataError(fmt::format("{}: {} columns, expected a label and {} values ({})", file_.name(),
                                columns, shape_.size(), to_string(shape_)));
  }
  throw DataError(fmt::format(
      "{}: {} column{}, expected a label and height * width values with height = width, separated "
      "by commas (785 columns for 28x28 grey){}",
      file_.name(), columns, columns == 1 ? "" : "s",
      fits(columns) ? "; is the label column missing?" : ""));
}

LabelledImages CsvReader::read(std::size_t most) {
  const std::size_t size = shape_.size();
  std::vector<std::uint8_t> pixels;
  std::vector<std::int32_t> labels;
  if (!file_.compressed()) {
    // A value takes two bytes or more, so this is enough for all rows, and it costs nothing until
    // it is written to.
    const std::size_t most_rows = static_cast<std::size_t>(file_.file_bytes()) / (2 * size) + 1;
    pixels.reserve(std::min(most, most_rows) * size);
  }
  for (std::size_t row = 0; row < most; ++row) {
    const std::optional<std::string_view> line = next_row();
    if (!line) break;
    pixels.resize(pixels.size() + size);
    std::int32_t label = 0;
    parse_row(*line, &label, pixels.data() + pixels.size() - size);
    if (has_labels_) labels.push_back(label);
  }
  return {Images(shape_, std::move(pixels)), std::move(labels)};
}

void CsvReader::parse_row(std::string_view row, std::int32_t* label, std::uint8_t* pixels) const {
  const char* at = row.data();
  const char* const end = at + row.size();
  if (has_labels_) {
    const std::optional<Number> number = parse_number(at, end);
    if (!number || number->value >= kMostClasses || number->rest == end) explain_row(row);
    *label = number->value;
    at = number->rest + 1;
  }
  const std::size_t size = shape_.size();
  for (std::size_t i = 0; i < size; ++i) {
    const std::optional<Number> number = parse_number(at, end);
    const bool last = i + 1 == size;
    if (!number || number->value > 255 || (number->rest == end) != last) explain_row(row);
    pixels[i] = static_cast<std::uint8_t>(number->value);
    at = number->rest + (last ? 0 : 1);
  }
}

/// Goes through a row that parse_row refused once more and tells what is wrong with it.
void CsvReader::explain_row(std::string_view row) const {
  const std::vector<std::string> values = split(row, ',');
  const std::size_t expected = shape_.size() + (has_labels_ ? 1 : 0);
  for (std::size_t i = 0; i < std::min(values.size(), expected); ++i) {
    const std::string_view value = without_spaces(values[i]);
    const bool is_label = has_labels_ && i == 0;
    const std::int32_t most = is_label ? kMostClasses - 1 : 255;
    const std::string where = fmt::format("{}, column {}", place(), i + 1);
    if (value.empty()) throw DataError(where + ": no value, expected a whole number");
    const bool whole = std::ranges::all_of(value, is_digit);
    if (!whole) {
      throw DataError(
          fmt::format("{}: '{}', expected a whole number from 0 to {}", where, shown(value), most));
    }
    const std::optional<Number> number = parse_number(value.data(), value.data() + value.size());
    if (!number || number->value > most) {
      throw DataError(fmt::format("{}: {} {} is over {}", where, is_label ? "label" : "value",
                                  shown(value), most));
    }
  }
  const std::size_t found = values.size() - (has_labels_ ? 1 : 0);
  throw DataError(fmt::format("{}: {} values, expected {}{}", place(), found, shape_.size(),
                              has_labels_ ? " after the label" : ""));
}

std::string CsvReader::place() const {
  return fmt::format("{}, line {}", file_.name(), line_number_);
}

/// The next line that is not blank. It stays valid until the next call.
std::optional<std::string_view> CsvReader::next_row() {
  if (first_row_) return std::exchange(first_row_, std::nullopt);
  for (;;) {
    const std::optional<std::string_view> line = next_line();
    if (!line || !trim(*line).empty()) return line;
  }
}

std::optional<std::string_view> CsvReader::next_line() {
  std::size_t searched = begin_;
  for (;;) {
    const auto* newline = static_cast<const std::uint8_t*>(
        std::memchr(buffer_.data() + searched, '\n', end_ - searched));
    const bool at_end = newline == nullptr && end_ < buffer_.size() && file_.at_end();
    if (newline != nullptr || (at_end && begin_ < end_)) {
      const std::size_t stop = newline ? static_cast<std::size_t>(newline - buffer_.data()) : end_;
      std::string_view line(reinterpret_cast<const char*>(buffer_.data()) + begin_, stop - begin_);
      begin_ = newline ? stop + 1 : end_;
      if (line_number_++ == 0 && line.starts_with(kByteOrderMark)) {
        line.remove_prefix(kByteOrderMark.size());
      }
      if (line.ends_with('\r')) line.remove_suffix(1);
      return line;
    }
    if (at_end) return std::nullopt;

    // The rest of the line is still in the file: move what is here to the front and read on.
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    if (end_ == buffer_.size()) {
      if (end_ >= kMostLineBytes) {
        throw DataError(fmt::format("{}, line {}: longer than {}", file_.name(), line_number_ + 1,
                                    format_bytes(kMostLineBytes)));
      }
      buffer_.resize(2 * buffer_.size());
    }
    searched = end_;
    end_ += file_.read(std::span(buffer_).subspan(end_));
  }
}

std::optional<CsvFolder> find_csv_files(const fs::path& folder) {
  CsvFolder found{find_csv_file(folder, "train"), find_csv_file(folder, "test")};
  if (found.train.empty()) return std::nullopt;
  return found;
}

DatasetSplits read_csv(const fs::path& path) {
  std::error_code unreadable;
  CsvFolder files{path, {}};
  const bool is_folder = fs::is_directory(path, unreadable);
  if (is_folder) {
    const std::optional<CsvFolder> found = find_csv_files(path);
    if (!found) {
      throw DataError(
          fmt::format("{}: no CSV files, expected train.csv or one that ends in "
                      "_train.csv",
                      path.string()));
    }
    files = *found;
  }
  std::optional<Manifest> manifest = read_manifest(files.train.parent_path());
  const bool has_test = !files.test.empty();
  LabelledImages train;
  LabelledImages test;
  parallel_for(has_test ? 2 : 1, 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t k = begin; k < end; ++k) {
      (k == 0 ? train : test) = read_csv_file(k == 0 ? files.train : files.test, manifest);
    }
  });
  if (!manifest) manifest = manifest_from_name(files.train);
  return assemble(std::move(train), has_test ? std::optional(std::move(test)) : std::nullopt,
                  manifest, path);
}

void write_csv(const fs::path& path, const Dataset& dataset) {
  std::array<std::string, 256> value_texts;
  for (std::size_t value = 0; value < value_texts.size(); ++value) {
    value_texts[value] = fmt::format(",{}", value);
  }
  std::string row = "label";
  for (std::size_t k = 1; k <= dataset.images.shape().size(); ++k)
    row += fmt::format(",pixel{}", k);
  AtomicFile file(path);
  file.write(row + "\n");
  for (std::size_t i = 0; i < dataset.size(); ++i) {
    row = std::to_string(dataset.labels[i]);
    for (const std::uint8_t value : dataset.images[i]) row += value_texts[value];
    row += '\n';
    file.write(row);
  }
  file.commit();
}

void write_csv_folder(const fs::path& folder, const DatasetSplits& splits) {
  write_csv(folder / "train.csv", splits.train);
  if (splits.test) write_csv(folder / "test.csv", *splits.test);
  write_manifest(folder, splits);
}

}  // namespace thimble
