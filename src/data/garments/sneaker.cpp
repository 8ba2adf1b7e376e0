// Sneakers from the side, toe to the left: low runners up to high-tops that come near to a boot.

#include "data/garments/shapes.hpp"

namespace thimble::garments {
namespace {

/// The side view, in garment units; the shoe stands on y = ground.
struct SneakerCut {
  double ground = 0.7;
  double height = 0.42;  ///< of the tongue above the ground
  double sole = 0.07;
  double toe = 0.13;        ///< height of the toe box above the sole
  double tongue = 0.52;     ///< x where the laces end
  double dip = 0.09;        ///< how far the opening sinks below the tongue
  double heel_drop = 0.04;  ///< how far the heel's edge lies below the tongue
};

SneakerCut sneaker_cut(Random& random) {
  SneakerCut cut;
  const bool high_top = chance(random, 0.16);
  cut.height = high_top ? random.uniform(0.5, 0.66) : random.uniform(0.29, 0.45);
  cut.ground = 0.5 + 0.5 * cut.height + random.uniform(-0.02, 0.06);
  cut.sole = random.uniform(0.045, 0.095);
  cut.toe = random.uniform(0.085, 0.14);
  cut.tongue = high_top ? random.uniform(0.5, 0.58) : random.uniform(0.44, 0.55);
  cut.dip = high_top ? random.uniform(0.02, 0.06) : random.uniform(0.12, 0.28) * cut.height;
  cut.heel_drop = random.uniform(0.0, 0.08);
  return cut;
}

// The line from the toe box to the tongue, along which the laces lie.
Path vamp(const SneakerCut& cut) {
  const double sole_top = cut.ground - cut.sole;
  return Path({0.24, sole_top - cut.toe})
      .curve({0.36, sole_top - cut.toe - 0.02}, {cut.tongue, cut.ground - cut.height});
}

Path upper_outline(const SneakerCut& cut) {
  const double sole_top = cut.ground - cut.sole;
  const double top = cut.ground - cut.height;
  Path outline({0.04, sole_top + 0.02});
  outline.curve({0.02, sole_top - 0.8 * cut.toe}, {0.12, sole_top - cut.toe},
                {0.24, sole_top - cut.toe});
  outline.append(vamp(cut));
  outline.line({cut.tongue + 0.08, top - 0.005})
      .curve({cut.tongue + 0.14, top + cut.dip}, {0.8, top + cut.dip + 0.02},
             {0.9, top + cut.heel_drop})
      .curve({0.95, top + cut.heel_drop + 0.02}, {0.92, lerp({0, top}, {0, sole_top}, 0.6).y},
             {0.96, sole_top + 0.02});
  return outline;
}

void add_sole(Canvas& canvas, Random& random, const SneakerCut& cut, const Fabric& upper) {
  const double sole_top = cut.ground - cut.sole;
  const double spring = random.uniform(0.0, 0.04);
  const Path outline =
      Path({0.02, sole_top - 0.6 * spring})
          .line({0.3, sole_top + 0.01})
          .line({0.97, sole_top - 0.01})
          .curve({0.99, sole_top + 0.5 * cut.sole}, {0.96, cut.ground})
          .line({0.15, cut.ground})
          .curve({0.03, cut.ground - 0.3 * spring}, {0.02, sole_top - 0.6 * spring});
  Fabric rubber = upper.plain(1.0);
  rubber.grain = 0.02;
  rubber.base.tone = static_cast<float>(chance(random, 0.65) ? random.uniform(0.75, 1.0)
                                                             : random.uniform(0.2, 0.5));
  rubber.base.tint = {1.0f, 1.0f, 1.0f};
  canvas.paint(canvas.fill(outline), rubber, {0.025, 0.25, 0.2});
  if (chance(random, 0.6)) {
    const double y = cut.ground - random.uniform(0.25, 0.6) * cut.sole;
    canvas.shade(canvas.stroke(Path({0.05, y}).line({0.95, y}), 0.014), 0.55);
  }
  canvas.shade(canvas.stroke(Path({0.03, sole_top}).line({0.96, sole_top}), 0.014), 0.6);
}

void add_laces(Canvas& canvas, Random& random, const SneakerCut& cut, const Fabric& fabric,
               const Mask& upper) {
  const Path line = vamp(cut);
  const Ink lace = chance(random, 0.5) ? contrasting_ink(random, fabric.base) : Ink{0.95f, {}};
  const int rows = 3 + static_cast<int>(random.below(4));
  canvas.shade(canvas.stroke(line, 0.09).within(upper), 0.78);
  for (int i = 0; i < rows; ++i) {
    const Point start = line.at(0.15 + 0.8 * (i + 0.5) / rows);
    const Path row = Path(start).line(start + Point{0.055, 0.045});
    canvas.paint(canvas.stroke(row, 0.02), Ink{lace.tone, {1.0f, 1.0f, 1.0f}});
  }
}

void add_side(Canvas& canvas, Random& random, const SneakerCut& cut, const Fabric& fabric,
              const Mask& upper) {
  const double sole_top = cut.ground - cut.sole;
  const double top = cut.ground - cut.height;
  const Ink ink = contrasting_ink(random, fabric.base);
  const double kind = random.uniform();
  if (kind < 0.3) {  // slanted stripes
    const int stripes = 2 + static_cast<int>(random.below(3));
    for (int i = 0; i < stripes; ++i) {
      const double x = 0.45 + 0.075 * i;
      const Path stripe = Path({x + 0.08, top + 0.14}).line({x, sole_top});
      canvas.paint(canvas.stroke(stripe, 0.03).within(upper), ink);
    }
  } else if (kind < 0.55) {  // a swung mark
    const double y = lerp({0, top}, {0, sole_top}, 0.62).y;
    const Path mark =
        Path({0.36, y + 0.02}).curve({0.42, y + 0.11}, {0.55, y + 0.05}, {0.86, y - 0.06});
    canvas.paint(canvas.stroke(mark, random.uniform(0.02, 0.045)).within(upper), ink);
  } else if (kind < 0.75) {  // panel
    const Path panel = Path({0.4, sole_top})
                           .curve({0.5, top + 0.15}, {cut.tongue + 0.1, top + 0.08})
                           .line({0.75, top + 0.15})
                           .curve({0.7, sole_top - 0.05}, {0.72, sole_top});
    canvas.paint(canvas.fill(panel).within(upper), ink, 0.7);
  }
  if (chance(random, 0.6)) {  // toe cap
    const Path cap = Path({0.22, sole_top - cut.toe - 0.02})
                         .curve({0.16, sole_top - 0.4 * cut.toe}, {0.24, sole_top + 0.01});
    canvas.shade(canvas.stroke(cap, 0.016).within(upper), 0.6);
  }
  if (chance(random, 0.6)) {  // heel tab
    const Path tab = Path({0.83, top - 0.03})
                         .curve({0.84, sole_top - 0.1}, {0.8, sole_top})
                         .line({1.0, sole_top})
                         .line({1.0, top - 0.03});
    canvas.paint(canvas.fill(tab).within(upper),
                 chance(random, 0.5) ? ink : fabric.base.scaled(0.7), 0.8);
  }
}

}  // namespace

void draw_sneaker(Canvas& canvas, Random& random) {
  const SneakerCut cut = sneaker_cut(random);
  Fabric fabric = random_fabric(random, {0.1, 0.3, 0.05});
  const double top = cut.ground - cut.height;
  fabric.folds.push_back({{0.3, cut.ground - cut.sole - cut.toe},
                          {0.38, cut.ground - cut.sole},
                          0.04,
                          random.uniform(0.0, 0.25)});
  const Path opening = Path({cut.tongue + 0.07, top})
                           .curve({0.78, top + 0.2 * cut.dip}, {0.89, top + cut.heel_drop})
                           .line({0.75, top + cut.dip + 0.06});
  canvas.paint(canvas.fill(opening), fabric.base.scaled(0.35));
  const Mask upper = canvas.fill(upper_outline(cut));
  canvas.paint(upper, fabric, {0.05, 0.35, 0.22});
  add_side(canvas, random, cut, fabric, upper);
  if (chance(random, 0.85)) add_laces(canvas, random, cut, fabric, upper);
  add_sole(canvas, random, cut, fabric);
}

}  // namespace thimble::garments
