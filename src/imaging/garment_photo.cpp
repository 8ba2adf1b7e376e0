#include "imaging/garment_photo.hpp"

#include <algorithm>
#include <cstddef>

#include <fmt/format.h>

#include "base/error.hpp"
#include "imaging/photo/layout.hpp"
#include "imaging/photo/object.hpp"
#include "imaging/resize.hpp"

namespace thimble {
namespace {

/// What a data set has between its objects.
constexpr int kBlack = 16;

bool is_grey(const Picture& picture) {
  const auto channels = static_cast<std::size_t>(picture.shape.channels);
  if (channels == 1) return true;
  for (std::size_t i = 0; i < picture.pixels.size(); i += channels) {
    const std::uint8_t* pixel = picture.pixels.data() + i;
    if (pixel[0] != pixel[1] || pixel[0] != pixel[2]) return false;
    if (channels == 4 && pixel[3] != 255) return false;
  }
  return true;
}

/// Is the picture one of the data set's kind: of its size, and dark at two corners and along a part
/// of its edge? All of Fashion-MNIST's 70,000 are.
bool in_style(const Picture& picture, const PictureShape& shape) {
  const PictureShape& own = picture.shape;
  if (own.height != shape.height || own.width != shape.width) return false;
  if (shape.channels == 1 ? !is_grey(picture) : own.channels == 4 && !is_grey(picture)) {
    return false;
  }
  const auto dark = [&](int y, int x) {
    const std::uint8_t* pixel =
        picture.pixels.data() +
        static_cast<std::size_t>(y * own.width + x) * static_cast<std::size_t>(own.channels);
    return own.channels == 1 ? *pixel <= kBlack
                             : std::max({pixel[0], pixel[1], pixel[2]}) <= kBlack;
  };
  const int bottom = own.height - 1;
  const int right = own.width - 1;
  const int corners =
      int{dark(0, 0)} + int{dark(0, right)} + int{dark(bottom, 0)} + int{dark(bottom, right)};
  if (corners < 2) return false;
  int edge = 0;
  for (int x = 0; x <= right; ++x) edge += int{dark(0, x)} + int{dark(bottom, x)};
  for (int y = 0; y <= bottom; ++y) edge += int{dark(y, 0)} + int{dark(y, right)};
  return edge * 5 >= 2 * (own.width + own.height);
}

void check(const Picture& photo, const PictureShape& shape, double extent) {
  const int channels = photo.shape.channels;
  if (photo.shape.height < 1 || photo.shape.width < 1 ||
      (channels != 1 && channels != 3 && channels != 4) ||
      photo.pixels.size() != photo.shape.size()) {
    throw ShapeError(fmt::format("cannot prepare a picture of {} ({} values)",
                                 to_string(photo.shape), photo.pixels.size()));
  }
  if (shape.height < 1 || shape.width < 1 || (shape.channels != 1 && shape.channels != 3)) {
    throw ShapeError(
        fmt::format("cannot prepare a picture for a model of {} pictures, expected "
                    "grey or RGB",
                    to_string(shape)));
  }
  if (!(extent > 0 && extent <= 1)) {
    throw ShapeError(fmt::format("object's extent {}, expected more than 0, at most 1", extent));
  }
}

}  // namespace

PreparedPicture prepare_garment_photo(const Picture& photo, const PictureShape& shape,
                                      double extent) {
  check(photo, shape, extent);
  PreparedPicture prepared;
  if (in_style(photo, shape)) {
    prepared.picture = fit_to(photo, shape);
    prepared.unchanged = true;
    return prepared;
  }
  const photo::Object object = photo::find_object(photo);
  if (!object.found) {
    prepared.picture = Picture(shape);
    prepared.notice = "No object stands out from the background.";
    return prepared;
  }
  prepared.picture = photo::lay_out(object, shape, extent);
  return prepared;
}

}  // namespace thimble
