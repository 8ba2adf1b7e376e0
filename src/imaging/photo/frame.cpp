#include "imaging/photo/frame.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace thimble::photo {
namespace {

/// Rows of planes counted from one of the four sides.
struct Side {
  const Planes& planes;
  bool columns;  ///< left or right
  bool backwards;

  int depth() const { return columns ? planes.width : planes.height; }
  int length() const { return columns ? planes.height : planes.width; }

  std::size_t place(int row, int along) const {
    const int across = backwards ? depth() - 1 - row : row;
    const int x = columns ? across : along;
    const int y = columns ? along : across;
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(planes.width) +
           static_cast<std::size_t>(x);
  }
};

/// Share of a row's pixels that differ by more than `bound` levels from those of another row.
double share_unlike(const Side& side, int row, int other, float bound) {
  const Planes& planes = side.planes;
  int unlike = 0;
  int seen = 0;
  const int stride = std::max(1, side.length() / 128);
  for (int i = 0; i < side.length(); i += stride, ++seen) {
    const std::size_t a = side.place(row, i);
    const std::size_t b = side.place(other, i);
    float off = std::abs(planes.luma[a] - planes.luma[b]);
    if (!planes.grey()) {
      off += std::abs(planes.cb[a] - planes.cb[b]) + std::abs(planes.cr[a] - planes.cr[b]);
    }
    unlike += off > bound ? 1 : 0;
  }
  return static_cast<double>(unlike) / std::max(1, seen);
}

/// Share of a row's pixels that differ from the row's first quarter's middle pixel.
double share_uneven(const Side& side, int row, float bound) {
  const Planes& planes = side.planes;
  const std::size_t reference = side.place(row, side.length() / 4);
  int uneven = 0;
  for (int i = 0; i < side.length(); ++i) {
    uneven += std::abs(planes.luma[side.place(row, i)] - planes.luma[reference]) > bound ? 1 : 0;
  }
  return static_cast<double>(uneven) / side.length();
}

/// How many rows a frame takes on this side; 0 without one.
int frame_depth(const Side& side) {
  constexpr float kSame = 12;
  constexpr float kStep = 16;
  const int deepest = side.depth() / 5;
  if (share_uneven(side, 0, kSame) > 0.1) return 0;
  for (int row = 1; row <= deepest; ++row) {
    // Two rows on, because a line between pixels makes a row of mixed colour.
    const int inner = std::min(row + 1, side.depth() - 1);
    if (share_unlike(side, inner, 0, kStep) > 0.85) return inner;
    if (share_unlike(side, row, 0, kSame) > 0.5) return 0;
  }
  return 0;
}

}  // namespace

Box find_frame(const Planes& planes) {
  const int top = frame_depth({planes, false, false});
  const int bottom = frame_depth({planes, false, true});
  const int left = frame_depth({planes, true, false});
  const int right = frame_depth({planes, true, true});
  // One strip alone is a floor or a wall, and part of the picture.
  const bool bars = (top > 0 && bottom > 0) || (left > 0 && right > 0);
  const auto along = [&](int begin, int end, int origin) {
    return std::pair<double, double>(origin + begin * planes.step, origin + end * planes.step);
  };
  const auto [x0, x1] =
      bars ? along(left, planes.width - right, planes.left) : along(0, planes.width, planes.left);
  const auto [y0, y1] =
      bars ? along(top, planes.height - bottom, planes.top) : along(0, planes.height, planes.top);
  return {x0, y0, x1, y1};
}

}  // namespace thimble::photo
