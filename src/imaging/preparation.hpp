// Pictures from outside, brought to what a model was trained on.
//
// A data set's pictures went through a pipeline before anybody saw them: Fashion-MNIST's were
// trimmed, scaled, centred and negated. A photo that is merely scaled down looks like none of them.

#pragma once

#include <string>

#include "imaging/codec.hpp"
#include "imaging/images.hpp"

namespace thimble {

/// How the pictures that a model was trained on are laid out.
struct PictureStyle {
  enum class Kind {
    resized,  ///< whole pictures; one from outside is scaled to the size (imaging/resize.hpp)
    cut_out,  ///< one light object on black, centred; one from outside goes through the garment
              ///< pipeline (imaging/garment_photo.hpp)
  };
  Kind kind = Kind::resized;
  /// Of cut_out: the object's longer side as a share of the picture's shorter side, in (0, 1].
  /// Fashion-MNIST: 1; MNIST: 20/28.
  double extent = 1;

  bool operator==(const PictureStyle&) const = default;
};

std::string to_string(PictureStyle::Kind kind);

/// A picture as a model sees it, and what had to be done for that.
struct PreparedPicture {
  Picture picture;         ///< of the shape asked for
  bool unchanged = false;  ///< it was in the data set's style already
  /// What the reader should know, sentences; "No object stands out from the background."
  std::string notice;
};

/// DecodeLimits::enough_edge for a picture that goes to prepare_picture(): as large as makes a
/// difference. 0, the whole picture, for PictureStyle::Kind::resized.
int enough_edge(const PictureShape& shape, const PictureStyle& style);

/// Brings a picture to the shape and style of a model's training pictures.
///
/// A picture that has the shape and style already passes through untouched.
/// @throws ShapeError  if the picture has no pixels, or `shape` is not that of a model's input
PreparedPicture prepare_picture(const Picture& picture, const PictureShape& shape,
                                const PictureStyle& style);

}  // namespace thimble
