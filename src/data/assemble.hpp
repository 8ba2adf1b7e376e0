// What all formats have in common once pictures and labels are read: names, checks, fingerprints.

#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "data/splits.hpp"

namespace thimble {

/// Labels are in [0, kMostClasses), so that one damaged label does not ask for millions of names.
inline constexpr std::int32_t kMostClasses = 65'536;

/// The small file dataset.json beside the pictures: what the formats themselves cannot hold.
///
///     {"name": "shoes", "classes": ["sandal", "boot"], "shape": [28, 28, 1], "synthetic": false}
///
/// Written by `thimble data convert`; by hand, {"classes": […]} is enough.
struct Manifest {
  std::string name;
  std::vector<std::string> classes;
  std::optional<PictureShape> shape;
  bool synthetic = false;
};

/// Reads dataset.json of a folder; nothing if there is none.
/// @throws DataError  if it is not JSON or a value has the wrong type; names the key
std::optional<Manifest> read_manifest(const std::filesystem::path& folder);

/// Writes dataset.json of a data set, with a final newline.
void write_manifest(const std::filesystem::path& folder, const DatasetSplits& splits);

/// One set as a format's reader finds it.
struct LabelledImages {
  Images images;
  std::vector<std::int32_t> labels;
};

/// Makes a checked data set of what was read.
///
/// Class names come from the manifest, else from the known data set that has this very content,
/// else they are "0", "1", … up to the largest training label.
/// @param path  the source's file or folder, for the name of the data set and for messages
/// @throws DataError  if there are no pictures, pictures and labels disagree in number, a label is
///                    out of range (or, without names, most classes would be empty), or the shapes
///                    of the two sets differ
DatasetSplits assemble(LabelledImages train, std::optional<LabelledImages> test,
                       const std::optional<Manifest>& manifest, const std::filesystem::path& path);

}  // namespace thimble
