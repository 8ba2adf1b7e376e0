// Which of the places that stand out from a background belong to the object.

#pragma once

#include <cstdint>
#include <vector>

namespace thimble::photo {

/// A bit a pixel, one byte each, [height, width].
struct Mask {
  int height = 0;
  int width = 0;
  std::vector<std::uint8_t> pixels;

  Mask() = default;
  Mask(int h, int w)
      : height(h), width(w), pixels(static_cast<std::size_t>(h) * static_cast<std::size_t>(w)) {}
};

/// What keep_object() kept.
struct KeptParts {
  bool any = false;
  /// In pixels of the mask, right and bottom exclusive.
  int left = 0;
  int top = 0;
  int right = 0;
  int bottom = 0;
  std::int64_t area = 0;
  /// Sides of the picture that the parts reach over more than a little.
  int sides_touched = 0;
};

/// Keeps the largest connected part of the mask, preferring the middle of the picture, and those
/// that belong to it: large ones, and smaller ones near it, such as a sandal's straps. Specks and
/// what hangs on the picture's edge are cleared.
/// @param certain  [height, width]: a part without such pixels is noise
KeptParts keep_object(Mask& mask, const Mask& certain);

/// Closes holes of the mask that the background does not show through: small ones, and those into
/// which the object fades, as cloth that is in places as light as what lies behind it. The handle
/// of a bag has an outline.
/// @param distance  of each pixel from the background
void close_holes(Mask& mask, const std::vector<float>& distance);

/// Sets what is within `radius` pixels (in a square) of a set one.
Mask widen(const Mask& mask, int radius);

/// Clears what is within `radius` pixels of a cleared one.
Mask narrow(const Mask& mask, int radius);

}  // namespace thimble::photo
