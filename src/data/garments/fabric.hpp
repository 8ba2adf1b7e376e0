// What a garment is made of: its ink, pattern, grain and folds, as functions of the place.

#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/random.hpp"
#include "data/garments/path.hpp"

namespace thimble::garments {

/// A grey level and, for pictures in colour, a tint of it.
struct Ink {
  float tone = 1.0f;                            ///< 0 black to 1 white
  std::array<float, 3> tint{1.0f, 1.0f, 1.0f};  ///< factors of red, green and blue

  Ink scaled(double factor) const;
};

/// A crease, darker (depth > 0) or lighter (depth < 0) than its surroundings.
struct Fold {
  Point from;
  Point to;
  double width = 0.04;
  double depth = 0.15;
};

enum class Pattern { kPlain, kStripes, kBars, kChecks, kDots, kFlowers, kCamouflage, kDipDye };

/// A cloth, leather or rubber.
struct Fabric {
  Ink base;
  Ink second;  ///< of the pattern's other part
  Pattern pattern = Pattern::kPlain;
  double period = 0.1;   ///< of the pattern, in garment units
  double duty = 0.5;     ///< share of `second` in stripes, checks and dots
  double grain = 0.03;   ///< size of fine irregularities, as a share of the tone
  double clouds = 0.03;  ///< size of coarse ones
  std::vector<Fold> folds;
  std::uint64_t seed = 0;  ///< of grain, clouds and irregular patterns

  /// How much of `second` there is at a place, in [0, 1], averaged over `footprint`.
  double mix(Point at, double footprint) const;
  /// Factor on the ink from grain, clouds and folds, averaged likewise.
  double light(Point at, double footprint) const;

  /// The same cloth without pattern, its tone times `factor`.
  Fabric plain(double factor) const;
};

/// How often a garment is what: shares that need not add up to 1; the rest is plain.
struct FabricOdds {
  double patterned = 0.3;
  double dark = 0.15;
  double grain = 0.03;
};

Fabric random_fabric(Random& random, const FabricOdds& odds);

/// An ink that stands out from `other`.
Ink contrasting_ink(Random& random, const Ink& other);

bool chance(Random& random, double probability);

/// Smooth noise in [-1, 1] that varies over lengths of about 1.
double smooth_noise(std::uint64_t seed, double x, double y);

}  // namespace thimble::garments
