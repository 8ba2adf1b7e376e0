#include "data/source.hpp"

#include <charconv>
#include <cstdlib>
#include <span>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "data/csv.hpp"
#include "data/idx.hpp"
#include "data/image_folder.hpp"
#include "data/published.hpp"
#include "data/synthetic.hpp"

namespace thimble {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSynthetic = "synthetic";

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

/// A file that exists but may not be looked at counts as absent; opening it will say why.
bool is_folder(const fs::path& path) {
  std::error_code unreadable;
  return fs::is_directory(path, unreadable);
}

/// Where a named data set may lie, in order of preference.
std::vector<fs::path> candidates(const PublishedDataset& dataset, const SourceOptions& options) {
  std::vector<fs::path> folders;
  const auto add_root = [&](const fs::path& root) {
    if (root.empty()) return;
    folders.push_back(root / dataset.name);
    folders.push_back(root / dataset.torchvision_folder / "raw");
  };
  const std::string home = environment("HOME");
  add_root(options.data_dir);
  add_root(environment("THIMBLE_DATA_DIR"));
  if (!home.empty() || !environment("XDG_DATA_HOME").empty()) {
    folders.push_back(user_data_folder() / dataset.name);
  }
  if (const std::string keras = environment("KERAS_HOME"); !keras.empty()) {
    folders.push_back(fs::path(keras) / "datasets" / dataset.name);
  }
  if (!home.empty()) folders.push_back(fs::path(home) / ".keras" / "datasets" / dataset.name);
  folders.push_back(fs::path("data") / dataset.torchvision_folder / "raw");
  if (!home.empty()) {
    folders.push_back(fs::path(home) / "data" / dataset.torchvision_folder / "raw");
  }
  folders.push_back(fs::path("..") / "shared" / "data" / dataset.name);
  return folders;
}

Source find_published_source(const PublishedDataset& dataset, const SourceOptions& options) {
  const std::vector<fs::path> folders = candidates(dataset, options);
  for (const fs::path& folder : folders) {
    // A folder with some of the files only, such as one being fetched, is passed over.
    try {
      if (is_folder(folder) && find_idx_files(folder)) {
        return {Source::Kind::idx_folder, dataset.name, folder, "", true};
      }
    } catch (const DataError&) {
      continue;
    }
  }
  std::string places;
  for (const fs::path& folder : folders) places += "\n  " + folder.string();
  throw FileError(fmt::format(
      "{0}: not on this machine. Looked for its four IDX files in:{1}\nGet it with 'thimble data "
      "fetch {0}', say where it is with --data-dir or THIMBLE_DATA_DIR, or try without it: --data "
      "synthetic",
      dataset.name, places));
}

Source find_path(const fs::path& path) {
  Source source{Source::Kind::csv, path.filename().string(), path, "", false};
  if (source.name.empty()) source.name = path.parent_path().filename().string();
  if (!is_folder(path)) {
    const std::string name = to_lower(source.name);
    if (name.ends_with(".csv") || name.ends_with(".csv.gz")) return source;
    throw DataError(fmt::format(
        "{}: cannot tell what this file is; expected a .csv or .csv.gz file, or a folder of IDX "
        "files, CSV files or class folders",
        path.string()));
  }
  if (find_idx_files(path)) {
    source.kind = Source::Kind::idx_folder;
  } else if (find_csv_files(path)) {
    source.kind = Source::Kind::csv;
  } else if (is_image_folder(path)) {
    source.kind = Source::Kind::image_folder;
  } else {
    throw DataError(fmt::format(
        "{}: nothing in this folder that Thimble reads; expected IDX files "
        "(train-images-idx3-ubyte, …), train.csv, or class folders with PNG, JPEG or WebP pictures",
        path.string()));
  }
  return source;
}

template <class Number>
Number parse_number(std::string_view key, std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw UsageError(fmt::format("synthetic: {}: got '{}', expected a whole number", key, text));
  }
  return value;
}

