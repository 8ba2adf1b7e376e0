#include "data/image_folder.hpp"

#include <algorithm>
#include <fstream>
#include <map>
#include <numeric>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/folder.hpp"
#include "base/parallel.hpp"
#include "base/text.hpp"
#include "imaging/codec.hpp"
#include "imaging/resize.hpp"

namespace thimble {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPicturesAtATime = 1024;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

struct FoundPicture {
  fs::path path;
  std::string name;
  std::int32_t label;
};

/// Folders or files directly inside, hidden ones left out, in natural order of their names.
std::vector<fs::path> entries(const fs::path& folder, bool folders) {
  std::vector<fs::path> found;
  try {
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
      if (entry.path().filename().string().starts_with('.')) continue;
      if (folders ? entry.is_directory() : entry.is_regular_file()) found.push_back(entry.path());
    }
  } catch (const fs::filesystem_error& error) {
    throw FileError(
        fmt::format("{}: cannot read this folder: {}", folder.string(), error.code().message()));
  }
  std::ranges::sort(found, [](const fs::path& a, const fs::path& b) {
    return natural_less(a.filename().string(), b.filename().string());
  });
  return found;
}

std::vector<fs::path> pictures_in(const fs::path& folder) {
  std::vector<fs::path> found = entries(folder, false);
  std::erase_if(found, [](const fs::path& path) { return !has_picture_extension(path); });
  return found;
}

/// True for shoes/train/ with class folders in it; false for a class that is called "train".
bool is_set_folder(const fs::path& folder) {
  std::error_code unreadable;
  return fs::is_directory(folder, unreadable) && !entries(folder, true).empty();
}

/// Labels by folder name: the class's own name, or the one that write_image_folder() gives it.
std::map<std::string, std::int32_t> labels_by_folder(const std::vector<std::string>& classes) {
  std::map<std::string, std::int32_t> labels;
  for (std::size_t k = 0; k < classes.size(); ++k) {
    labels.emplace(class_folder_name(k, classes.size(), classes[k]), static_cast<std::int32_t>(k));
  }
  for (std::size_t k = 0; k < classes.size(); ++k) {
    labels.emplace(classes[k], static_cast<std::int32_t>(k));
  }
  return labels;
}

std::vector<FoundPicture> find_pictures(const fs::path& set_folder,
                                        const std::map<std::string, std::int32_t>& labels) {
  std::vector<FoundPicture> found;
  for (const fs::path& folder : entries(set_folder, true)) {
    const auto label = labels.find(folder.filename().string());
    if (label == labels.end()) {
      throw DataError(
          fmt::format("{}: this folder is none of the classes of the training set or dataset.json",
                      folder.string()));
    }
    const std::vector<fs::path> pictures = pictures_in(folder);
    if (pictures.empty()) {
      throw DataError(
          fmt::format("{}: this class folder holds no PNG, JPEG or WebP picture", folder.string()));
    }
    for (const fs::path& path : pictures) {
      found.push_back({path, path.filename().string(), label->second});
    }
  }
  if (found.empty()) throw DataError(fmt::format("{}: no class folders", set_folder.string()));
  std::ranges::stable_sort(found, [](const FoundPicture& a, const FoundPicture& b) {
    return a.name == b.name ? a.label < b.label : natural_less(a.name, b.name);
  });
  return found;
}

bool has_color(const Picture& picture) {
  for (std::size_t i = 0; i + 2 < picture.pixels.size(); i += 3) {
    if (picture.pixels[i] != picture.pixels[i + 1] || picture.pixels[i] != picture.pixels[i + 2]) {
      return true;
    }
  }
  return false;
}

Images spelled_as_rgb(const Images& grey) {
  const PictureShape& shape = grey.shape();
  std::vector<std::uint8_t> pixels;
  pixels.reserve(3 * grey.pixels().size());
  for (const std::uint8_t value : grey.pixels()) pixels.insert(pixels.end(), 3, value);
  return Images({shape.height, shape.width, 3}, std::move(pixels));
}

