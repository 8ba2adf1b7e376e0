#include "imaging/augmentation.hpp"

#include <cmath>
#include <numbers>
#include <numeric>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/random.hpp"
#include "temporary_folder.hpp"

namespace thimble {
namespace {

using ::testing::HasSubstr;

Images random_images(PictureShape shape, std::size_t n, std::uint64_t seed) {
  Images images(shape, n);
  Random random(seed);
  for (auto& pixel : images.pixels()) pixel = static_cast<std::uint8_t>(random.below(256));
  return images;
}

std::vector<std::uint8_t> vary(const Augmentation& augmentation, const Images& images,
                               const std::vector<std::size_t>& indices, std::uint64_t epoch) {
  std::vector<std::uint8_t> out(indices.size() * images.shape().size(), 0xAA);
  augmentation.apply(images, indices, epoch, out);
  return out;
}

/// What Augmentation promises, one pixel at a time, in floating point.
class Reference {
 public:
  Reference(const AugmentationOptions& options, PictureShape shape, std::uint64_t seed,
            std::uint8_t mean_pixel)
      : options_(options), shape_(shape), seed_(seed), mean_pixel_(mean_pixel) {}

  std::vector<double> vary(std::span<const std::uint8_t> picture, std::uint64_t epoch,
                           std::uint64_t index) const {
    const auto uniform = [&](std::uint64_t draw) {
      return static_cast<double>(hash_seed(seed_, epoch, index, draw) >> 11) * 0x1.0p-53;
    };
    const auto below = [&](std::uint64_t draw, int n) {
      return static_cast<int>(
          (hash_seed(seed_, epoch, index, draw) >> 32) * static_cast<std::uint64_t>(n) >> 32);
    };
    const bool flip = options_.alternating_flip ? ((hash_seed(seed_, index) ^ epoch) & 1) != 0
                                                : uniform(0) < options_.horizontal_flip;
    const double angle = (2 * uniform(1) - 1) * options_.rotation_degrees * std::numbers::pi / 180;
    const double zoom = 1 + (2 * uniform(2) - 1) * options_.zoom;
    const int shift = options_.shift_pixels;
    const int crop = options_.crop_padding;
    const int down = below(3, 2 * shift + 1) - shift + below(5, 2 * crop + 1) - crop;
    const int right = below(4, 2 * shift + 1) - shift + below(6, 2 * crop + 1) - crop;
    const bool erased = uniform(7) < options_.erase_probability;
    const int top = below(8, shape_.height) - options_.erase_size / 2;
    const int left = below(9, shape_.width) - options_.erase_size / 2;
    const int size = options_.erase_size;

    std::vector<double> out;
    for (int y = 0; y < shape_.height; ++y) {
      for (int x = 0; x < shape_.width; ++x) {
        const double dy = y - down - (shape_.height - 1) / 2.0;
        const double dx = x - right - (shape_.width - 1) / 2.0;
        const double from_y =
            (shape_.height - 1) / 2.0 + (std::cos(angle) * dy - std::sin(angle) * dx) / zoom;
        const double from_x =
            (shape_.width - 1) / 2.0 + (std::sin(angle) * dy + std::cos(angle) * dx) / zoom;
        const bool inside = y >= top && y < top + size && x >= left && x < left + size;
        for (int c = 0; c < shape_.channels; ++c) {
          out.push_back(erased && inside
                            ? options_.erase_value < 0 ? mean_pixel_ : options_.erase_value
                            : sample(picture, flip, from_y, from_x, c));
        }
      }
    }
    return out;
  }

 private:
  double sample(std::span<const std::uint8_t> picture, bool flip, double y, double x, int c) const {
    const auto at = [&](int row, int column) -> double {
      if (row < 0 || row >= shape_.height || column < 0 || column >= shape_.width) return 0;
      if (flip) column = shape_.width - 1 - column;
      return picture[static_cast<std::size_t>((row * shape_.width + column) * shape_.channels + c)];
    };
    const int row = static_cast<int>(std::floor(y));
    const int column = static_cast<int>(std::floor(x));
    const double fy = y - row;
    const double fx = x - column;
    return (1 - fy) * ((1 - fx) * at(row, column) + fx * at(row, column + 1)) +
           fy * ((1 - fx) * at(row + 1, column) + fx * at(row + 1, column + 1));
  }

