// Bags: handbag, shopper, satchel, clutch, hobo.

#include <algorithm>

#include "data/garments/shapes.hpp"
#include "data/garments/top.hpp"

namespace thimble::garments {
namespace {

/// The body of the bag: a rounded trapezoid, or half a moon.
struct BagCut {
  double peak = 0.05;  ///< y of the top of the handles
  double top = 0.35;   ///< y of the upper edge
  double bottom = 0.95;
  double top_half = 0.35;
  double bottom_half = 0.42;
  double corner = 0.06;
  double sag = 0.0;  ///< how much lower the upper edge is in the middle
  bool round = false;
};

enum class Handle { kNone, kArch, kTwoArches, kStrap, kTop };

Path body_outline(const BagCut& cut) {
  const Point top{kAxis + cut.top_half, cut.top};
  const Point bottom{kAxis + cut.bottom_half, cut.bottom};
  Path right({kAxis, cut.top + cut.sag});
  right.curve({kAxis + 0.5 * cut.top_half, cut.top + cut.sag}, top);
  if (cut.round) {
    right
        .curve({kAxis + 1.15 * cut.bottom_half, lerp(top, bottom, 0.5).y},
               bottom + Point{0.0, -0.1})
        .curve(bottom, {kAxis + 0.5 * cut.bottom_half, cut.bottom});
  } else {
    const Point up = lerp(bottom, top, cut.corner / (cut.bottom - cut.top));
    right.line(up).curve(bottom, bottom + Point{-cut.corner, 0.0});
  }
  right.line({kAxis, cut.bottom});
  return right.symmetric(kAxis);
}

// Larger in the picture the flatter or slimmer the bag: product pictures are cropped to fill.
BagCut bag_cut(Random& random, Handle handle) {
  BagCut cut;
  const double loop = handle == Handle::kNone  ? 0.0
                      : handle == Handle::kTop ? random.uniform(0.1, 0.16)
                                               : random.uniform(0.16, 0.45);
  const double height = random.uniform(0.4, 0.75);
  const double half = height * random.uniform(0.45, 0.95);
  const double narrowing = random.uniform(0.72, 1.1);
  const double fill = 0.94 / std::max({height + loop, 2 * half, 2 * half * narrowing});
  cut.bottom_half = fill * half;
  cut.top_half = fill * half * narrowing;
  cut.bottom = 0.5 + 0.5 * fill * (height + loop);
  cut.top = cut.bottom - fill * height;
  cut.peak = cut.top - fill * loop + 0.02;
  cut.corner = random.uniform(0.01, 0.14);
  cut.round = chance(random, 0.2);
  cut.sag = chance(random, 0.3) ? random.uniform(0.0, 0.12) : random.uniform(-0.02, 0.02);
  return cut;
}

void draw_handle(Canvas& canvas, Random& random, const BagCut& cut, Handle handle,
                 const Fabric& fabric) {
  if (handle == Handle::kNone) return;
  const double foot = cut.top_half * (handle == Handle::kStrap ? random.uniform(0.9, 1.0)
                                                               : random.uniform(0.3, 0.7));
  const double width = random.uniform(0.02, 0.05);
  const double squareness = random.uniform(0.3, 1.0);
  const auto arch = [&](double shift, double lift) {
    const double y = cut.peak + lift;
    return Path({kAxis + shift - foot, cut.top + 0.06})
        .curve({kAxis + shift - foot, y}, {kAxis + shift - squareness * foot, y},
               {kAxis + shift, y})
        .curve({kAxis + shift + squareness * foot, y}, {kAxis + shift + foot, y},
               {kAxis + shift + foot, cut.top + 0.06});
  };
  const Relief relief{0.015, 0.3, 0.3};
  if (handle == Handle::kTwoArches) {
    canvas.paint(canvas.stroke(arch(0.02, 0.05), width), fabric.plain(0.6), relief);
  }
  canvas.paint(canvas.stroke(arch(0.0, 0.0), width), fabric.plain(0.92), relief);
}

void add_flap(Canvas& canvas, Random& random, const BagCut& cut, const Fabric& fabric,
              const Mask& body) {
  const double depth = (cut.bottom - cut.top) * random.uniform(0.35, 0.7);
  const double y = cut.top + depth;
  const double point = chance(random, 0.5) ? 0.0 : random.uniform(0.03, 0.14);
  const double wide = std::max(cut.top_half, cut.bottom_half) + 0.02;
  Path flap({kAxis - wide, cut.top - 0.05});
  flap.line({kAxis + wide, cut.top - 0.05}).line({kAxis + wide, y - point});
  if (chance(random, 0.5)) {
    flap.curve({kAxis, y + point}, {kAxis - wide, y - point});
  } else {
    flap.line({kAxis, y}).line({kAxis - wide, y - point});
  }
  const Mask mask = canvas.fill(flap).within(body);
  canvas.shade(canvas.stroke(flap, 0.035).within(body), 0.6);
  Fabric cover = fabric;
  if (chance(random, 0.25)) cover = fabric.plain(1.0), cover.base = fabric.second;
  canvas.paint(mask, cover, {0.03, 0.3, 0.2});
  const Ink metal{static_cast<float>(fabric.base.tone > 0.6f ? 0.25 : 0.95), {1.05f, 1.0f, 0.8f}};
  const Point clasp{kAxis, y - 0.5 * point - 0.01};
  canvas.paint(
      canvas.fill(Path::rectangle(clasp - Point{0.03, 0.025}, clasp + Point{0.03, 0.025}, 0.01)),
      metal);
}

void add_front(Canvas& canvas, Random& random, const BagCut& cut, const Fabric& fabric,
               const Mask& body) {
  const double height = cut.bottom - cut.top;
  const auto level = [&](double share) {
    const double y = cut.top + share * height;
    return Path({0.0, y}).line({1.0, y});
  };
  if (chance(random, 0.7)) {
    canvas.shade(canvas.stroke(level(random.uniform(0.05, 0.15)), 0.02).within(body), 0.6);
  }
  if (chance(random, 0.4)) {  // front pocket
    const double half = cut.bottom_half * random.uniform(0.45, 0.75);
    Path edge = Path::rectangle({kAxis - half, cut.top + random.uniform(0.35, 0.55) * height},
                                {kAxis + half, cut.bottom - 0.06}, 0.04);
    edge.line(edge.points().front());
    canvas.shade(canvas.stroke(edge, 0.018).within(body), 0.6);
  }
  if (chance(random, 0.25)) {  // straps down the front
    const double x = cut.top_half * random.uniform(0.4, 0.6);
    for (const double side : {-x, x}) {
      const Path strap = Path({kAxis + side, cut.top}).line({kAxis + side, cut.bottom});
      canvas.paint(canvas.stroke(strap, 0.04).within(body), fabric.base.scaled(0.7));
    }
  }
  if (chance(random, 0.25)) {  // label
    const Point middle{kAxis + random.uniform(-0.1, 0.1),
                       cut.top + random.uniform(0.3, 0.7) * height};
    const Point half{random.uniform(0.03, 0.1), random.uniform(0.02, 0.05)};
    canvas.paint(canvas.fill(Path::rectangle(middle - half, middle + half, 0.01)).within(body),
                 contrasting_ink(random, fabric.base));
  }
}

}  // namespace

void draw_bag(Canvas& canvas, Random& random) {
  constexpr Handle kHandles[] = {Handle::kNone,  Handle::kNone,      Handle::kArch,
                                 Handle::kArch,  Handle::kTwoArches, Handle::kTwoArches,
                                 Handle::kStrap, Handle::kTop};
  const Handle handle = kHandles[random.below(std::size(kHandles))];
  const BagCut cut = bag_cut(random, handle);
  Fabric fabric = random_fabric(random, {0.25, 0.22, 0.05});
  for (int i = 0; i < 2; ++i) {
    const double x = random.uniform(0.2, 0.8);
    fabric.folds.push_back({{x, cut.top},
                            {x + random.uniform(-0.15, 0.15), cut.bottom},
                            random.uniform(0.03, 0.12),
                            random.uniform(-0.15, 0.2)});
  }
  draw_handle(canvas, random, cut, handle, fabric);
  const Mask body = canvas.fill(body_outline(cut));
  canvas.paint(body, fabric, {0.05, 0.4, 0.25});
  if (chance(random, 0.4)) {
    add_flap(canvas, random, cut, fabric, body);
  } else {
    add_front(canvas, random, cut, fabric, body);
  }
  const Path base = Path({0.0, cut.bottom - 0.05}).line({1.0, cut.bottom - 0.05});
  if (chance(random, 0.3)) canvas.shade(canvas.stroke(base, 0.02).within(body), 0.65);
}

}  // namespace thimble::garments