/// Gathers pictures of one size; all grey until the first in colour comes.
class Gatherer {
 public:
  Gatherer(std::optional<PictureShape> size, std::optional<int> channels)
      : size_(size), channels_(channels) {}

  /// Brings one picture to the common size and to grey, or RGB if it is in colour.
  Picture prepare(const fs::path& path) const {
    Picture picture = read_picture(path);
    if (size_ && !same_size(picture.shape, *size_)) {
      picture = resize(picture, size_->height, size_->width);
    }
    if (picture.shape.channels != 1) {
      picture = to_rgb(picture);
      if (!has_color(picture)) picture = to_grey(picture);
    }
    return picture;
  }

  void add(const Picture& picture, const fs::path& path) {
    if (first_.empty()) {
      first_ = path;
      images_ = Images({picture.shape.height, picture.shape.width, channels_.value_or(1)}, 0);
    }
    if (!same_size(picture.shape, images_.shape())) {
      throw DataError(fmt::format(
          "{} is {}x{} pixels but {} is {}x{}; bring all pictures to one size first, for example "
          "with ImageMagick's mogrify -resize '{}x{}!'",
          path.string(), picture.shape.height, picture.shape.width, first_.string(),
          images_.shape().height, images_.shape().width, images_.shape().width,
          images_.shape().height));
    }
    if (picture.shape.channels == images_.shape().channels) {
      images_.append(picture.pixels);
    } else if (images_.shape().channels == 3) {
      images_.append(to_rgb(picture).pixels);
    } else if (channels_) {
      images_.append(to_grey(picture).pixels);
    } else {
      images_ = spelled_as_rgb(images_);
      images_.append(picture.pixels);
    }
  }

  Images take() { return std::move(images_); }

 private:
  std::optional<PictureShape> size_;
  std::optional<int> channels_;
  fs::path first_;
  Images images_;

  static bool same_size(const PictureShape& a, const PictureShape& b) {
    return a.height == b.height && a.width == b.width;
  }
};

LabelledImages read_set(const std::vector<FoundPicture>& found, Gatherer gatherer) {
  std::vector<Picture> decoded;
  for (std::size_t from = 0; from < found.size(); from += kPicturesAtATime) {
    const std::size_t count = std::min(kPicturesAtATime, found.size() - from);
    decoded.assign(count, Picture());
    parallel_for(count, 8, [&](std::size_t begin, std::size_t end) {
      for (std::size_t k = begin; k < end; ++k) decoded[k] = gatherer.prepare(found[from + k].path);
    });
    for (std::size_t k = 0; k < count; ++k) gatherer.add(decoded[k], found[from + k].path);
  }
  LabelledImages set{gatherer.take(), {}};
  for (const FoundPicture& picture : found) set.labels.push_back(picture.label);
  return set;
}

/// Folders beside train/ and test/ that people may think are read.
std::vector<std::string> notes_on_unread(const fs::path& folder) {
  std::vector<std::string> notes;
  for (const fs::path& other : entries(folder, true)) {
    const std::string name = other.filename().string();
    if (name == "train" || name == "test") continue;
    notes.push_back(
        fmt::format("{}: not read; of this folder only train/ and test/ are", other.string()));
  }
  return notes;
}

void write_png_now(const fs::path& path, const Picture& picture) {
  const std::vector<std::byte> bytes = encode_png(picture);
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) {
    throw FileError(fmt::format("{}: cannot write this file: {}", path.string(),
                                std::generic_category().message(errno)));
  }
}

void write_set(const fs::path& folder, const Dataset& set, const std::function<void()>& check) {
  const std::vector<std::size_t> counts = set.class_counts();
  std::vector<fs::path> class_folders;
  for (std::size_t k = 0; k < counts.size(); ++k) {
    class_folders.push_back(folder / class_folder_name(k, counts.size(), set.classes[k]));
    // An empty class folder would be refused when read, rightly.
    if (counts[k] > 0) make_folder(class_folders.back());
  }
  const std::size_t digits = std::max<std::size_t>(5, std::to_string(set.size()).size());
  for (std::size_t from = 0; from < set.size(); from += kPicturesAtATime) {
    check();
    const std::size_t count = std::min(kPicturesAtATime, set.size() - from);
    parallel_for(count, 8, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = from + begin; i < from + end; ++i) {
        const auto pixels = set.images[i];
        write_png_now(class_folders[static_cast<std::size_t>(set.labels[i])] /
                          fmt::format("{:0{}}.png", i, digits),
                      Picture(set.images.shape(), {pixels.begin(), pixels.end()}));
      }
    });
  }
}

}  // namespace

