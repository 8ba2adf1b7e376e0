#include "data/garments/top.hpp"

#include <cmath>

namespace thimble::garments {
namespace {

Path body_outline(const TopCut& cut) {
  Path right({kAxis, cut.top + cut.neck_drop});
  const Point neck{kAxis + cut.neck, cut.top};
  if (cut.v_neck) {
    right.line(neck);
  } else {
    right.curve({kAxis + 0.7 * cut.neck, cut.top + cut.neck_drop},
                {kAxis + cut.neck, cut.top + 0.6 * cut.neck_drop}, neck);
  }
  const Point shoulder{kAxis + cut.shoulder, cut.top + cut.shoulder_drop};
  const Point armpit{kAxis + cut.chest, cut.armpit};
  const Point waist{kAxis + cut.waist, cut.waist_y};
  const Point hem{kAxis + cut.hem, cut.hem_y};
  right.line(shoulder)
      .curve({kAxis + 0.97 * std::min(cut.shoulder, cut.chest), lerp(shoulder, armpit, 0.6).y},
             armpit)
      .curve({armpit.x, lerp(armpit, waist, 0.5).y}, {waist.x, lerp(armpit, waist, 0.6).y}, waist)
      .curve({waist.x, lerp(waist, hem, 0.3).y}, lerp(waist, hem, 0.7), hem)
      .curve({kAxis + 0.5 * cut.hem, cut.hem_y + cut.hem_curve},
             {kAxis, cut.hem_y + cut.hem_curve});
  return right.symmetric(kAxis);
}

struct SleeveCorners {
  Point shoulder;
  Point cuff_outer;
  Point cuff_inner;
  Point armpit;
};

// The right sleeve.
SleeveCorners sleeve_corners(const TopCut& cut) {
  const Point along{std::sin(cut.sleeve_angle), std::cos(cut.sleeve_angle)};
  const Point inwards{-along.y, along.x};
  SleeveCorners corners;
  corners.shoulder = {kAxis + cut.shoulder, cut.top + cut.shoulder_drop};
  corners.cuff_outer = corners.shoulder + cut.sleeve * along;
  corners.cuff_inner = corners.cuff_outer + cut.sleeve_width * inwards;
  corners.armpit = {kAxis + cut.chest, cut.armpit};
  return corners;
}

Path sleeve_outline(const TopCut& cut) {
  const SleeveCorners c = sleeve_corners(cut);
  const Point bulge{0.12 * cut.sleeve * std::cos(cut.sleeve_angle), 0.0};
  return Path({kAxis + 0.6 * cut.shoulder, cut.top + 0.6 * cut.shoulder_drop + 0.01})
      .line(c.shoulder)
      .curve(lerp(c.shoulder, c.cuff_outer, 0.3) + bulge, c.cuff_outer)
      .line(c.cuff_inner)
      .curve(lerp(c.cuff_inner, c.armpit, 0.6) + 0.3 * bulge, c.armpit)
      .line({kAxis + 0.6 * cut.chest, cut.armpit});
}

}  // namespace

Path neckline(const TopCut& cut, double lowered) {
  const double bottom = cut.top + cut.neck_drop + lowered;
  Path line({kAxis - cut.neck, cut.top + lowered});
  if (cut.v_neck) return line.line({kAxis, bottom}).line({kAxis + cut.neck, cut.top + lowered});
  return line
      .curve({kAxis - cut.neck, cut.top + 0.6 * cut.neck_drop + lowered},
             {kAxis - 0.7 * cut.neck, bottom}, {kAxis, bottom})
      .curve({kAxis + 0.7 * cut.neck, bottom},
             {kAxis + cut.neck, cut.top + 0.6 * cut.neck_drop + lowered},
             {kAxis + cut.neck, cut.top + lowered});
}

Top lay_top(Canvas& canvas, const TopCut& cut, const Fabric& fabric, const Fabric& sleeves) {
  Top top;
  top.cut = cut;
  top.fabric = fabric;
  // The inside of the back, seen through the neckline.
  Path inside = neckline(cut);
  inside.curve({kAxis, cut.top + 0.35 * cut.neck_drop}, {kAxis - cut.neck, cut.top});
  canvas.paint(canvas.fill(inside), fabric.base.scaled(0.45));
  const Relief relief{0.05, 0.42, 0.22};
  if (cut.sleeve > 0.0) {
    const Path right = sleeve_outline(cut);
    top.right_sleeve = canvas.fill(right);
    top.left_sleeve = canvas.fill(right.mirrored(kAxis));
    canvas.paint(top.right_sleeve, sleeves, relief);
    canvas.paint(top.left_sleeve, sleeves, relief);
  }
  top.body = canvas.fill(body_outline(cut));
  canvas.paint(top.body, fabric, relief);
  if (cut.sleeve > 0.0) {
    const Point shoulder{kAxis + cut.shoulder, cut.top + cut.shoulder_drop};
    const Path seam =
        Path(shoulder).curve({kAxis + 0.96 * cut.chest, 0.5 * (shoulder.y + cut.armpit)},
                             {kAxis + cut.chest, cut.armpit});
    canvas.shade(canvas.stroke(seam, 0.018), 0.75);
    canvas.shade(canvas.stroke(seam.mirrored(kAxis), 0.018), 0.75);
  }
  return top;
}

void add_neck_band(Canvas& canvas, const Top& top, double width, double tone) {
  if (width <= 0.0) return;
  canvas.paint(canvas.stroke(neckline(top.cut, 0.4 * width), width).within(top.body),
               top.fabric.base.scaled(tone));
  canvas.shade(canvas.stroke(neckline(top.cut, 0.9 * width), 0.012).within(top.body), 0.75);
}

void add_hem_band(Canvas& canvas, const Top& top, double width, double tone) {
  if (width <= 0.0) return;
  const TopCut& cut = top.cut;
  const auto line_at = [&](double up) {
    return Path({kAxis - 1.2 * cut.hem, cut.hem_y - up})
        .curve({kAxis, cut.hem_y + cut.hem_curve - up}, {kAxis + 1.2 * cut.hem, cut.hem_y - up});
  };
  canvas.shade(canvas.stroke(line_at(0.4 * width), width).within(top.body), tone);
  canvas.shade(canvas.stroke(line_at(width), 0.014).within(top.body), 0.72);
}

void add_cuffs(Canvas& canvas, const Top& top, double width, double tone) {
  if (width <= 0.0 || top.cut.sleeve <= 0.0) return;
  const SleeveCorners c = sleeve_corners(top.cut);
  const double share = width / top.cut.sleeve;
  const auto line_at = [&](double up) {
    return Path(lerp(c.cuff_outer, c.shoulder, up)).line(lerp(c.cuff_inner, c.armpit, up));
  };
  for (const bool left : {false, true}) {
    const Mask& sleeve = left ? top.left_sleeve : top.right_sleeve;
    const auto side = [&](const Path& line) { return left ? line.mirrored(kAxis) : line; };
    canvas.shade(canvas.stroke(side(line_at(0.4 * share)), width).within(sleeve), tone);
    canvas.shade(canvas.stroke(side(line_at(share)), 0.014).within(sleeve), 0.72);
  }
}

void add_top_folds(Random& random, const TopCut& cut, double depth, Fabric& fabric) {
  for (const double side : {-1.0, 1.0}) {
    const Point armpit{kAxis + side * cut.chest, cut.armpit};
    const double reach = random.uniform(0.08, 0.2);
    fabric.folds.push_back({armpit, armpit + Point{-side * reach, random.uniform(0.05, 0.2)},
                            random.uniform(0.02, 0.05), depth * random.uniform(0.4, 1.2)});
    const double x = kAxis + side * cut.hem * random.uniform(0.15, 0.8);
    fabric.folds.push_back({{x, cut.hem_y},
                            {x + random.uniform(-0.04, 0.04), random.uniform(0.5, 0.8)},
                            random.uniform(0.02, 0.06),
                            depth * random.uniform(-0.8, 1.0)});
  }
}

}  // namespace thimble::garments
