// Labelled pictures and where they came from.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "imaging/images.hpp"

namespace thimble {

/// Where a data set came from, kept with every model trained on it.
struct Provenance {
  std::string name;         ///< "fashion-mnist", "synthetic", or the folder's or file's name
  std::string split;        ///< "train", "validation", "test" or "all"
  std::string fingerprint;  ///< SHA-256 of shape, pixels, labels and class names, 64 hex digits
  bool synthetic = false;   ///< drawn by the program; says so wherever it is shown
};

/// Pictures, one integer label each, and the names of the classes.
///
/// Labels are in [0, classes.size()); the order of the classes is that of the data set.
struct Dataset {
  Images images;
  std::vector<std::int32_t> labels;  ///< int32 [n]
  std::vector<std::string> classes;
  Provenance provenance;

  std::size_t size() const { return labels.size(); }

  /// The samples at `indices`, in that order, with the fingerprint of what was chosen.
  Dataset select(std::span<const std::size_t> indices) const;

  /// Samples a class, size classes.size().
  std::vector<std::size_t> class_counts() const;
};

/// Throws DataError unless pictures and labels agree in number and every label names a class.
/// `place` starts the message ("train split of shoes/").
void validate(const Dataset& dataset, const std::string& place);

/// SHA-256 over shape, pixels, labels and class names, 64 hex digits.
std::string fingerprint(const Dataset& dataset);

/// The part of the fingerprint that does not depend on what the classes are called: SHA-256 over
/// shape, pixels and labels, 64 hex digits. Tells a known data set whatever the format it is in.
std::string content_digest(const Dataset& dataset);

/// The fingerprint of a data set whose content_digest() is known.
std::string fingerprint(const std::string& content, std::span<const std::string> classes);

}  // namespace thimble
