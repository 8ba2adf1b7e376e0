#include "report/picture_atlas.hpp"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "base/base64.hpp"
#include "base/error.hpp"
#include "imaging/resize.hpp"

namespace thimble::report {
namespace {

using nlohmann::json;

/// Sides of a sheet in pixels: browsers on telephones draw no larger pictures.
constexpr int kSheetEdge = 2048;

/// No larger than a report shows it.
Picture shrunk(Picture picture) {
  const PictureShape& shape = picture.shape;
  const int longer = std::max(shape.height, shape.width);
  if (longer <= PictureAtlas::kMaxEdge) return picture;
  const auto scaled = [&](int edge) {
    return std::max(1, (edge * PictureAtlas::kMaxEdge + longer / 2) / longer);
  };
  return resize(picture, scaled(shape.height), scaled(shape.width), ResizeFilter::area);
}

int columns_of_full_sheet(const PictureShape& shape) {
  return std::max(1, kSheetEdge / shape.width);
}

std::size_t cells_of_full_sheet(const PictureShape& shape) {
  return static_cast<std::size_t>(columns_of_full_sheet(shape)) *
         static_cast<std::size_t>(std::max(1, kSheetEdge / shape.height));
}

/// The pictures `members` side by side, those that are missing in the last row black.
Picture draw_sheet(std::span<const Picture> pictures, std::span<const std::size_t> members,
                   int columns) {
  const PictureShape& shape = pictures[members.front()].shape;
  const int rows = (static_cast<int>(members.size()) + columns - 1) / columns;
  Picture sheet({rows * shape.height, columns * shape.width, shape.channels});
  const auto channels = static_cast<std::size_t>(shape.channels);
  const std::size_t row_bytes = static_cast<std::size_t>(shape.width) * channels;
  const std::size_t sheet_row_bytes = row_bytes * static_cast<std::size_t>(columns);
  for (std::size_t cell = 0; cell < members.size(); ++cell) {
    const std::size_t left = cell % static_cast<std::size_t>(columns) * row_bytes;
    const std::size_t top =
        cell / static_cast<std::size_t>(columns) * static_cast<std::size_t>(shape.height);
    const std::vector<std::uint8_t>& pixels = pictures[members[cell]].pixels;
    for (std::size_t y = 0; y < static_cast<std::size_t>(shape.height); ++y) {
      std::copy_n(pixels.data() + y * row_bytes, row_bytes,
                  sheet.pixels.data() + (top + y) * sheet_row_bytes + left);
    }
  }
  return sheet;
}

json sheet_json(std::span<const Picture> pictures, std::span<const std::size_t> members) {
  const PictureShape& shape = pictures[members.front()].shape;
  const int columns = std::min(columns_of_full_sheet(shape), static_cast<int>(members.size()));
  const Picture sheet = draw_sheet(pictures, members, columns);
  return {{"width", shape.width},
          {"height", shape.height},
          {"columns", columns},
          {"rows", sheet.shape.height / shape.height},
          {"png", "data:image/png;base64," + base64_encode(encode_png(sheet))}};
}

}  // namespace

PictureIndex PictureAtlas::add(const Dataset& dataset, std::size_t sample) {
  const auto [known, is_new] =
      samples_.try_emplace({dataset.provenance.fingerprint, sample}, PictureIndex{});
  if (is_new) {
    const std::span<const std::uint8_t> pixels = dataset.images[sample];
    known->second = add(Picture(dataset.images.shape(), {pixels.begin(), pixels.end()}));
  }
  return known->second;
}

PictureIndex PictureAtlas::add(Picture picture) {
  const PictureShape& shape = picture.shape;
  if ((shape.channels != 1 && shape.channels != 3) || shape.height < 1 || shape.width < 1 ||
      picture.pixels.size() != shape.size()) {
    throw ShapeError(fmt::format("report: a picture of {} with {} values, expected grey or RGB",
                                 to_string(shape), picture.pixels.size()));
  }
  pictures_.push_back(shrunk(std::move(picture)));
  return static_cast<PictureIndex>(pictures_.size() - 1);
}

const Picture& PictureAtlas::operator[](PictureIndex index) const {
  const auto place = static_cast<std::size_t>(index);
  if (place >= pictures_.size()) {
    throw ShapeError(fmt::format("report: picture {}, but the atlas has {}", place, size()));
  }
  return pictures_[place];
}

nlohmann::json PictureAtlas::to_json() const {
  std::map<std::tuple<int, int, int>, std::size_t> open;  // by shape: the sheet that is filling
  std::vector<std::vector<std::size_t>> sheets;
  json places = json::array();
  for (std::size_t i = 0; i < pictures_.size(); ++i) {
    const PictureShape& shape = pictures_[i].shape;
    const auto [sheet, is_new] =
        open.try_emplace({shape.height, shape.width, shape.channels}, sheets.size());
    if (!is_new && sheets[sheet->second].size() == cells_of_full_sheet(shape)) {
      sheet->second = sheets.size();
    }
    if (sheet->second == sheets.size()) sheets.emplace_back();
    std::vector<std::size_t>& members = sheets[sheet->second];
    places.push_back({sheet->second, members.size()});
    members.push_back(i);
  }
  json drawn = json::array();
  for (const std::vector<std::size_t>& members : sheets) {
    drawn.push_back(sheet_json(pictures_, members));
  }
  return {{"sheets", std::move(drawn)}, {"places", std::move(places)}};
}

}  // namespace thimble::report
