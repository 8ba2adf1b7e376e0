#include "imaging/preparation.hpp"

#include <algorithm>

#include "imaging/garment_photo.hpp"
#include "imaging/resize.hpp"

namespace thimble {

std::string to_string(PictureStyle::Kind kind) {
  return kind == PictureStyle::Kind::cut_out ? "cut_out" : "resized";
}

int enough_edge(const PictureShape& shape, const PictureStyle& style) {
  if (style.kind == PictureStyle::Kind::resized) return 0;
  // 200 for 28 pixels: an object that takes half of the frame still has three or four for each of
  // the result's. bench/photo_round_trip finds no gain beyond.
  constexpr int kForEach = 7;
  return kForEach * std::max(shape.height, shape.width) + 4;
}

PreparedPicture prepare_picture(const Picture& picture, const PictureShape& shape,
                                const PictureStyle& style) {
  if (style.kind == PictureStyle::Kind::cut_out) {
    return prepare_garment_photo(picture, shape, style.extent);
  }
  PreparedPicture prepared;
  prepared.picture = fit_to(picture, shape);
  prepared.unchanged = picture.shape.height == shape.height && picture.shape.width == shape.width;
  return prepared;
}

}  // namespace thimble
