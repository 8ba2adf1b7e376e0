// Class folders: a folder for each class with its pictures as PNG, JPEG or WebP, with or without
// train/ and test/ above them.

#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "data/assemble.hpp"
#include "data/splits.hpp"

namespace thimble {

/// Does the folder hold class folders with pictures, or train/ with class folders in it?
bool is_image_folder(const std::filesystem::path& folder);

/// Reads class folders.
///
/// Classes are the folders' names in natural order ("10" after "9"), or those of dataset.json.
/// Samples are in the order of their file names, whatever their class. Pictures are grey unless one
/// of them is in colour; transparency becomes white.
/// @param shape  the size to bring pictures to (its channels do not matter); without it they must
///               all be of one size
/// @throws FileError  if a folder or picture cannot be read
/// @throws DataError  if a class folder is empty, a picture is damaged, sizes differ, or the test
///                    set has a class that the training set has not; names the folder or picture
DatasetSplits read_image_folder(const std::filesystem::path& folder,
                                std::optional<PictureShape> shape = std::nullopt);

/// Writes the pictures as PNG into class folders of an existing folder, without loss: with
/// dataset.json and numbered file names, read_image_folder() gives the same samples in the same
/// order.
/// @param check  called now and then; throws to end the work early
void write_image_folder(
    const std::filesystem::path& folder, const DatasetSplits& splits,
    const std::function<void()>& check = [] {});

/// Do digits within the names count as numbers: "9.png" before "10.png"?
bool natural_less(std::string_view a, std::string_view b);

/// The folder that write_image_folder() makes for a class: "0_t-shirt_top".
std::string class_folder_name(std::size_t label, std::size_t classes, std::string_view name);

}  // namespace thimble
