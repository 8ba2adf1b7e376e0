#include "strange_pictures.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string_view>

#include "base/random.hpp"
#include "imaging/font.hpp"
#include "imaging/resize.hpp"

namespace thimble::bench {
namespace {

std::uint8_t level(double value) {
  return static_cast<std::uint8_t>(std::clamp(value, 0.0, 1.0) * 255.0 + 0.5);
}

/// A picture whose pixel at (y, x), both from 0 to 1, is shade(y, x), 0 black to 1 white.
template <class Shade>
Picture shaded(int side, const Shade& shade) {
  Picture picture({side, side, 1});
  auto* pixel = picture.pixels.data();
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) *pixel++ = level(shade((y + 0.5) / side, (x + 0.5) / side));
  }
  return picture;
}

Picture noise(int side, std::uint64_t seed) {
  Random random(seed);
  return shaded(side, [&](double, double) { return random.uniform(); });
}

/// Gaussian noise at a coarse size, made larger: a smooth random texture.
Picture clouds(int side, std::uint64_t seed) {
  Random random(seed);
  const int coarse = 4 + static_cast<int>(random.below(11));
  const double contrast = random.uniform(0.15, 0.35);
  const Picture grains =
      shaded(coarse, [&](double, double) { return 0.5 + contrast * random.normal(); });
  return resize(grains, side, side, ResizeFilter::bilinear);
}

Picture blobs(int side, std::uint64_t seed) {
  struct Blob {
    double y, x, width, height;
  };
  Random random(seed);
  std::vector<Blob> all(1 + random.below(5));
  for (Blob& blob : all) {
    blob = {random.uniform(), random.uniform(), random.uniform(0.05, 0.22), random.uniform(0.3, 1)};
  }
  return shaded(side, [&](double y, double x) {
    double sum = 0;
    for (const Blob& blob : all) {
      const double distance = std::hypot(y - blob.y, x - blob.x) / blob.width;
      sum += blob.height * std::exp(-distance * distance / 2);
    }
    return sum;
  });
}

Picture blank(int side, std::uint64_t seed) {
  const double shade = Random(seed).uniform();
  return shaded(side, [&](double, double) { return shade; });
}

/// One character of the program's font, its dots rounded off by the enlarging.
Picture letter(int side, std::uint64_t seed) {
  constexpr std::string_view kCharacters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789&?%@#";
  Random random(seed);
  const std::size_t which = random.below(kCharacters.size());
  const double shade = random.uniform(0.5, 1);
  const double slant = random.uniform(-0.25, 0.25);
  Picture dots({font::kLineHeight + 2, font::kAdvance + 3, 3});
  font::draw_text(dots, 2, 2, kCharacters.substr(which, 1), kWhite);
  const int rows = dots.shape.height * 16;
  const int columns = dots.shape.width * 16;
  const Picture large = resize(dots, rows, columns, ResizeFilter::bilinear);
  return shaded(side, [&](double y, double x) {
    const int row = static_cast<int>(y * rows);
    const int column = static_cast<int>((x - 0.5 + slant * (y - 0.5)) * rows + columns / 2.0);
    if (column < 0 || column >= columns) return 0.0;
    const auto at = static_cast<std::size_t>(row * columns + column) * 3;
    return large.pixels[at] >= 110 ? shade : 0.0;
  });
}

/// A sky that grows lighter towards the horizon, the sun, hills behind hills, and trees.
Picture landscape(int side, std::uint64_t seed) {
  struct Hill {
    double height, slow, fast, phase, shade;
  };
  struct Tree {
    double foot, x, height, shade;
  };
  Random random(seed);
  const double zenith = random.uniform(0.35, 0.7);
  const double horizon = random.uniform(0.45, 0.7);
  const double sun_y = random.uniform(0.08, horizon - 0.1);
  const double sun_x = random.uniform(0.1, 0.9);
  const double sun_radius = random.uniform(0.03, 0.1);
  std::vector<Hill> hills(2 + random.below(3));
  for (std::size_t i = 0; i < hills.size(); ++i) {
    hills[i] = {horizon + 0.1 * static_cast<double>(i), random.uniform(1, 3), random.uniform(4, 9),
                random.uniform(0, 6), random.uniform(0.1, 0.6)};
  }
  std::vector<Tree> trees(random.below(6));
  for (Tree& tree : trees) {
    tree = {random.uniform(horizon + 0.05, 0.98), random.uniform(), random.uniform(0.08, 0.25),
            random.uniform(0.05, 0.3)};
  }
  return shaded(side, [&](double y, double x) {
    double shade = zenith + (0.95 - zenith) * std::min(1.0, y / horizon);
    if (std::hypot(y - sun_y, x - sun_x) < sun_radius) shade = 1;
    for (const Hill& hill : hills) {
      const double edge = hill.height +
                          0.04 * std::sin(2 * std::numbers::pi * hill.slow * x + hill.phase) +
                          0.015 * std::sin(2 * std::numbers::pi * hill.fast * x);
      if (y > edge) shade = hill.shade;
    }
    for (const Tree& tree : trees) {
      const double above = (tree.foot - y) / tree.height;  // 0 at the foot, 1 at the top
      const double width = above < 0.25 ? 0.04 : (1 - above) * 0.35;
      if (above > 0 && above < 1 && std::abs(x - tree.x) < width * tree.height) shade = tree.shade;
    }
    return shade;
  });
}

}  // namespace

const std::vector<StrangeSet>& strange_sets() {
  static const std::vector<StrangeSet> sets{
      {"noise", false, noise}, {"clouds", false, clouds}, {"blobs", true, blobs},
      {"blank", false, blank}, {"letters", true, letter}, {"landscapes", false, landscape}};
  return sets;
}

}  // namespace thimble::bench
