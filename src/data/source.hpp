// Everything a --data takes: a name, a folder of IDX files, a CSV, a folder of class folders.

#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "data/splits.hpp"

namespace thimble {

struct SourceOptions {
  /// Looked through first for named data sets: data_dir/fashion-mnist/train-images-idx3-ubyte.gz.
  std::filesystem::path data_dir;
  /// Size to which pictures of class folders are brought; without it they must all be of one size.
  std::optional<PictureShape> picture_shape = {};
};

/// What a source turned out to be, before any picture is read.
struct Source {
  enum class Kind { synthetic, idx_folder, csv, image_folder };

  Kind kind = Kind::synthetic;
  std::string name;            ///< "fashion-mnist", "synthetic", or the folder's or file's name
  std::filesystem::path path;  ///< where it lies; empty if synthetic
  std::string parameters;      ///< "seed=7,train=2000" of synthetic:seed=7,train=2000
  bool published = false;      ///< asked for by its name: the content must be the published one
};

/// "IDX files", "CSV", "class folders", "synthetic".
std::string to_string(Source::Kind kind);

/// Finds a source without a network.
///
/// Names are looked up in options.data_dir, THIMBLE_DATA_DIR, the user's data folder, downloads
/// made by Keras and torchvision, and ../shared/data, in this order.
/// @param source  "fashion-mnist", "mnist", "synthetic", "synthetic:seed=7,train=2000,test=500,
///                height=32,width=32,channels=3", or a path
/// @throws UsageError  if it is neither a known name nor a path that exists
/// @throws FileError   if a named data set lies nowhere; lists where it was looked for
/// @throws DataError   if the folder holds nothing that Thimble reads
Source find_source(const std::string& source, const SourceOptions& options = {});

/// Reads what find_source() found. The content of a data set asked for by name is compared with
/// the published one; content that is the published one gets its name and classes wherever it lies.
/// @throws FileError, DataError  if it cannot be read or is not what it should be
DatasetSplits load_source(const Source& source, const SourceOptions& options = {});

/// find_source() and load_source() in one.
DatasetSplits load_dataset(const std::string& source, const SourceOptions& options = {});

/// Is this, by its content, a published data set under its own name?
bool is_published(const DatasetSplits& splits);

/// Names that find_source() knows: "fashion-mnist", "mnist", "synthetic".
std::vector<std::string> dataset_names();

/// The user's own data folder: $XDG_DATA_HOME/thimble or ~/.local/share/thimble.
/// @throws FileError  if neither XDG_DATA_HOME nor HOME is set
std::filesystem::path user_data_folder();

}  // namespace thimble
