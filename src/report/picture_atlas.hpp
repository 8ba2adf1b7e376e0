// The pictures of a report, each kept once, on a few large PNG sheets.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "data/dataset.hpp"
#include "imaging/codec.hpp"

namespace thimble::report {

/// Where in its report's atlas a picture is.
enum class PictureIndex : std::uint32_t {};

/// Grows as pictures are added; an index stays valid. Large pictures are kept shrunk.
class PictureAtlas {
 public:
  /// Pixels of the longer side at most, as large as a report shows a picture.
  static constexpr int kMaxEdge = 96;

  /// Adds a sample of a data set, or finds it again: known by the fingerprint and `sample`.
  /// @param sample  in [0, dataset.size())
  PictureIndex add(const Dataset& dataset, std::size_t sample);

  /// Adds a picture of its own, such as a class's mean: grey or RGB, any size.
  /// @throws ShapeError  if it is neither, or empty
  PictureIndex add(Picture picture);

  std::size_t size() const { return pictures_.size(); }
  /// @throws ShapeError  if there is no such picture
  const Picture& operator[](PictureIndex index) const;

  /// For the page: sheets of pictures of one size as PNG data URIs, and each picture's place:
  ///
  ///     {"sheets": [{"width": 28, "height": 28, "columns": 64, "rows": 10, "png": "data:..."}],
  ///      "places": [[sheet, cell], ...]}
  nlohmann::json to_json() const;

 private:
  std::vector<Picture> pictures_;
  std::map<std::pair<std::string, std::size_t>, PictureIndex> samples_;
};

}  // namespace thimble::report
