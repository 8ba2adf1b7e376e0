// The training loop varies each picture anew in each epoch, between two steps that cost some 50
// microseconds a picture: this must stay in the noise. Flip, shift, crop and erase are copies of
// memory; rotation and zoom resample with fixed-point numbers from a copy with a border of zeros,
// so that the inner loop has no branches.

#include "imaging/augmentation.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>
#include <vector>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/random.hpp"

namespace thimble {
namespace {

/// Pictures a thread takes at least: fewer are not worth waking it for.
constexpr std::size_t kGrain = 32;

/// Beyond this hardly anything of a picture is left, and fixed-point numbers would not do.
constexpr double kMostZoom = 0.95;

/// What each draw for a picture is for; part of its hash.
enum Draw : std::uint64_t {
  kFlip,
  kAngle,
  kZoom,
  kShiftY,
  kShiftX,
  kCropY,
  kCropX,
  kErase,
  kEraseY,
  kEraseX
};

/// hash_seed(seed, epoch, index, draw), for one picture and many draws.
class Draws {
 public:
  Draws(std::uint64_t seed, std::uint64_t epoch, std::uint64_t index)
      : place_(mix64(mix64(mix64(seed) ^ epoch) ^ index)) {}

  std::uint64_t bits(Draw draw) const { return mix64(place_ ^ draw); }
  /// In [0, 1).
  double uniform(Draw draw) const { return static_cast<double>(bits(draw) >> 11) * 0x1.0p-53; }
  /// In [-most, most].
  double within(Draw draw, double most) const { return (2 * uniform(draw) - 1) * most; }
  /// In [0, n).
  int below(Draw draw, int n) const {
    return static_cast<int>((bits(draw) >> 32) * static_cast<std::uint64_t>(n) >> 32);
  }

