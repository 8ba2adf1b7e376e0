// Trousers, from skinny jeans to wide legs and shorts.

#include "data/garments/shapes.hpp"
#include "data/garments/top.hpp"

namespace thimble::garments {
namespace {

/// Half widths and heights of the right half, in garment units.
struct TrouserCut {
  double top = 0.03;
  double waist = 0.14;
  double hip = 0.17;
  double crotch = 0.36;
  double knee = 0.1;     ///< width of one leg
  double ankle = 0.08;   ///< width of one leg
  double spread = 0.05;  ///< x of the leg's inner edge at the ankle
  double hem_y = 0.97;
};

TrouserCut trouser_cut(Random& random) {
  TrouserCut cut;
  cut.top = random.uniform(0.02, 0.05);
  cut.waist = random.uniform(0.115, 0.165);
  cut.hip = cut.waist * random.uniform(1.08, 1.3);
  cut.crotch = random.uniform(0.3, 0.4);
  cut.hem_y = random.uniform(0.94, 0.98);
  const double thigh = cut.hip;
  cut.knee = thigh * random.uniform(0.62, 0.92);
  cut.ankle = cut.knee * random.uniform(0.55, 1.15);
  cut.spread = random.uniform(0.01, 0.09);
  if (chance(random, 0.08)) {  // shorts
    cut.hem_y = random.uniform(0.8, 0.9);
    cut.waist *= 1.5;
    cut.hip *= 1.5;
    cut.crotch = random.uniform(0.42, 0.52);
    cut.knee = cut.hip * random.uniform(0.85, 1.0);
    cut.ankle = cut.knee * random.uniform(0.95, 1.1);
  }
  return cut;
}

Path leg_outline(const TrouserCut& cut) {
  const double knee_y = lerp({0, cut.crotch}, {0, cut.hem_y}, 0.5).y;
  const double inner_knee = 0.5 * cut.spread;
  const Point outer_knee{kAxis + inner_knee + cut.knee, knee_y};
  return Path({kAxis - 0.01, cut.top + 0.01})
      .line({kAxis + cut.waist, cut.top})
      .curve({kAxis + cut.hip, 0.5 * (cut.top + cut.crotch)}, {kAxis + cut.hip, cut.crotch})
      .curve({kAxis + cut.hip, 0.5 * (cut.crotch + knee_y)}, outer_knee)
      .line({kAxis + cut.spread + cut.ankle, cut.hem_y})
      .line({kAxis + cut.spread, cut.hem_y + 0.005})
      .line({kAxis + inner_knee, knee_y})
      .curve({kAxis, cut.crotch + 0.08}, {kAxis, cut.crotch})
      .line({kAxis - 0.01, cut.crotch});
}

void add_waist(Canvas& canvas, Random& random, const TrouserCut& cut, const Fabric& fabric,
               const Mask& legs) {
  const double width = random.uniform(0.025, 0.05);
  const Path band = Path({kAxis - cut.waist - 0.02, cut.top + width})
                        .line({kAxis + cut.waist + 0.02, cut.top + width});
  canvas.shade(canvas.stroke(band, 0.014).within(legs), 0.65);
  if (chance(random, 0.3)) {  // drawstring
    const Ink cord = contrasting_ink(random, fabric.base);
    for (const double side : {-0.02, 0.02}) {
      canvas.paint(canvas.stroke(Path({kAxis + side, cut.top + 0.5 * width})
                                     .line({kAxis + 1.4 * side, cut.top + 0.13}),
                                 0.012),
                   cord);
    }
    return;
  }
  const Path button = Path::ellipse({kAxis, cut.top + 0.5 * width}, 0.012, 0.012);
  canvas.paint(canvas.fill(button), contrasting_ink(random, fabric.base));
  const Path fly = Path({kAxis + 0.03, cut.top + width})
                       .line({kAxis + 0.03, cut.crotch - 0.1})
                       .curve({kAxis + 0.025, cut.crotch - 0.05}, {kAxis, cut.crotch - 0.03});
  canvas.shade(canvas.stroke(fly, 0.012), 0.72);
}

}  // namespace

void draw_trouser(Canvas& canvas, Random& random) {
  const TrouserCut cut = trouser_cut(random);
  Fabric fabric = random_fabric(random, {0.14, 0.3, 0.05});
  const double crease = random.uniform(-0.35, 0.2);  // below 0: worn or ironed to a light line
  const double crumple = random.uniform(0.0, 0.16);
  for (const double side : {-1.0, 1.0}) {
    const double middle = cut.spread + 0.5 * cut.ankle;
    fabric.folds.push_back({{kAxis + side * 0.55 * cut.hip, 0.2},
                            {kAxis + side * middle, cut.hem_y},
                            0.4 * cut.knee,
                            crease});
    fabric.folds.push_back({{kAxis, cut.crotch - 0.01},
                            {kAxis + side * cut.hip, cut.crotch - random.uniform(0.03, 0.16)},
                            0.03,
                            crumple});
    const double knee_y = random.uniform(0.58, 0.7);
    fabric.folds.push_back({{kAxis + side * 0.3 * cut.hip, knee_y},
                            {kAxis + side * cut.hip, knee_y - random.uniform(-0.06, 0.06)},
                            0.025,
                            crumple});
  }
  const Path leg = leg_outline(cut);
  const Relief relief{0.045, 0.5, 0.25};
  const Mask left = canvas.fill(leg.mirrored(kAxis));
  const Mask right = canvas.fill(leg);
  canvas.paint(left, fabric, relief);
  canvas.paint(right, fabric, relief);
  canvas.shade(canvas.stroke(Path({kAxis, cut.top}).line({kAxis, cut.crotch}), 0.012), 0.7);
  add_waist(canvas, random, cut, fabric, canvas.fill(leg.symmetric(kAxis)));
  const bool pockets = chance(random, 0.7);
  const double cuff = chance(random, 0.25) ? random.uniform(0.02, 0.06) : 0.012;
  for (const bool mirror : {false, true}) {
    const Mask& mask = mirror ? left : right;
    const auto side = [&](const Path& path) { return mirror ? path.mirrored(kAxis) : path; };
    if (pockets) {
      const Path pocket =
          Path({kAxis + 0.6 * cut.waist, cut.top + 0.04})
              .curve({kAxis + 0.65 * cut.waist, cut.top + 0.12}, {kAxis + cut.hip, cut.top + 0.14});
      canvas.shade(canvas.stroke(side(pocket), 0.014).within(mask), 0.65);
    }
    const Path hem = Path({kAxis - 0.02, cut.hem_y - cuff}).line({kAxis + 0.4, cut.hem_y - cuff});
    canvas.shade(canvas.stroke(side(hem), 0.012).within(mask), 0.75);
  }
}

}  // namespace thimble::garments