  AugmentationOptions options_;
  PictureShape shape_;
  std::uint64_t seed_;
  std::uint8_t mean_pixel_;
};

PictureShape any_shape() {
  return {*rc::gen::inRange(1, 40), *rc::gen::inRange(1, 40), *rc::gen::element(1, 3)};
}

/// Any of the options that only move pixels.
AugmentationOptions any_moves(const PictureShape& shape) {
  const int most = std::max(shape.height, shape.width);
  AugmentationOptions options;
  options.alternating_flip = *rc::gen::arbitrary<bool>();
  options.horizontal_flip = *rc::gen::element(0.0, 0.5, 1.0);
  options.shift_pixels = *rc::gen::inRange(0, most);
  options.crop_padding = *rc::gen::inRange(0, most);
  options.erase_probability = *rc::gen::element(0.0, 0.5, 1.0);
  options.erase_size = *rc::gen::inRange(1, most + 1);
  options.erase_value = *rc::gen::inRange(-1, 256);
  return options;
}

void check_against_reference(const AugmentationOptions& options, const PictureShape& shape,
                             double tolerance) {
  const auto seed = *rc::gen::arbitrary<std::uint64_t>();
  const auto epoch = *rc::gen::inRange<std::uint64_t>(0, 50);
  const Images images = random_images(shape, 5, seed);
  const auto out = vary(Augmentation(options, shape, seed, 77), images, {4, 0, 2}, epoch);
  const Reference reference(options, shape, seed, 77);
  std::size_t place = 0;
  for (const std::size_t index : {4u, 0u, 2u}) {
    for (const double expected : reference.vary(images[index], epoch, index)) {
      RC_ASSERT(std::abs(out[place++] - expected) <= tolerance);
    }
  }
}

RC_GTEST_PROP(Augmentation, MovesAsTheReferenceDoes, ()) {
  const PictureShape shape = any_shape();
  check_against_reference(any_moves(shape), shape, 0);
}

RC_GTEST_PROP(Augmentation, RotatesAndZoomsAsTheReferenceDoes, ()) {
  const PictureShape shape = any_shape();
  AugmentationOptions options = any_moves(shape);
  options.rotation_degrees = *rc::gen::element(0.0, 1.0, 15.0, 180.0);
  options.zoom = *rc::gen::element(0.05, 0.5, 0.95);
  // Weights of 8 bits: half a step of each of the two, and rounding.
  check_against_reference(options, shape, 2.0);
}

TEST(Augmentation, NoOptionsNoChange) {
  const Images images = random_images({28, 28, 1}, 4, 1);
  const Augmentation augmentation({}, {28, 28, 1}, 1, 0);
  EXPECT_FALSE(AugmentationOptions{}.any());
  const std::vector<std::size_t> all{0, 1, 2, 3};
  EXPECT_TRUE(std::ranges::equal(vary(augmentation, images, all, 3), images.pixels()));
}

TEST(Augmentation, DoesNotDependOnThreadsOrBatch) {
  AugmentationOptions options{.horizontal_flip = 0.5, .rotation_degrees = 10, .zoom = 0.1};
  options.shift_pixels = 2;
  options.erase_probability = 0.5;
  options.erase_size = 6;
  const PictureShape shape{28, 28, 1};
  const Images images = random_images(shape, 500, 2);
  const Augmentation augmentation(options, shape, 9, 70);
  std::vector<std::size_t> all(500);
  std::iota(all.begin(), all.end(), 0);

  const int threads = thread_count();
  set_thread_count(1);
  const auto expected = vary(augmentation, images, all, 4);
  set_thread_count(4);
  EXPECT_EQ(vary(augmentation, images, all, 4), expected);
  set_thread_count(threads);

  for (const std::size_t index : {499u, 0u, 250u}) {
    const auto alone = vary(augmentation, images, {index}, 4);
    EXPECT_TRUE(
        std::ranges::equal(alone, std::span(expected).subspan(index * shape.size(), shape.size())));
  }
  EXPECT_NE(vary(augmentation, images, all, 5), expected);
  EXPECT_NE(vary(Augmentation(options, shape, 10, 70), images, all, 4), expected);
}

TEST(Augmentation, AlternatingFlipMirrorsEveryOtherEpoch) {
  const PictureShape shape{5, 6, 1};
  const Images images = random_images(shape, 1000, 3);
  const Images mirrored = flip_horizontally(images);
  const Augmentation augmentation({.alternating_flip = true}, shape, 5, 0);
  std::size_t at_first = 0;
  for (std::size_t i = 0; i < images.size(); ++i) {
    const auto first = vary(augmentation, images, {i}, 0);
    const auto second = vary(augmentation, images, {i}, 1);
    EXPECT_NE(first, second);
    EXPECT_EQ(vary(augmentation, images, {i}, 2), first);
    const bool flipped = std::ranges::equal(first, mirrored[i]);
    EXPECT_TRUE(std::ranges::equal(flipped ? second : first, images[i]));
    at_first += flipped ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(at_first), 500, 80);
}

TEST(Augmentation, FlipsWithTheProbabilityGiven) {
  const PictureShape shape{4, 9, 3};
  const Images images = random_images(shape, 2000, 4);
  const Augmentation augmentation({.horizontal_flip = 0.3}, shape, 6, 0);
  std::vector<std::size_t> all(images.size());
  std::iota(all.begin(), all.end(), 0);
  const Images varied(shape, vary(augmentation, images, all, 7));
  double flipped = 0;
  for (std::size_t i = 0; i < images.size(); ++i) {
    flipped += std::ranges::equal(varied[i], images[i]) ? 0 : 1;
  }
  EXPECT_NEAR(flipped, 600, 5 * std::sqrt(2000 * 0.3 * 0.7));
}

TEST(Augmentation, ShiftsReachEveryPlaceEquallyOften) {
  // One light pixel in the middle shows where it went.
  const PictureShape shape{9, 9, 1};
  Images images(shape, 1);
  images[0][40] = 255;
  const Augmentation augmentation({.shift_pixels = 2}, shape, 8, 0);
  std::vector<int> counts(81);
  constexpr std::uint64_t kEpochs = 10'000;
  for (std::uint64_t epoch = 0; epoch < kEpochs; ++epoch) {
    const auto out = vary(augmentation, images, {0}, epoch);
    ++counts[static_cast<std::size_t>(std::ranges::max_element(out) - out.begin())];
  }
  for (std::size_t i = 0; i < 81; ++i) {
    const bool reachable = i / 9 >= 2 && i / 9 <= 6 && i % 9 >= 2 && i % 9 <= 6;
    EXPECT_NEAR(counts[i], reachable ? kEpochs / 25.0 : 0, reachable ? 100 : 0);
  }
}

RC_GTEST_PROP(Augmentation, FlippingTwiceIsNoChange, ()) {
  const Images images = random_images(any_shape(), 3, *rc::gen::arbitrary<std::uint64_t>());
  const Images twice = flip_horizontally(flip_horizontally(images));
  RC_ASSERT(std::ranges::equal(twice.pixels(), images.pixels()));
}

TEST(Augmentation, RefusesOptionsOutOfRange) {
  const auto refusal = [](const AugmentationOptions& options) {
    return message_of<UsageError>([&] { Augmentation(options, {28, 28, 1}, 1, 0); });
  };
  EXPECT_EQ(refusal({.horizontal_flip = 1.5}),
            "augmentation.horizontal_flip: 1.5, expected 0 to 1");
  EXPECT_THAT(refusal({.horizontal_flip = std::nan("")}), HasSubstr("horizontal_flip: nan"));
  EXPECT_THAT(refusal({.rotation_degrees = -1}), HasSubstr("rotation_degrees: -1, expected 0 to"));
  EXPECT_THAT(refusal({.zoom = 1}), HasSubstr("zoom: 1, expected 0 to 0.95"));
  EXPECT_THAT(refusal({.shift_pixels = 28}), HasSubstr("shift_pixels: 28, expected 0 to 27"));
  EXPECT_THAT(refusal({.crop_padding = -2}), HasSubstr("crop_padding: -2"));
  EXPECT_THAT(refusal({.erase_probability = 0.5}), HasSubstr("erase_size: 0, expected 1 to 28"));
  EXPECT_THAT(refusal({.erase_value = 256}), HasSubstr("erase_value: 256, expected -1 to 255"));
}

TEST(Augmentation, RefusesShapesThatDoNotFit) {
  const Augmentation augmentation({.horizontal_flip = 0.5}, {28, 28, 1}, 1, 0);
  std::vector<std::uint8_t> out(784);
  const std::vector<std::size_t> first{0};
  const std::vector<std::size_t> beyond{1};
  EXPECT_THROW(augmentation.apply(Images({27, 28, 1}, 1), first, 0, out), ShapeError);
  EXPECT_THROW(augmentation.apply(Images({28, 28, 1}, 1), beyond, 0, out), ShapeError);
  EXPECT_THROW(augmentation.apply(Images({28, 28, 1}, 1), first, 0, std::span(out).subspan(1)),
               ShapeError);
  EXPECT_THROW(Augmentation({}, {28, 28, 2}, 1, 0), ShapeError);
}

}  // namespace
}  // namespace thimble