 private:
  std::uint64_t place_;
};

/// One picture's variation.
struct Plan {
  bool flip = false;
  int down = 0;  ///< pixels by which the picture moves
  int right = 0;
  bool affine = false;
  double angle = 0;  ///< radians
  double zoom = 1;
  bool erase = false;
  int erase_y = 0;  ///< centre
  int erase_x = 0;
};

Plan draw_plan(const AugmentationOptions& options, const PictureShape& shape, std::uint64_t seed,
               std::uint64_t epoch, std::uint64_t index) {
  const Draws draws(seed, epoch, index);
  Plan plan;
  if (options.alternating_flip) {
    // Which half a picture starts in must not depend on the epoch.
    plan.flip = ((hash_seed(seed, index) ^ epoch) & 1) != 0;
  } else if (options.horizontal_flip > 0) {
    plan.flip = draws.uniform(kFlip) < options.horizontal_flip;
  }
  if (options.rotation_degrees > 0) {
    plan.angle = draws.within(kAngle, options.rotation_degrees) * std::numbers::pi / 180;
    plan.affine = true;
  }
  if (options.zoom > 0) {
    plan.zoom = 1 + draws.within(kZoom, options.zoom);
    plan.affine = true;
  }
  if (options.shift_pixels > 0) {
    plan.down += draws.below(kShiftY, 2 * options.shift_pixels + 1) - options.shift_pixels;
    plan.right += draws.below(kShiftX, 2 * options.shift_pixels + 1) - options.shift_pixels;
  }
  if (options.crop_padding > 0) {
    plan.down += draws.below(kCropY, 2 * options.crop_padding + 1) - options.crop_padding;
    plan.right += draws.below(kCropX, 2 * options.crop_padding + 1) - options.crop_padding;
  }
  if (options.erase_probability > 0 && draws.uniform(kErase) < options.erase_probability) {
    plan.erase = true;
    plan.erase_y = draws.below(kEraseY, shape.height);
    plan.erase_x = draws.below(kEraseX, shape.width);
  }
  return plan;
}

void reverse_grey_row(const std::uint8_t* from, std::uint8_t* to, std::size_t width) {
  constexpr std::size_t kWord = sizeof(std::uint64_t);
  if (width < kWord) {
    std::reverse_copy(from, from + width, to);
    return;
  }
  const auto reverse_word = [&](std::size_t x) {
    std::uint64_t word;
    std::memcpy(&word, from + width - kWord - x, kWord);
    word = __builtin_bswap64(word);
    std::memcpy(to + x, &word, kWord);
  };
  for (std::size_t x = 0; x + kWord <= width; x += kWord) reverse_word(x);
  // The last word overlaps the one before.
  reverse_word(width - kWord);
}

void reverse_rgb_row(const std::uint8_t* from, std::uint8_t* to, std::size_t width) {
  // Moving four bytes at a time is one instruction; the fourth is overwritten by the next pixel.
  // The first and the last pixel have no fourth byte in the row.
  from += 3 * (width - 1);
  std::memcpy(to, from, 3);
  if (width == 1) return;
  from -= 3;
  to += 3;
  for (std::size_t x = 1; x + 1 < width; ++x, from -= 3, to += 3) std::memcpy(to, from, 4);
  std::memcpy(to, from, 3);
}

void flip_rows(const std::uint8_t* from, std::uint8_t* to, const PictureShape& shape,
               std::size_t to_row_bytes) {
  const auto width = static_cast<std::size_t>(shape.width);
  const auto channels = static_cast<std::size_t>(shape.channels);
  for (int y = 0; y < shape.height; ++y, from += width * channels, to += to_row_bytes) {
    if (channels == 1) {
      reverse_grey_row(from, to, width);
    } else if (channels == 3) {
      reverse_rgb_row(from, to, width);
    } else {
      for (std::size_t x = 0; x < width; ++x) {
        std::memcpy(to + x * channels, from + (width - 1 - x) * channels, channels);
      }
    }
  }
}

/// Copies `from` moved by plan.down and plan.right: the whole block at once, as if each row went on
/// in the next, then zeros over what came in from the neighbouring rows.
void translate(const std::uint8_t* from, std::uint8_t* to, const PictureShape& shape, int down,
               int right) {
  const auto row_bytes = static_cast<std::ptrdiff_t>(shape.width) * shape.channels;
  const std::ptrdiff_t size = row_bytes * shape.height;
  if (std::abs(down) >= shape.height || std::abs(right) >= shape.width) {
    std::memset(to, 0, static_cast<std::size_t>(size));
    return;
  }
  const std::ptrdiff_t edge = static_cast<std::ptrdiff_t>(right) * shape.channels;
  const std::ptrdiff_t offset = down * row_bytes + edge;
  const std::ptrdiff_t kept = size - std::abs(offset);
  const auto zero = [](std::uint8_t* begin, std::ptrdiff_t count) {
    std::memset(begin, 0, static_cast<std::size_t>(count));
  };
  if (offset >= 0) {
    zero(to, offset);
    std::memcpy(to + offset, from, static_cast<std::size_t>(kept));
  } else {
    std::memcpy(to, from - offset, static_cast<std::size_t>(kept));
    zero(to + kept, -offset);
  }
  if (edge == 0) return;
  std::uint8_t* stripe = edge > 0 ? to : to + row_bytes + edge;
  const std::ptrdiff_t stripe_bytes = std::abs(edge);
  for (int y = 0; y < shape.height; ++y, stripe += row_bytes) {
    for (std::ptrdiff_t i = 0; i < stripe_bytes; ++i) stripe[i] = 0;
  }
}

/// A picture with one pixel of zeros above and on the left, two below and on the right: every
/// clamped coordinate in [-1, height] x [-1, width] has four neighbours.
class Bordered {
 public:
  explicit Bordered(const PictureShape& shape)
      : shape_(shape),
        row_bytes_((static_cast<std::size_t>(shape.width) + 3) *
                   static_cast<std::size_t>(shape.channels)),
        pixels_(row_bytes_ * (static_cast<std::size_t>(shape.height) + 3)) {}

  void fill(const std::uint8_t* from, bool flip) {
    const auto channels = static_cast<std::size_t>(shape_.channels);
    std::uint8_t* to = pixels_.data() + row_bytes_ + channels;
    if (flip) {
      flip_rows(from, to, shape_, row_bytes_);
      return;
    }
    const std::size_t bytes = static_cast<std::size_t>(shape_.width) * channels;
    for (int y = 0; y < shape_.height; ++y, from += bytes, to += row_bytes_) {
      std::memcpy(to, from, bytes);
    }
  }

