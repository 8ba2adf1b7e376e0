// Ankle boots from the side, toe to the left: flat and heeled, laced, zipped and elastic.

#include "data/garments/shapes.hpp"

namespace thimble::garments {
namespace {

/// The side view, in garment units; the boot stands on y = ground.
struct BootCut {
  double ground = 0.95;
  double top = 0.15;   ///< y of the shaft's edge in front
  double slant = 0.0;  ///< how much lower the edge is at the back
  double sole = 0.04;
  double heel = 0.07;   ///< height under the heel's sole
  double toe = 0.14;    ///< height of the toe box
  double front = 0.46;  ///< x of the shaft's front
  double back = 0.93;   ///< x of the shaft's back
  double heel_width = 0.22;
};

BootCut boot_cut(Random& random) {
  BootCut cut;
  const bool heeled = chance(random, 0.35);
  const double height = random.uniform(0.56, 0.92);
  cut.ground = 0.5 + 0.5 * height;
  cut.top = cut.ground - height;
  cut.slant = random.uniform(-0.02, 0.07);
  cut.sole = random.uniform(0.02, 0.06);
  cut.heel = heeled ? random.uniform(0.1, 0.22) : random.uniform(0.02, 0.08);
  cut.toe = random.uniform(0.1, 0.17);
  cut.front = random.uniform(0.38, 0.54);
  cut.back = random.uniform(0.88, 0.96);
  cut.heel_width = heeled ? random.uniform(0.06, 0.2) : random.uniform(0.2, 0.32);
  return cut;
}

// Under the foot, from toe to heel.
Path sole_line(const BootCut& cut) {
  return Path({0.04, cut.ground - cut.sole})
      .line({0.32, cut.ground - cut.sole})
      .curve({0.5, cut.ground - cut.sole}, {0.6, cut.ground - cut.sole - cut.heel},
             {0.94, cut.ground - cut.sole - cut.heel});
}

// From the toe box up the instep to the top of the shaft.
Path instep(const BootCut& cut) {
  const double toe_top = cut.ground - cut.sole - cut.toe;
  const double ankle = lerp({0, cut.top}, {0, toe_top}, 0.65).y;
  return Path({0.2, toe_top})
      .curve({0.33, toe_top - 0.02}, {cut.front - 0.03, ankle + 0.05}, {cut.front, ankle - 0.06})
      .line({cut.front + 0.01, cut.top});
}

Path upper_outline(const BootCut& cut) {
  const double toe_top = cut.ground - cut.sole - cut.toe;
  Path outline({0.04, cut.ground - cut.sole});
  outline.curve({0.01, toe_top + 0.03}, {0.1, toe_top}, {0.2, toe_top});
  outline.append(instep(cut));
  const double heel_y = cut.ground - cut.sole - cut.heel;
  outline.line({cut.back, cut.top + cut.slant})
      .curve({cut.back - 0.03, lerp({0, cut.top}, {0, heel_y}, 0.6).y}, {0.97, heel_y - 0.15},
             {0.95, heel_y});
  const Path sole = sole_line(cut);
  for (std::size_t i = sole.points().size(); i > 0; --i) outline.line(sole.points()[i - 1]);
  return outline;
}

void add_sole(Canvas& canvas, Random& random, const BootCut& cut, const Fabric& fabric) {
  Fabric rubber = fabric.plain(1.0);
  rubber.base.tone =
      static_cast<float>(chance(random, 0.7) ? fabric.base.tone * random.uniform(0.35, 0.8)
                                             : random.uniform(0.6, 0.95));
  const double heel_y = cut.ground - cut.heel - 0.5 * cut.sole;
  const double taper = random.uniform(0.0, 0.04);
  const Path heel = Path({0.955, heel_y})
                        .line({0.95 - taper, cut.ground})
                        .line({0.95 - cut.heel_width + 0.5 * taper, cut.ground})
                        .line({0.94 - cut.heel_width - 0.03, heel_y});
  canvas.paint(canvas.fill(heel), rubber, {0.03, 0.3, 0.2});
  const Path line = sole_line(cut);
  canvas.paint(canvas.stroke(line.shifted({0.0, 0.5 * cut.sole}), cut.sole), rubber,
               {0.02, 0.2, 0.2});
  canvas.shade(canvas.stroke(line, 0.014), 0.6);
}

void add_laces(Canvas& canvas, Random& random, const BootCut& cut, const Fabric& fabric,
               const Mask& upper) {
  const Path line = instep(cut);
  const Ink lace = contrasting_ink(random, fabric.base);
  const int rows = 4 + static_cast<int>(random.below(4));
  canvas.shade(canvas.stroke(line, 0.1).within(upper), 0.75);
  for (int i = 0; i < rows; ++i) {
    const Point start = line.at(0.25 + 0.7 * (i + 0.5) / rows);
    canvas.paint(canvas.stroke(Path(start).line(start + Point{0.07, 0.03}), 0.02), lace);
  }
}

void add_shaft(Canvas& canvas, Random& random, const BootCut& cut, const Fabric& fabric,
               const Mask& upper) {
  const double heel_y = cut.ground - cut.sole - cut.heel;
  const double ankle = lerp({0, cut.top}, {0, heel_y}, 0.65).y;
  const double middle = 0.5 * (cut.front + cut.back);
  const double kind = random.uniform();
  if (kind < 0.35) {
    add_laces(canvas, random, cut, fabric, upper);
  } else if (kind < 0.6) {  // elastic
    const Path elastic = Path({middle - 0.1, cut.top})
                             .line({middle + 0.12, cut.top})
                             .curve({middle + 0.03, ankle - 0.1}, {middle + 0.04, ankle})
                             .line({middle - 0.02, ankle})
                             .curve({middle, ankle - 0.1}, {middle - 0.1, cut.top});
    canvas.shade(canvas.fill(elastic).within(upper), random.uniform(0.45, 0.75));
  } else if (kind < 0.8) {  // zip
    const Path zip = Path({middle, cut.top + 0.02})
                         .curve({middle + 0.02, ankle}, {middle + 0.05, heel_y - 0.04});
    canvas.shade(canvas.stroke(zip, 0.03).within(upper), 0.55);
    canvas.paint(canvas.stroke(zip, 0.01), Ink{0.85f, {1.0f, 1.0f, 1.0f}}, 0.7);
  }
  if (chance(random, 0.25)) {  // strap with buckle
    const double y = ankle - random.uniform(0.0, 0.1);
    const Path strap = Path({cut.front - 0.08, y + 0.04}).line({0.98, y});
    canvas.shade(canvas.stroke(strap, 0.06).within(upper), 0.6);
    const Point clasp{middle - 0.05, y + 0.02};
    canvas.paint(
        canvas.fill(Path::rectangle(clasp - Point{0.025, 0.03}, clasp + Point{0.025, 0.03})),
        Ink{0.9f, {1.05f, 1.0f, 0.8f}});
  }
  if (chance(random, 0.5)) {  // toe cap or vamp seam
    const double x = random.uniform(0.2, 0.34);
    const Path seam = Path({x, cut.ground - cut.sole - cut.toe - 0.08})
                          .curve({x - 0.03, cut.ground - 0.1}, {x + 0.05, cut.ground - cut.sole});
    canvas.shade(canvas.stroke(seam, 0.016).within(upper), 0.65);
  }
  if (chance(random, 0.5)) {  // heel counter
    const Path counter =
        Path({cut.back - 0.02, ankle - 0.05}).curve({0.75, ankle}, {0.72, heel_y + 0.01});
    canvas.shade(canvas.stroke(counter, 0.016).within(upper), 0.65);
  }
  if (chance(random, 0.4)) {  // padded or turned edge
    const Path edge = Path({cut.front - 0.03, cut.top + 0.06})
                          .line({cut.back + 0.03, cut.top + cut.slant + 0.06});
    canvas.shade(canvas.stroke(edge, 0.016).within(upper), 0.6);
  }
}

}  // namespace

void draw_ankle_boot(Canvas& canvas, Random& random) {
  const BootCut cut = boot_cut(random);
  Fabric fabric = random_fabric(random, {0.06, 0.28, 0.06});
  const double ankle = lerp({0, cut.top}, {0, cut.ground}, 0.6).y;
  for (int i = 0; i < 3; ++i) {
    const double y = ankle + random.uniform(-0.1, 0.12);
    fabric.folds.push_back({{cut.front - 0.06, y},
                            {cut.front + random.uniform(0.1, 0.3), y + random.uniform(-0.06, 0.06)},
                            random.uniform(0.02, 0.05),
                            random.uniform(-0.1, 0.3)});
  }
  const Path opening = Path({cut.front + 0.015, cut.top})
                           .curve({0.5 * (cut.front + cut.back), cut.top + 0.5 * cut.slant - 0.06},
                                  {cut.back - 0.005, cut.top + cut.slant});
  canvas.paint(canvas.fill(opening), fabric.base.scaled(0.35));
  const Mask upper = canvas.fill(upper_outline(cut));
  canvas.paint(upper, fabric, {0.06, 0.4, 0.22});
  add_shaft(canvas, random, cut, fabric, upper);
  add_sole(canvas, random, cut, fabric);
}

}  // namespace thimble::garments
