// A part of a photo at a size that is quick to look through, as brightness and two colour
// differences.

#pragma once

#include <cstddef>
#include <vector>

#include "imaging/codec.hpp"

namespace thimble::photo {

/// A rectangle in a photo's pixels: [left, right) x [top, bottom), may lie between pixels.
struct Box {
  double left = 0;
  double top = 0;
  double right = 0;
  double bottom = 0;

  double width() const { return right - left; }
  double height() const { return bottom - top; }
  double longer() const { return width() > height() ? width() : height(); }
};

/// float [height, width] each. Luma and colour differences of Rec. 601 (ITU-R BT.601), 0 to 255 and
/// around 0: about as far apart as colours look, and what a JPEG holds.
struct Planes {
  int height = 0;
  int width = 0;
  /// Where the planes lie in the photo, and how many of its pixels one of theirs covers.
  int left = 0;
  int top = 0;
  int step = 1;
  std::vector<float> luma;
  std::vector<float> cb;
  std::vector<float> cr;
  /// How opaque, 0 to 1; empty where the photo has no transparency. Colours are over white.
  std::vector<float> alpha;

  std::size_t size() const { return luma.size(); }
  bool grey() const { return cb.empty(); }
};

/// The pixels of `box` (whole ones, those it touches), averaged over squares of `step` x `step`.
Planes shrink_to_planes(const Picture& photo, const Box& box, int step);

}  // namespace thimble::photo