SyntheticOptions parse_synthetic(const std::string& parameters) {
  SyntheticOptions options;
  if (parameters.empty()) return options;
  for (const std::string& assignment : split(parameters, ',')) {
    const std::size_t equals = assignment.find('=');
    const std::string key = assignment.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : assignment.substr(equals + 1);
    if (key == "train") {
      options.train = parse_number<std::size_t>(key, value);
    } else if (key == "test") {
      options.test = parse_number<std::size_t>(key, value);
    } else if (key == "seed") {
      options.seed = parse_number<std::uint64_t>(key, value);
    } else if (key == "height") {
      options.shape.height = parse_number<int>(key, value);
    } else if (key == "width") {
      options.shape.width = parse_number<int>(key, value);
    } else if (key == "channels") {
      options.shape.channels = parse_number<int>(key, value);
    } else {
      const std::vector<std::string> known{"train", "test", "seed", "height", "width", "channels"};
      throw UsageError("synthetic: " + unknown_name("parameter", key, known));
    }
  }
  return options;
}

bool is_train_of(const PublishedDataset& dataset, const Dataset& set) {
  return set.provenance.fingerprint == fingerprint(dataset.train_content, dataset.classes);
}

bool is_test_of(const PublishedDataset& dataset, const Dataset& set) {
  return set.provenance.fingerprint == fingerprint(dataset.test_content, dataset.classes);
}

void expect_published(const DatasetSplits& splits, const Source& source) {
  if (is_published(splits) && splits.train.provenance.name == source.name) return;
  const PublishedDataset& dataset = *find_published(source.name);
  const bool train_ok = is_train_of(dataset, splits.train);
  const char* which = !splits.test ? "test set (missing)" : train_ok ? "test set" : "training set";
  throw DataError(
      fmt::format("{0}: the {1} is not the published {2}.{3} Get today's files with 'thimble data "
                  "fetch {2}'; to use these all the same, name their folder: --data {0}",
                  source.path.string(), which, dataset.name,
                  dataset.known_impostor.empty()
                      ? ""
                      : fmt::format(" A likely cause: it is {}.", dataset.known_impostor)));
}

}  // namespace

std::string to_string(Source::Kind kind) {
  switch (kind) {
    case Source::Kind::synthetic:
      return "synthetic";
    case Source::Kind::idx_folder:
      return "IDX files";
    case Source::Kind::csv:
      return "CSV";
    case Source::Kind::image_folder:
      return "class folders";
  }
  return "";
}

Source find_source(const std::string& source, const SourceOptions& options) {
  if (source == kSynthetic) return {Source::Kind::synthetic, source, {}, "", false};
  if (source.starts_with(std::string(kSynthetic) + ":")) {
    return {Source::Kind::synthetic,
            std::string(kSynthetic),
            {},
            source.substr(kSynthetic.size() + 1),
            false};
  }
  if (const PublishedDataset* dataset = find_published(source)) {
    return find_published_source(*dataset, options);
  }
  std::error_code unreadable;
  if (!source.empty() && fs::exists(source, unreadable)) return find_path(source);
  const std::vector<std::string> names = dataset_names();
  if (source.find('/') != std::string::npos || source.find('.') != std::string::npos) {
    throw UsageError(
        fmt::format("'{}': no such file or folder, nor one of {}", source, fmt::join(names, ", ")));
  }
  throw UsageError(unknown_name("data set", source, names));
}

DatasetSplits load_source(const Source& source, const SourceOptions& options) {
  switch (source.kind) {
    case Source::Kind::synthetic:
      return make_synthetic(parse_synthetic(source.parameters));
    case Source::Kind::csv:
      return read_csv(source.path);
    case Source::Kind::image_folder:
      return read_image_folder(source.path, options.picture_shape);
    case Source::Kind::idx_folder:
      break;
  }
  DatasetSplits splits = read_idx_folder(source.path);
  if (source.published) expect_published(splits, source);
  return splits;
}

DatasetSplits load_dataset(const std::string& source, const SourceOptions& options) {
  return load_source(find_source(source, options), options);
}

bool is_published(const DatasetSplits& splits) {
  const PublishedDataset* dataset = find_published(splits.train.provenance.name);
  return dataset && splits.test && is_train_of(*dataset, splits.train) &&
         is_test_of(*dataset, *splits.test);
}

std::vector<std::string> dataset_names() {
  std::vector<std::string> names;
  for (const PublishedDataset& dataset : published_datasets()) names.push_back(dataset.name);
  names.emplace_back(kSynthetic);
  return names;
}

fs::path user_data_folder() {
  if (const std::string folder = environment("XDG_DATA_HOME"); !folder.empty()) {
    return fs::path(folder) / "thimble";
  }
  const std::string home = environment("HOME");
  if (home.empty()) throw FileError("no data folder: neither HOME nor XDG_DATA_HOME is set");
  return fs::path(home) / ".local" / "share" / "thimble";
}

}  // namespace thimble
