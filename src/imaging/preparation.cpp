#include "imaging/preparation.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "imaging/garment_photo.hpp"
#include "imaging/resize.hpp"

namespace thimble {

std::string to_string(PictureStyle::Kind kind) {
  return kind == PictureStyle::Kind::cut_out ? "cut_out" : "resized";
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