bool natural_less(std::string_view a, std::string_view b) {
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() && j < b.size()) {
    if (!is_digit(a[i]) || !is_digit(b[j])) {
      if (a[i] != b[j]) return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[j]);
      ++i, ++j;
      continue;
    }
    while (i < a.size() && a[i] == '0') ++i;
    while (j < b.size() && b[j] == '0') ++j;
    std::size_t a_end = i;
    std::size_t b_end = j;
    while (a_end < a.size() && is_digit(a[a_end])) ++a_end;
    while (b_end < b.size() && is_digit(b[b_end])) ++b_end;
    // Without leading zeros the longer number is the larger one.
    if (a_end - i != b_end - j) return a_end - i < b_end - j;
    const int order = a.substr(i, a_end - i).compare(b.substr(j, b_end - j));
    if (order != 0) return order < 0;
    i = a_end, j = b_end;
  }
  if (a.size() - i != b.size() - j) return a.size() - i < b.size() - j;
  return a < b;  // differ in leading zeros only
}

std::string class_folder_name(std::size_t label, std::size_t classes, std::string_view name) {
  constexpr std::size_t kMostBytes = 100;
  const std::size_t digits = std::to_string(classes > 0 ? classes - 1 : 0).size();
  std::string folder = fmt::format("{:0{}}", label, digits);
  if (name.empty() || name == std::to_string(label)) return folder;
  folder += '_';
  for (const char c : to_lower(name)) {
    const bool kept = is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '.';
    folder += kept ? c : '_';
    if (folder.size() == kMostBytes) break;
  }
  return folder;
}

bool is_image_folder(const fs::path& folder) {
  if (is_set_folder(folder / "train")) return true;
  return std::ranges::any_of(entries(folder, true),
                             [](const fs::path& inner) { return !pictures_in(inner).empty(); });
}

DatasetSplits read_image_folder(const fs::path& folder, std::optional<PictureShape> shape) {
  const bool has_sets = is_set_folder(folder / "train");
  const fs::path train_folder = has_sets ? folder / "train" : folder;
  const fs::path test_folder = folder / "test";

  Manifest manifest = read_manifest(folder).value_or(Manifest{});
  std::optional<int> channels;
  if (manifest.shape && !shape) channels = manifest.shape->channels;
  if (manifest.classes.empty()) {
    for (const fs::path& class_folder : entries(train_folder, true)) {
      manifest.classes.push_back(class_folder.filename().string());
    }
  }
  const std::map<std::string, std::int32_t> labels = labels_by_folder(manifest.classes);
  const Gatherer gatherer(shape, channels);
  LabelledImages train = read_set(find_pictures(train_folder, labels), gatherer);
  std::optional<LabelledImages> test;
  if (has_sets && fs::is_directory(test_folder)) {
    test = read_set(find_pictures(test_folder, labels), gatherer);
    // Whether there is a colour picture is a question about the whole data set.
    if (test->images.shape().channels < train.images.shape().channels) {
      test->images = spelled_as_rgb(test->images);
    } else if (test->images.shape().channels > train.images.shape().channels) {
      train.images = spelled_as_rgb(train.images);
    }
  }
  DatasetSplits splits = assemble(std::move(train), std::move(test), manifest, folder);
  if (has_sets) splits.notes = notes_on_unread(folder);
  return splits;
}

void write_image_folder(const fs::path& folder, const DatasetSplits& splits,
                        const std::function<void()>& check) {
  const bool has_test = splits.test && splits.test->size() > 0;
  write_set(has_test ? folder / "train" : folder, splits.train, check);
  if (has_test) write_set(folder / "test", *splits.test, check);
  write_manifest(folder, splits);
}

}  // namespace thimble
