// Sandals from the side, toe to the left: flat, wedge and high-heeled, held by straps that leave
// the background in view.

#include <algorithm>
#include <vector>

#include "data/garments/shapes.hpp"

namespace thimble::garments {
namespace {

enum class Heel { kFlat, kWedge, kBlock, kStiletto };

/// The side view, in garment units; the sandal stands on y = ground.
struct SandalCut {
  Heel kind = Heel::kFlat;
  double ground = 0.65;
  double sole = 0.05;
  double heel = 0.02;  ///< height under the heel's sole
  double rise = 0.3;   ///< height of the ankle strap above the heel
};

SandalCut sandal_cut(Random& random) {
  SandalCut cut;
  const double kind = random.uniform();
  cut.kind = kind < 0.5    ? Heel::kFlat
             : kind < 0.7  ? Heel::kWedge
             : kind < 0.85 ? Heel::kBlock
                           : Heel::kStiletto;
  const bool flat = cut.kind == Heel::kFlat;
  cut.sole = flat ? random.uniform(0.035, 0.09) : random.uniform(0.025, 0.07);
  cut.heel = flat ? random.uniform(0.0, 0.04) : random.uniform(0.14, 0.38);
  cut.rise = random.uniform(0.2, 0.36);
  const double total = cut.heel + cut.sole + 0.7 * cut.rise;
  cut.ground = 0.5 + 0.5 * total + random.uniform(-0.03, 0.05);
  return cut;
}

// The foot bed, from toe to heel.
Path bed(const SandalCut& cut) {
  const double toe_y = cut.ground - cut.sole;
  return Path({0.05, toe_y - 0.01})
      .line({0.3, toe_y})
      .curve({0.48, toe_y}, {0.58, toe_y - cut.heel}, {0.93, toe_y - cut.heel});
}

void add_heel(Canvas& canvas, Random& random, const SandalCut& cut, const Fabric& rubber) {
  const double y = cut.ground - cut.sole - cut.heel;
  if (cut.kind == Heel::kWedge) {
    Path wedge = bed(cut);
    wedge.line({0.95, y}).line({0.9, cut.ground}).line({0.12, cut.ground});
    Fabric cork = rubber;
    cork.grain = 0.1;
    if (chance(random, 0.4)) cork.pattern = Pattern::kStripes, cork.period = 0.06;
    canvas.paint(canvas.fill(wedge), cork, {0.04, 0.35, 0.2});
  } else if (cut.kind != Heel::kFlat) {
    const bool thin = cut.kind == Heel::kStiletto;
    const double foot = thin ? random.uniform(0.02, 0.035) : random.uniform(0.08, 0.15);
    const double back = 0.93 - random.uniform(0.0, 0.03);
    const Path heel =
        Path({0.955, y})
            .curve({back + 0.01, y + 0.12}, {back, cut.ground})
            .line({back - foot, cut.ground})
            .curve({back - foot - 0.01, y + 0.12}, {0.92 - (thin ? 0.1 : foot + 0.05), y});
    canvas.paint(canvas.fill(heel), rubber, {0.025, 0.3, 0.25});
  }
}

/// Lays straps over the sandal, each with its far side, darker, behind it.
class Straps {
 public:
  Straps(Canvas& canvas, const Fabric& fabric, double width)
      : canvas_(canvas), fabric_(fabric), far_(fabric.plain(0.5)), width_(width) {}

  void lay(const Path& strap, bool with_far_side = true) {
    if (with_far_side) {
      const Path behind = strap.shifted({0.035, -0.012});
      canvas_.paint(canvas_.stroke(behind, 0.8 * width_), far_, {0.02, 0.2, 0.1});
    }
    near_.push_back(strap);
  }

  /// A wide band, given by its outline.
  void lay_band(const Path& outline) { bands_.push_back(outline); }

  void finish() {
    for (const Path& band : bands_) canvas_.paint(canvas_.fill(band), fabric_, {0.04, 0.35, 0.2});
    for (const Path& strap : near_) {
      canvas_.paint(canvas_.stroke(strap, width_), fabric_, {0.015, 0.3, 0.15});
    }
  }