  /// The pixel at row -1, column -1.
  const std::uint8_t* data() const { return pixels_.data(); }
  std::size_t row_bytes() const { return row_bytes_; }

 private:
  PictureShape shape_;
  std::size_t row_bytes_;
  std::vector<std::uint8_t> pixels_;
};

constexpr int kFractionBits = 16;
constexpr std::int64_t kOne = std::int64_t{1} << kFractionBits;

std::int64_t fixed(double value) { return std::llround(value * static_cast<double>(kOne)); }

/// Mixes four neighbours with weights of 8 bits.
template <int kChannels>
void bilinear(const std::uint8_t* at, std::size_t row_bytes, unsigned fy, unsigned fx,
              std::uint8_t* to) {
  for (int c = 0; c < kChannels; ++c) {
    const unsigned above = at[c] * (256 - fx) + at[c + kChannels] * fx;
    const unsigned below = at[row_bytes + c] * (256 - fx) + at[row_bytes + c + kChannels] * fx;
    to[c] = static_cast<std::uint8_t>((above * (256 - fy) + below * fy + (1u << 15)) >> 16);
  }
}

/// Rotates and zooms about the centre, then moves: for each pixel of the result, where in the
/// source it comes from. With angle a, zoom z and centre c:
///     source = c + R(-a) (result - move - c) / z
template <int kChannels>
void transform(const Bordered& source, const Plan& plan, const PictureShape& shape,
               std::uint8_t* to) {
  const double cosine = std::cos(plan.angle) / plan.zoom;
  const double sine = std::sin(plan.angle) / plan.zoom;
  const double center_y = (shape.height - 1) / 2.0;
  const double center_x = (shape.width - 1) / 2.0;
  const double first_y = -plan.down - center_y;
  const double first_x = -plan.right - center_x;
  // Half of the weights' last bit, so that cutting the fraction off rounds.
  constexpr std::int64_t kHalf = kOne / 512;
  std::int64_t row_y = fixed(center_y + cosine * first_y - sine * first_x) + kHalf;
  std::int64_t row_x = fixed(center_x + sine * first_y + cosine * first_x) + kHalf;
  const std::int64_t cos_step = fixed(cosine);
  const std::int64_t sin_step = fixed(sine);
  const std::int64_t last_y = shape.height * kOne;
  const std::int64_t last_x = shape.width * kOne;
  for (int row = 0; row < shape.height; ++row, row_y += cos_step, row_x += sin_step) {
    std::int64_t y = row_y;
    std::int64_t x = row_x;
    for (int column = 0; column < shape.width; ++column, y -= sin_step, x += cos_step) {
      const auto from_y = static_cast<std::uint64_t>(std::clamp(y, -kOne, last_y) + kOne);
      const auto from_x = static_cast<std::uint64_t>(std::clamp(x, -kOne, last_x) + kOne);
      const std::uint8_t* at = source.data() + (from_y >> kFractionBits) * source.row_bytes() +
                               (from_x >> kFractionBits) * kChannels;
      bilinear<kChannels>(at, source.row_bytes(), static_cast<unsigned>(from_y >> 8 & 255),
                          static_cast<unsigned>(from_x >> 8 & 255), to);
      to += kChannels;
    }
  }
}

/// Memory for the steps in between, one a thread.
struct Scratch {
  std::vector<std::uint8_t> flipped;
  Bordered bordered;

