#include "imaging/picture_style.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace thimble {
namespace {

constexpr std::size_t kMostPictures = 2000;
constexpr std::uint8_t kDarkest = 12;      // up to here a pixel is background: 5 % of white
constexpr int kDarkCorners = 3;            // of four
constexpr double kDarkBorder = 0.5;        // share of the border's pixels
constexpr double kOneObject = 0.8;         // share of what is not background that hangs together
constexpr double kNearlyAll = 0.9;         // of the pictures that show anything
constexpr double kFewestWithObject = 0.5;  // of all pictures

/// Which pixels of a picture are no background.
class Mask {
 public:
  Mask(std::span<const std::uint8_t> picture, const PictureShape& shape)
      : height_(shape.height), width_(shape.width) {
    const auto channels = static_cast<std::size_t>(shape.channels);
    for (std::size_t at = 0; at < picture.size(); at += channels) {
      set_.push_back(std::ranges::max(picture.subspan(at, channels)) > kDarkest ? 1 : 0);
    }
  }

  bool at(int y, int x) const { return set_[index(y, x)] != 0; }
  std::size_t count() const {
    return static_cast<std::size_t>(std::ranges::count(set_, std::uint8_t{1}));
  }

  int dark_corners() const {
    int dark = 0;
    for (const int y : {0, height_ - 1}) {
      for (const int x : {0, width_ - 1}) dark += at(y, x) ? 0 : 1;
    }
    return dark;
  }

  double dark_border() const {
    int dark = 0;
    int pixels = 0;
    for (int y = 0; y < height_; ++y) {
      const bool edge = y == 0 || y == height_ - 1;
      for (int x = 0; x < width_; x += edge || width_ == 1 ? 1 : width_ - 1) {
        dark += at(y, x) ? 0 : 1;
        ++pixels;
      }
    }
    return static_cast<double>(dark) / pixels;
  }

  /// Pixels of the largest part that hangs together, also by corners.
  std::size_t largest_part() const {
    std::vector<std::uint8_t> left = set_;
    std::vector<std::size_t> open;
    std::size_t largest = 0;
    for (std::size_t seed = 0; seed < left.size(); ++seed) {
      if (left[seed] == 0) continue;
      std::size_t size = 0;
      left[seed] = 0;
      open.push_back(seed);
      while (!open.empty()) {
        const int y = static_cast<int>(open.back() / static_cast<std::size_t>(width_));
        const int x = static_cast<int>(open.back() % static_cast<std::size_t>(width_));
        open.pop_back();
        ++size;
        for (int v = std::max(0, y - 1); v <= std::min(height_ - 1, y + 1); ++v) {
          for (int u = std::max(0, x - 1); u <= std::min(width_ - 1, x + 1); ++u) {
            if (left[index(v, u)] == 0) continue;
            left[index(v, u)] = 0;
            open.push_back(index(v, u));
          }
        }
      }
      largest = std::max(largest, size);
    }
    return largest;
  }

  /// The longer side of what is set, as a share of the picture's shorter side.
  double extent() const {
    int top = height_, bottom = -1, left = width_, right = -1;
    for (int y = 0; y < height_; ++y) {
      for (int x = 0; x < width_; ++x) {
        if (!at(y, x)) continue;
        top = std::min(top, y);
        bottom = std::max(bottom, y);
        left = std::min(left, x);
        right = std::max(right, x);
      }
    }
    const int longer = std::max(bottom - top, right - left) + 1;
    return std::min(1.0, static_cast<double>(longer) / std::min(height_, width_));
  }

 private:
  std::size_t index(int y, int x) const {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) +
           static_cast<std::size_t>(x);
  }

  int height_;
  int width_;
  std::vector<std::uint8_t> set_;
};

}  // namespace

PictureStyle measure_style(const Images& pictures) {
  const std::size_t n = std::min(pictures.size(), kMostPictures);
  std::size_t with_object = 0;
  std::vector<double> extents;
  for (std::size_t i = 0; i < n; ++i) {
    const Mask mask(pictures[i * pictures.size() / n], pictures.shape());
    const std::size_t pixels = mask.count();
    if (pixels == 0) continue;
    ++with_object;
    if (mask.dark_corners() >= kDarkCorners && mask.dark_border() >= kDarkBorder &&
        static_cast<double>(mask.largest_part()) >= kOneObject * static_cast<double>(pixels)) {
      extents.push_back(mask.extent());
    }
  }
  const auto share = [](std::size_t part, std::size_t all) {
    return static_cast<double>(part) / static_cast<double>(all);
  };
  if (extents.empty() || share(with_object, n) < kFewestWithObject ||
      share(extents.size(), with_object) < kNearlyAll) {
    return {};
  }
  const auto median = extents.begin() + static_cast<std::ptrdiff_t>(extents.size() / 2);
  std::ranges::nth_element(extents, median);
  return {PictureStyle::Kind::cut_out, *median};
}

}  // namespace thimble
