// T-shirt, pullover, coat and shirt: the four that are easily mistaken for one another, as on real
// product pictures, because cuts, sleeves and closures overlap.

#include <algorithm>

#include "data/garments/details.hpp"
#include "data/garments/shapes.hpp"
#include "data/garments/top.hpp"

namespace thimble::garments {
namespace {

void draw_widths(Random& random, double low, double high, TopCut& cut) {
  cut.shoulder = random.uniform(low, high);
  cut.chest = cut.shoulder * random.uniform(0.88, 1.0);
  cut.waist = cut.chest * random.uniform(0.86, 1.02);
  cut.hem = cut.waist * random.uniform(0.97, 1.1);
  cut.shoulder_drop = random.uniform(0.04, 0.085);
  cut.neck = cut.shoulder * random.uniform(0.34, 0.5);
  cut.armpit = random.uniform(0.26, 0.34);
  cut.waist_y = random.uniform(0.5, 0.68);
}

void draw_long_sleeves(Random& random, TopCut& cut) {
  cut.sleeve_angle = random.uniform(0.07, 0.2);
  const double reach = cut.hem_y - cut.top - cut.shoulder_drop;
  cut.sleeve = std::min(reach, 0.86) * random.uniform(0.92, 1.03);
  cut.sleeve_width = random.uniform(0.085, 0.125);
}

void draw_short_sleeves(Random& random, TopCut& cut) {
  cut.sleeve_angle = random.uniform(0.3, 0.75);
  cut.sleeve = random.uniform(0.16, 0.32);
  cut.sleeve_width = random.uniform(0.12, 0.165);
}

}  // namespace

void draw_tshirt(Canvas& canvas, Random& random) {
  TopCut cut;
  draw_widths(random, 0.23, 0.31, cut);
  cut.hem_y = random.uniform(0.9, 0.97);
  cut.hem_curve = random.uniform(0.0, 0.03);
  cut.v_neck = chance(random, 0.25);
  cut.neck_drop = cut.v_neck ? random.uniform(0.1, 0.2) : random.uniform(0.05, 0.13);
  const double sleeves = random.uniform();
  if (sleeves < 0.08) {
    draw_long_sleeves(random, cut);
  } else if (sleeves < 0.93) {
    draw_short_sleeves(random, cut);
  }
  Fabric fabric = random_fabric(random, {0.3, 0.2, 0.03});
  add_top_folds(random, cut, 0.16, fabric);
  Fabric sleeve = fabric;
  if (chance(random, 0.12)) sleeve = fabric.plain(1.0), sleeve.base = fabric.second;
  const Top top = lay_top(canvas, cut, fabric, sleeve);
  add_hem_band(canvas, top, 0.03, 0.97);
  add_cuffs(canvas, top, 0.03, 0.97);
  if (chance(random, 0.1)) {
    add_collar(canvas, top, random.uniform(0.06, 0.09), 1.05);
    add_button_front(canvas, random, top, cut.top + random.uniform(0.22, 0.32), 3, 0.8);
  } else {
    add_neck_band(canvas, top, random.uniform(0.015, 0.035), random.uniform(0.75, 1.15));
  }
  if (chance(random, fabric.pattern == Pattern::kPlain ? 0.45 : 0.1)) {
    add_print(canvas, random, top);
  } else if (chance(random, 0.1)) {
    add_patch_pocket(canvas, top, {kAxis + 0.04, cut.armpit + 0.04}, 0.11, 0.12);
  }
}

void draw_pullover(Canvas& canvas, Random& random) {
  TopCut cut;
  draw_widths(random, 0.23, 0.29, cut);
  const bool hood = chance(random, 0.18);
  const bool turtleneck = !hood && chance(random, 0.14);
  cut.top = hood ? 0.16 : turtleneck ? 0.1 : 0.05;
  cut.hem_y = random.uniform(0.88, 0.96);
  cut.v_neck = chance(random, 0.22);
  cut.neck_drop = cut.v_neck ? random.uniform(0.1, 0.18) : random.uniform(0.04, 0.1);
  draw_long_sleeves(random, cut);
  cut.sleeve_width += random.uniform(0.0, 0.02);
  Fabric fabric = random_fabric(random, {0.35, 0.2, 0.07});
  add_top_folds(random, cut, 0.2, fabric);
  Fabric sleeve = fabric;
  if (chance(random, 0.15)) sleeve = fabric.plain(1.0), sleeve.base = fabric.second;
  const Top top = lay_top(canvas, cut, fabric, sleeve);
  const double rib = chance(random, 0.75) ? random.uniform(0.04, 0.09) : 0.02;
  const double tone = random.uniform(0.75, 1.05);
  add_hem_band(canvas, top, rib, tone);
  add_cuffs(canvas, top, rib, tone);
  if (hood) {
    add_hood(canvas, random, top, random.uniform(0.1, 0.14));
  } else if (turtleneck) {
    add_stand_collar(canvas, top, random.uniform(0.05, 0.08), random.uniform(0.85, 1.05));
  } else {
    add_neck_band(canvas, top, random.uniform(0.025, 0.045), tone);
  }
  if (chance(random, 0.08)) {
    add_zip(canvas, random, top, random.uniform(0.3, 0.4), random.uniform(0.5, 1.0));
  } else if (chance(random, fabric.pattern == Pattern::kPlain ? 0.3 : 0.06)) {
    add_print(canvas, random, top);
  }
}

void draw_coat(Canvas& canvas, Random& random) {
  TopCut cut;
  draw_widths(random, 0.22, 0.28, cut);
  const bool hood = chance(random, 0.22);
  const double collar = random.uniform();
  cut.top = hood ? 0.16 : 0.06;
  cut.hem_y = random.uniform(0.92, 0.97);
  cut.hem = cut.waist * random.uniform(1.0, 1.2);
  cut.neck_drop = random.uniform(0.05, 0.11);
  draw_long_sleeves(random, cut);
  cut.sleeve = std::min(cut.sleeve, random.uniform(0.68, 0.84));
  cut.sleeve_width += random.uniform(0.0, 0.03);
  Fabric fabric = random_fabric(random, {0.18, 0.25, 0.06});
  add_top_folds(random, cut, 0.22, fabric);
  const Top top = lay_top(canvas, cut, fabric, fabric);
  const double strength = random.uniform(0.2, 1.0);
  if (chance(random, 0.45)) {
    add_zip(canvas, random, top, cut.hem_y + 0.01, strength);
  } else {
    const double shift = chance(random, 0.3) ? random.uniform(0.02, 0.05) : 0.0;
    const int buttons = 3 + static_cast<int>(random.below(4));
    const Path edge = Path({kAxis, cut.top + cut.neck_drop}).line({kAxis, cut.hem_y + 0.01});
    canvas.shade(canvas.stroke(edge, 0.03).within(top.body), 1.0 - 0.6 * strength);
    add_button_front(canvas, random, top, cut.hem_y, buttons, 0.6 * strength, shift);
  }
  if (chance(random, 0.7)) add_slit_pockets(canvas, top, random.uniform(0.55, 0.68), strength);
  if (chance(random, 0.25)) {
    add_patch_pocket(canvas, top, {kAxis - 0.16, cut.armpit + 0.04}, 0.11, 0.1);
  }
  if (chance(random, 0.12)) add_belt(canvas, random, top, cut.waist_y, 0.05);
  add_cuffs(canvas, top, chance(random, 0.5) ? random.uniform(0.03, 0.06) : 0.0, 0.9);
  if (hood) {
    add_hood(canvas, random, top, random.uniform(0.1, 0.14));
  } else if (collar < 0.3) {
    add_lapels(canvas, top, random.uniform(0.3, 0.5), random.uniform(0.06, 0.1),
               contrasting_ink(random, fabric.base));
  } else if (collar < 0.6) {
    add_stand_collar(canvas, top, random.uniform(0.03, 0.05), random.uniform(0.85, 1.05));
  } else if (collar < 0.9) {
    add_collar(canvas, top, random.uniform(0.07, 0.13), random.uniform(0.9, 1.1));
  }
}

void draw_shirt(Canvas& canvas, Random& random) {
  TopCut cut;
  draw_widths(random, 0.22, 0.29, cut);
  cut.top = 0.05;
  cut.hem_y = random.uniform(0.88, 0.95);
  cut.hem_curve = random.uniform(0.0, 0.06);
  cut.v_neck = chance(random, 0.4);
  cut.neck_drop = random.uniform(0.05, 0.13);
  const double sleeves = random.uniform();
  if (sleeves < 0.6) {
    draw_long_sleeves(random, cut);
  } else if (sleeves < 0.72) {
    draw_long_sleeves(random, cut);
    cut.sleeve *= random.uniform(0.55, 0.75);
    cut.sleeve_angle += 0.1;
    cut.sleeve_width += 0.03;
  } else if (sleeves < 0.94) {
    draw_short_sleeves(random, cut);
  }
  Fabric fabric = random_fabric(random, {0.36, 0.18, 0.03});
  if (fabric.pattern != Pattern::kPlain && chance(random, 0.2)) fabric.pattern = Pattern::kChecks;
  add_top_folds(random, cut, 0.18, fabric);
  const Top top = lay_top(canvas, cut, fabric, fabric);
  add_cuffs(canvas, top, chance(random, 0.7) ? random.uniform(0.04, 0.07) : 0.02, 0.93);
  if (chance(random, 0.85)) {
    const int buttons = 5 + static_cast<int>(random.below(3));
    add_button_front(canvas, random, top, cut.hem_y + 0.03, buttons, random.uniform(0.25, 0.9));
  }
  if (chance(random, 0.35)) {
    const double width = random.uniform(0.09, 0.12);
    add_patch_pocket(canvas, top, {kAxis + 0.06, cut.armpit + 0.03}, width, width);
    if (chance(random, 0.4)) {
      add_patch_pocket(canvas, top, {kAxis - 0.06 - width, cut.armpit + 0.03}, width, width);
    }
  }
  if (chance(random, 0.75)) {
    add_collar(canvas, top, random.uniform(0.05, 0.09), random.uniform(0.9, 1.12));
  } else {
    add_neck_band(canvas, top, random.uniform(0.015, 0.03), random.uniform(0.8, 1.1));
  }
}

}  // namespace thimble::garments
