#include "data/dataset.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/parallel.hpp"
#include "data/splits.hpp"

namespace thimble {
namespace {

/// Pixels are digested in pieces of this size, several at a time; part of the fingerprint's
/// definition.
constexpr std::size_t kPieceBytes = std::size_t{4} << 20;

std::string pixel_digests(std::span<const std::uint8_t> pixels) {
  const std::size_t pieces = (pixels.size() + kPieceBytes - 1) / kPieceBytes;
  std::vector<std::string> digests(pieces);
  parallel_for(pieces, 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t k = begin; k < end; ++k) {
      const std::size_t from = k * kPieceBytes;
      digests[k] = sha256_hex(
          std::as_bytes(pixels.subspan(from, std::min(kPieceBytes, pixels.size() - from))));
    }
  });
  std::string all;
  for (const std::string& digest : digests) all += digest;
  return all;
}

/// Little-endian bytes whatever the machine.
std::string label_bytes(std::span<const std::int32_t> labels) {
  std::string bytes;
  bytes.reserve(labels.size() * 4);
  for (const std::int32_t label : labels) {
    const auto value = static_cast<std::uint32_t>(label);
    for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(value >> shift & 0xFF);
  }
  return bytes;
}

}  // namespace

Dataset Dataset::select(std::span<const std::size_t> indices) const {
  Dataset chosen{images.select(indices), {}, classes, provenance};
  chosen.labels.reserve(indices.size());
  for (const std::size_t i : indices) chosen.labels.push_back(labels[i]);
  chosen.provenance.fingerprint = thimble::fingerprint(chosen);
  return chosen;
}

std::vector<std::size_t> Dataset::class_counts() const {
  std::vector<std::size_t> counts(classes.size());
  for (const std::int32_t label : labels) ++counts.at(static_cast<std::size_t>(label));
  return counts;
}

void validate(const Dataset& dataset, const std::string& place) {
  if (dataset.images.size() != dataset.labels.size()) {
    throw DataError(fmt::format("{}: {} pictures but {} labels", place, dataset.images.size(),
                                dataset.labels.size()));
  }
  const auto classes = static_cast<std::int64_t>(dataset.classes.size());
  for (std::size_t i = 0; i < dataset.labels.size(); ++i) {
    const std::int32_t label = dataset.labels[i];
    if (label < 0 || label >= classes) {
      throw DataError(
          fmt::format("{}: label {} of sample {} is out of range, expected {}", place, label, i,
                      classes == 0 ? "no labels, for there are no classes"
                                   : fmt::format("0 to {} ({} classes)", classes - 1, classes)));
    }
  }
}

void validate(const DatasetSplits& splits, const std::string& place) {
  validate(splits.train, place + ", train split");
  if (!splits.test) return;
  validate(*splits.test, place + ", test split");
  if (splits.test->images.shape() != splits.train.images.shape()) {
    throw DataError(fmt::format("{}: pictures are {} in the training set but {} in the test set",
                                place, to_string(splits.train.images.shape()),
                                to_string(splits.test->images.shape())));
  }
  if (splits.test->classes != splits.train.classes) {
    throw DataError(
        fmt::format("{}: the training set has {} classes, the test set {}, or they differ in name "
                    "or order",
                    place, splits.train.classes.size(), splits.test->classes.size()));
  }
}

std::string content_digest(const Dataset& dataset) {
  const PictureShape& shape = dataset.images.shape();
  Sha256 digest;
  digest.update(fmt::format("{} pictures {}x{}x{}\n", dataset.images.size(), shape.height,
                            shape.width, shape.channels));
  digest.update(pixel_digests(dataset.images.pixels()));
  digest.update(label_bytes(dataset.labels));
  return digest.hex();
}

std::string fingerprint(const std::string& content, std::span<const std::string> classes) {
  Sha256 digest;
  digest.update(content);
  for (const std::string& name : classes) digest.update(fmt::format("\n{}:{}", name.size(), name));
  return digest.hex();
}

std::string fingerprint(const Dataset& dataset) {
  return fingerprint(content_digest(dataset), dataset.classes);
}

}  // namespace thimble