 private:
  Canvas& canvas_;
  Fabric fabric_;
  Fabric far_;
  double width_;
  std::vector<Path> near_;
  std::vector<Path> bands_;
};

void add_front_straps(Random& random, const SandalCut& cut, Straps& straps) {
  const Path line = bed(cut);
  const double foot = 0.16 + 0.35 * cut.heel;  // height of the instep over the bed
  const double kind = random.uniform();
  if (kind < 0.2) {  // one wide band
    const double from = random.uniform(0.1, 0.2);
    const double to = random.uniform(0.42, 0.6);
    const double high = std::min(foot, 0.2);
    Path band(line.at(from));
    band.curve(line.at(from) + Point{0.0, -0.9 * high},
               line.at(0.6 * from + 0.4 * to) + Point{0.0, -high})
        .line(line.at(0.25 * from + 0.75 * to) + Point{0.02, -1.15 * high})
        .curve(line.at(to) + Point{0.05, -0.7 * high}, line.at(to));
    straps.lay_band(band);
    return;
  }
  if (kind < 0.38) {  // thong
    const Point knot = line.at(0.38) + Point{0.0, -foot};
    straps.lay(Path(line.at(0.17)).curve(line.at(0.22) + Point{0.0, -0.6 * foot}, knot), false);
    straps.lay(Path(knot).curve(knot + Point{0.12, 0.02}, line.at(0.62)));
    return;
  }
  const int bands = kind < 0.6 ? 1 : kind < 0.8 ? 2 : 3;
  for (int i = 0; i < bands; ++i) {
    const double at = 0.17 + 0.15 * i + random.uniform(-0.03, 0.03);
    const double height = 0.5 * foot + 0.28 * foot * i;
    const Point over = line.at(at) + Point{random.uniform(0.04, 0.12), -height};
    straps.lay(Path(line.at(at))
                   .curve(line.at(at) + Point{0.0, -0.7 * height}, over)
                   .curve(over + Point{0.06, 0.0}, line.at(at + 0.2)));
  }
  if (chance(random, 0.35)) {  // a strap across
    straps.lay(Path(line.at(0.2) + Point{0.02, -0.4 * foot})
                   .curve(line.at(0.4) + Point{0.0, -1.1 * foot}, line.at(0.68)));
  }
}

void add_back_straps(Random& random, const SandalCut& cut, Straps& straps) {
  const Point heel{0.92, cut.ground - cut.sole - cut.heel};
  const Point ankle = heel + Point{-0.02, -cut.rise};
  const Point front =
      heel + Point{-random.uniform(0.17, 0.25), -random.uniform(0.85, 1.0) * cut.rise};
  const double kind = random.uniform();
  if (kind < 0.5) {  // ankle strap
    straps.lay(Path(heel).curve(heel + Point{0.03, -0.5 * cut.rise}, ankle), false);
    straps.lay(Path(ankle).curve(lerp(ankle, front, 0.5) + Point{0.0, 0.05}, front));
    straps.lay(Path(front).curve(lerp(ankle, front, 0.5) + Point{0.0, -0.04}, ankle), false);
    if (chance(random, 0.4)) straps.lay(Path(front).line(bed(cut).at(0.55)), false);
  } else if (kind < 0.8) {  // sling
    const Point side = bed(cut).at(0.6);
    straps.lay(
        Path(side + Point{0.0, -0.3 * cut.rise})
            .curve(heel + Point{-0.1, -0.55 * cut.rise}, heel + Point{0.02, -0.6 * cut.rise}));
    straps.lay(Path(side).line(side + Point{0.0, -0.3 * cut.rise}), false);
  }
}

}  // namespace

void draw_sandal(Canvas& canvas, Random& random) {
  const SandalCut cut = sandal_cut(random);
  const Fabric fabric = random_fabric(random, {0.1, 0.25, 0.05});
  Fabric rubber = fabric.plain(random.uniform(0.5, 1.0));
  if (chance(random, 0.4)) rubber.base = fabric.second;
  Straps straps(canvas, fabric, random.uniform(0.025, 0.08));
  add_front_straps(random, cut, straps);
  add_back_straps(random, cut, straps);
  add_heel(canvas, random, cut, rubber);
  canvas.paint(canvas.stroke(bed(cut).shifted({0.0, 0.5 * cut.sole}), cut.sole), rubber,
               {0.02, 0.25, 0.2});
  canvas.paint(canvas.stroke(bed(cut), 0.014), fabric.base.scaled(0.8));
  if (chance(random, 0.15)) {  // closed at the heel
    const Point heel{0.94, cut.ground - cut.sole - cut.heel};
    const Path counter = Path(heel)
                             .curve(heel + Point{0.03, -0.1}, heel + Point{0.0, -0.5 * cut.rise})
                             .line(heel + Point{-0.08, -0.48 * cut.rise})
                             .curve(heel + Point{-0.14, -0.1}, heel + Point{-0.26, 0.01});
    canvas.paint(canvas.fill(counter), fabric, {0.03, 0.35, 0.2});
  }
  straps.finish();
}

}  // namespace thimble::garments
