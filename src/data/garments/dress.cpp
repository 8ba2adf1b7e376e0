// Dresses: a narrow top that goes on to the hem of a skirt.

#include <algorithm>

#include "data/garments/details.hpp"
#include "data/garments/shapes.hpp"
#include "data/garments/top.hpp"

namespace thimble::garments {
namespace {

TopCut dress_cut(Random& random) {
  TopCut cut;
  cut.top = random.uniform(0.02, 0.05);
  cut.hem_y = random.uniform(0.94, 0.98);
  cut.shoulder = random.uniform(0.13, 0.2);
  cut.shoulder_drop = random.uniform(0.02, 0.05);
  cut.chest = cut.shoulder * random.uniform(0.82, 1.0);
  cut.armpit = random.uniform(0.18, 0.24);
  cut.waist = cut.chest * random.uniform(0.72, 1.0);
  cut.waist_y = random.uniform(0.34, 0.46);
  cut.hem = chance(random, 0.35) ? cut.waist * random.uniform(0.9, 1.25)
                                 : cut.waist * random.uniform(1.25, 2.3);
  cut.hem = std::min(cut.hem, 0.32);
  cut.hem_curve = random.uniform(0.0, 0.025);
  cut.neck = cut.shoulder * random.uniform(0.45, 0.65);
  cut.v_neck = chance(random, 0.3);
  cut.neck_drop = random.uniform(0.04, 0.12);
  const double sleeves = random.uniform();
  if (sleeves < 0.42) {  // straps
    cut.neck = cut.shoulder * random.uniform(0.7, 0.85);
    cut.neck_drop = random.uniform(0.08, 0.15);
    cut.shoulder_drop = 0.01;
  } else if (sleeves < 0.7) {
    cut.sleeve = random.uniform(0.1, 0.22);
    cut.sleeve_angle = random.uniform(0.2, 0.6);
    cut.sleeve_width = random.uniform(0.08, 0.12);
  } else {
    cut.sleeve = random.uniform(0.3, 0.62);
    cut.sleeve_angle = random.uniform(0.1, 0.25);
    cut.sleeve_width = random.uniform(0.06, 0.09);
  }
  return cut;
}

void add_pleats(Random& random, const TopCut& cut, Fabric& fabric) {
  const int pleats = static_cast<int>(random.below(7));
  const double depth = random.uniform(0.08, 0.35);
  for (int i = 0; i < pleats; ++i) {
    const double share = 2.0 * (i + random.uniform(0.3, 0.7)) / pleats - 1.0;
    fabric.folds.push_back({{kAxis + share * cut.waist * 0.8, cut.waist_y + 0.08},
                            {kAxis + share * cut.hem, cut.hem_y + 0.02},
                            0.25 * cut.hem * random.uniform(0.4, 0.9),
                            depth * random.uniform(-0.6, 1.0)});
  }
}

}  // namespace

void draw_dress(Canvas& canvas, Random& random) {
  const TopCut cut = dress_cut(random);
  Fabric fabric = random_fabric(random, {0.42, 0.22, 0.04});
  add_pleats(random, cut, fabric);
  const Top top = lay_top(canvas, cut, fabric, fabric);
  const Path waist = Path({kAxis - 0.3, cut.waist_y}).line({kAxis + 0.3, cut.waist_y});
  const double middle = random.uniform();
  if (middle < 0.3) {
    add_belt(canvas, random, top, cut.waist_y, random.uniform(0.025, 0.05));
  } else if (middle < 0.7) {
    canvas.shade(canvas.stroke(waist, 0.015).within(top.body), 0.7);
  }
  add_neck_band(canvas, top, random.uniform(0.01, 0.025), random.uniform(0.8, 1.15));
  add_cuffs(canvas, top, 0.025, 0.95);
  add_hem_band(canvas, top, chance(random, 0.3) ? random.uniform(0.03, 0.1) : 0.02,
               random.uniform(0.7, 1.1));
  if (chance(random, 0.1)) {
    add_button_front(canvas, random, top, random.uniform(0.4, 0.9), 6, random.uniform(0.3, 0.8));
  }
}

}  // namespace thimble::garments