  Scratch(const PictureShape& shape, bool affine)
      : flipped(shape.size()), bordered(affine ? shape : PictureShape{}) {}
};

/// Everything but erasing.
void move(const std::uint8_t* from, std::uint8_t* to, const Plan& plan, const PictureShape& shape,
          Scratch& scratch) {
  if (plan.affine) {
    scratch.bordered.fill(from, plan.flip);
    shape.channels == 1 ? transform<1>(scratch.bordered, plan, shape, to)
                        : transform<3>(scratch.bordered, plan, shape, to);
    return;
  }
  const std::size_t row_bytes = shape.size() / static_cast<std::size_t>(shape.height);
  const bool moved = plan.down != 0 || plan.right != 0;
  if (plan.flip) {
    flip_rows(from, moved ? scratch.flipped.data() : to, shape, row_bytes);
    if (moved) translate(scratch.flipped.data(), to, shape, plan.down, plan.right);
  } else {
    translate(from, to, shape, plan.down, plan.right);
  }
}

void erase(std::uint8_t* picture, const PictureShape& shape, const Plan& plan, int size,
           std::uint8_t value) {
  // From the centre, so that squares at the border are cut as often on each side.
  const int top = std::max(0, plan.erase_y - size / 2);
  const int left = std::max(0, plan.erase_x - size / 2);
  const int bottom = std::min(shape.height, plan.erase_y - size / 2 + size);
  const int right = std::min(shape.width, plan.erase_x - size / 2 + size);
  const auto channels = static_cast<std::size_t>(shape.channels);
  const std::size_t row_bytes = static_cast<std::size_t>(shape.width) * channels;
  for (int y = top; y < bottom; ++y) {
    std::memset(picture + static_cast<std::size_t>(y) * row_bytes +
                    static_cast<std::size_t>(left) * channels,
                value, static_cast<std::size_t>(right - left) * channels);
  }
}

void check_range(const char* option, double value, double low, double high) {
  if (value >= low && value <= high) return;
  throw UsageError(fmt::format("augmentation.{}: {}, expected {} to {}", option, value, low, high));
}

}  // namespace

bool AugmentationOptions::any() const {
  return horizontal_flip > 0 || alternating_flip || rotation_degrees > 0 || zoom > 0 ||
         shift_pixels > 0 || crop_padding > 0 || erase_probability > 0;
}

Augmentation::Augmentation(const AugmentationOptions& options, PictureShape shape,
                           std::uint64_t seed, std::uint8_t mean_pixel)
    : options_(options), shape_(shape), seed_(seed), mean_pixel_(mean_pixel) {
  if (shape.height < 1 || shape.width < 1 || (shape.channels != 1 && shape.channels != 3)) {
    throw ShapeError(fmt::format("cannot vary pictures of {}", to_string(shape)));
  }
  const int most_pixels = std::max(shape.height, shape.width) - 1;
  check_range("horizontal_flip", options.horizontal_flip, 0, 1);
  check_range("rotation_degrees", options.rotation_degrees, 0, 180);
  check_range("zoom", options.zoom, 0, kMostZoom);
  check_range("shift_pixels", options.shift_pixels, 0, most_pixels);
  check_range("crop_padding", options.crop_padding, 0, most_pixels);
  check_range("erase_probability", options.erase_probability, 0, 1);
  check_range("erase_size", options.erase_size, options.erase_probability > 0 ? 1 : 0,
              most_pixels + 1);
  check_range("erase_value", options.erase_value, -1, 255);
}

void Augmentation::apply(const Images& source, std::span<const std::size_t> indices,
                         std::uint64_t epoch, std::span<std::uint8_t> out) const {
  const std::size_t bytes = shape_.size();
  if (source.shape() != shape_ || out.size() != indices.size() * bytes) {
    throw ShapeError(fmt::format("augmentation of {}: got {} pictures of {} and room for {} values",
                                 to_string(shape_), indices.size(), to_string(source.shape()),
                                 out.size()));
  }
  const auto erase_value =
      options_.erase_value < 0 ? mean_pixel_ : static_cast<std::uint8_t>(options_.erase_value);
  const bool affine = options_.rotation_degrees > 0 || options_.zoom > 0;
  parallel_for(indices.size(), kGrain, [&](std::size_t begin, std::size_t end) {
    Scratch scratch(shape_, affine);
    for (std::size_t k = begin; k < end; ++k) {
      if (indices[k] >= source.size()) {
        throw ShapeError(fmt::format("augmentation: picture {} of {}", indices[k], source.size()));
      }
      std::uint8_t* to = out.data() + k * bytes;
      const Plan plan = draw_plan(options_, shape_, seed_, epoch, indices[k]);
      move(source[indices[k]].data(), to, plan, shape_, scratch);
      if (plan.erase) erase(to, shape_, plan, options_.erase_size, erase_value);
    }
  });
}

Images flip_horizontally(const Images& images) {
  Images flipped(images.shape(), images.size());
  const PictureShape& shape = images.shape();
  parallel_for(images.size(), kGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      flip_rows(images[i].data(), flipped[i].data(), shape,
                shape.size() / static_cast<std::size_t>(shape.height));
    }
  });
  return flipped;
}

}  // namespace thimble
