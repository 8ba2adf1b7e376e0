#include "data/garments/fabric.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace thimble::garments {
namespace {

constexpr double kGrain = 60.0;  // irregularities in a garment unit

// Integral from 0 to t of the pulse wave of period 1 that is 1 in [0, duty).
double pulse_integral(double t, double duty) {
  const double whole = std::floor(t);
  return whole * duty + std::min(t - whole, duty);
}

// The pulse wave averaged over `width` around t, so that fine patterns fade to grey in small
// pictures instead of flickering.
double pulse(double t, double duty, double width) {
  return (pulse_integral(t + width / 2, duty) - pulse_integral(t - width / 2, duty)) / width;
}

double smoothstep(double low, double high, double value) {
  const double t = std::clamp((value - low) / (high - low), 0.0, 1.0);
  return t * t * (3 - 2 * t);
}

double lattice(std::uint64_t seed, std::int64_t x, std::int64_t y) {
  const std::uint64_t bits = mix64(seed ^ (static_cast<std::uint64_t>(x) * 0x9E3779B1u +
                                           static_cast<std::uint64_t>(y) * 0x85EBCA77C2B2AE63ull));
  return static_cast<double>(bits >> 11) * 0x1.0p-52 - 1.0;
}

// A disc in each cell of a grid of period 1; as a flower it has five petals, and its place, size
// and turn are random.
double spots(std::uint64_t seed, double x, double y, double radius, double softness, bool flower) {
  const double cell_x = std::floor(x);
  const double cell_y = std::floor(y);
  const auto i = static_cast<std::int64_t>(cell_x);
  const auto j = static_cast<std::int64_t>(cell_y);
  const double free = flower ? 0.5 - 0.9 * radius : 0.0;
  const double dx = x - cell_x - 0.5 - free * lattice(seed, i, j);
  const double dy = y - cell_y - 0.5 - free * lattice(seed + 1, i, j);
  double edge = radius;
  if (flower) {
    const double turn = std::numbers::pi * lattice(seed + 2, i, j);
    edge *= 1.0 + 0.3 * lattice(seed + 5, i, j) + 0.25 * std::cos(5 * std::atan2(dy, dx) + turn);
  }
  return 1.0 - smoothstep(edge - softness, edge + softness, std::hypot(dx, dy));
}

std::array<float, 3> random_tint(Random& random) {
  const double hue = random.uniform(0.0, 2 * std::numbers::pi);
  const double vividness = random.uniform();
  const double saturation = 0.6 * vividness * vividness;  // most clothes are muted
  std::array<float, 3> tint{};
  for (std::size_t c = 0; c < tint.size(); ++c) {
    const double angle = hue - 2 * std::numbers::pi * static_cast<double>(c) / 3.0;
    tint[c] = static_cast<float>(1.0 + saturation * std::cos(angle));
  }
  return tint;
}

}  // namespace

double smooth_noise(std::uint64_t seed, double x, double y) {
  const double cell_x = std::floor(x);
  const double cell_y = std::floor(y);
  const auto i = static_cast<std::int64_t>(cell_x);
  const auto j = static_cast<std::int64_t>(cell_y);
  const double u = smoothstep(0.0, 1.0, x - cell_x);
  const double v = smoothstep(0.0, 1.0, y - cell_y);
  return std::lerp(std::lerp(lattice(seed, i, j), lattice(seed, i + 1, j), u),
                   std::lerp(lattice(seed, i, j + 1), lattice(seed, i + 1, j + 1), u), v);
}

bool chance(Random& random, double probability) { return random.uniform() < probability; }

Ink Ink::scaled(double factor) const {
  return {static_cast<float>(std::min(1.0, tone * factor)), tint};
}

