#include "data/garment_drawer.hpp"

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "base/random.hpp"
#include "data/garments/canvas.hpp"
#include "data/garments/shapes.hpp"

namespace thimble {
namespace {

using garments::Canvas;
using garments::Pose;

constexpr int kSmallestSide = 8;
constexpr int kLargestSide = 4096;

struct GarmentClass {
  const char* name;
  void (*draw)(Canvas&, Random&);
  double tilt;  ///< standard deviation of the rotation, radians
};

constexpr std::array<GarmentClass, 10> kClasses = {{
    {"T-shirt/top", garments::draw_tshirt, 0.03},
    {"Trouser", garments::draw_trouser, 0.025},
    {"Pullover", garments::draw_pullover, 0.03},
    {"Dress", garments::draw_dress, 0.03},
    {"Coat", garments::draw_coat, 0.03},
    {"Sandal", garments::draw_sandal, 0.04},
    {"Shirt", garments::draw_shirt, 0.03},
    {"Sneaker", garments::draw_sneaker, 0.04},
    {"Bag", garments::draw_bag, 0.035},
    {"Ankle boot", garments::draw_ankle_boot, 0.04},
}};

Pose random_pose(Random& random, double tilt) {
  Pose pose;
  pose.rotation = tilt * random.normal();
  pose.shear = 0.03 * random.normal();
  const double scale = random.uniform(0.9, 1.04);
  const double aspect = random.uniform(0.93, 1.07);
  pose.scale_x = scale * aspect;
  pose.scale_y = scale / aspect;
  pose.offset = {random.uniform(-0.035, 0.035), random.uniform(-0.035, 0.035)};
  return pose;
}

}  // namespace

const std::vector<std::string>& garment_class_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const GarmentClass& garment : kClasses) list.emplace_back(garment.name);
    return list;
  }();
  return names;
}

void check_garment_shape(const PictureShape& shape) {
  const auto [low, high] = std::minmax(shape.height, shape.width);
  if (low < kSmallestSide || high > kLargestSide) {
    throw UsageError("synthetic pictures of " + std::to_string(shape.height) + "x" +
                     std::to_string(shape.width) + " pixels: both sides must be from " +
                     std::to_string(kSmallestSide) + " to " + std::to_string(kLargestSide));
  }
  if (shape.channels != 1 && shape.channels != 3) {
    throw UsageError("synthetic pictures of " + std::to_string(shape.channels) +
                     " channels: must be 1 (grey) or 3 (RGB)");
  }
}

void draw_garment(std::int32_t label, std::uint64_t seed, const PictureShape& shape,
                  std::span<std::uint8_t> picture) {
  if (label < 0 || label >= static_cast<std::int32_t>(kClasses.size())) {
    throw UsageError("no garment class " + std::to_string(label) + ": there are " +
                     std::to_string(kClasses.size()) + ", counted from 0");
  }
  check_garment_shape(shape);
  if (picture.size() != shape.size()) {
    throw ShapeError("room for " + std::to_string(picture.size()) + " values, " + to_string(shape) +
                     " needs " + std::to_string(shape.size()));
  }
  const GarmentClass& garment = kClasses[static_cast<std::size_t>(label)];
  Random random(seed);
  const Pose pose = random_pose(random, garment.tilt);
  const double brightness = random.uniform(0.9, 1.1);
  const double gamma = random.uniform(0.65, 1.1);
  // Less in large pictures, where the fabric shows its own grain.
  const double side = std::min(shape.height, shape.width);
  const double noise = random.uniform(0.004, 0.03) * std::min(1.0, 28.0 / side);
  Canvas canvas(shape, pose);
  garment.draw(canvas, random);
  std::fill(picture.begin(), picture.end(), std::uint8_t{0});
  canvas.finish(brightness, gamma, noise, random, picture);
}

Images draw_garment(std::int32_t label, std::uint64_t seed, const PictureShape& shape) {
  check_garment_shape(shape);
  Images images(shape, 1);
  draw_garment(label, seed, shape, images.pixels());
  return images;
}

}  // namespace thimble