double Fabric::mix(Point at, double footprint) const {
  const double x = at.x / period;
  const double y = at.y / period;
  const double width = std::max(footprint / period, 1e-3);
  switch (pattern) {
    case Pattern::kPlain:
      return 0.0;
    case Pattern::kStripes:
      return pulse(y, duty, width);
    case Pattern::kBars:
      return pulse(x, duty, width);
    case Pattern::kChecks:
      return 0.5 * (pulse(x, duty, width) + pulse(y, duty, width));
    case Pattern::kDots:
      return spots(seed, x, y, 0.45 * std::sqrt(duty), width / 2, false);
    case Pattern::kFlowers:
      return std::max(
          spots(seed, x, y, 0.48 * std::sqrt(duty), width / 2, true),
          spots(seed + 7, 1.3 * x + 0.5, 1.3 * y + 0.5, 0.3 * std::sqrt(duty), width / 2, true));
    case Pattern::kCamouflage:
      return smoothstep(-width / 2, width / 2,
                        smooth_noise(seed, 2 * x, 2 * y) + duty - 0.5 +
                            0.4 * smooth_noise(seed + 1, 5 * x, 5 * y));
    case Pattern::kDipDye:
      return smoothstep(0.3 + duty * 0.4, 0.6 + duty * 0.4, at.y);
  }
  return 0.0;
}

double Fabric::light(Point at, double footprint) const {
  const double fine = grain * std::min(1.0, 1.0 / (kGrain * footprint));
  double factor = 1.0 + clouds * smooth_noise(seed + 3, 5 * at.x + 2 * at.y, 4 * at.y - 2 * at.x) +
                  fine * smooth_noise(seed + 4, kGrain * (0.8 * at.x + 0.6 * at.y),
                                      kGrain * (0.8 * at.y - 0.6 * at.x));
  for (const Fold& fold : folds) {
    const Point along = fold.to - fold.from;
    const Point offset = at - fold.from;
    const double length2 = along.x * along.x + along.y * along.y;
    const double t =
        std::clamp((offset.x * along.x + offset.y * along.y) / std::max(length2, 1e-9), 0.0, 1.0);
    const Point away = offset - t * along;
    const double distance2 = (away.x * away.x + away.y * away.y) / (fold.width * fold.width);
    if (distance2 < 1.0) factor *= 1.0 - fold.depth * (1.0 - distance2) * (1.0 - distance2);
  }
  return factor;
}

Fabric Fabric::plain(double factor) const {
  Fabric other = *this;
  other.pattern = Pattern::kPlain;
  other.base = base.scaled(factor);
  other.folds.clear();
  return other;
}

Ink contrasting_ink(Random& random, const Ink& other) {
  const double tone = other.tone > 0.5f ? other.tone * random.uniform(0.15, 0.75)
                                        : std::min(1.0, other.tone + random.uniform(0.2, 0.65));
  return {static_cast<float>(tone), random_tint(random)};
}

Fabric random_fabric(Random& random, const FabricOdds& odds) {
  Fabric fabric;
  const double kind = random.uniform();
  const double tone = kind < odds.dark         ? random.uniform(0.2, 0.45)
                      : kind < odds.dark + 0.3 ? random.uniform(0.45, 0.72)
                                               : random.uniform(0.72, 1.0);
  fabric.base = {static_cast<float>(tone), random_tint(random)};
  fabric.second = contrasting_ink(random, fabric.base);
  fabric.second.tone =
      std::lerp(fabric.base.tone, fabric.second.tone, static_cast<float>(random.uniform(0.3, 1.0)));
  fabric.seed = random.bits();
  fabric.grain = odds.grain * random.uniform(0.3, 2.0);
  fabric.clouds = random.uniform(0.01, 0.09);
  fabric.duty = random.uniform(0.25, 0.65);
  fabric.period = random.uniform(0.06, 0.2);
  constexpr std::array kPatterns = {Pattern::kStripes, Pattern::kStripes,    Pattern::kBars,
                                    Pattern::kChecks,  Pattern::kDots,       Pattern::kFlowers,
                                    Pattern::kFlowers, Pattern::kCamouflage, Pattern::kDipDye};
  const Pattern pattern = kPatterns[random.below(kPatterns.size())];
  if (chance(random, odds.patterned)) fabric.pattern = pattern;
  return fabric;
}

}  // namespace thimble::garments
