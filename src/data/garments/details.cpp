#include "data/garments/details.hpp"

#include <algorithm>

namespace thimble::garments {
namespace {

// Rows of bars of letter-like widths.
void print_lettering(Canvas& canvas, Random& random, const Top& top, Point middle, double size,
                     const Ink& ink) {
  const int rows = 1 + static_cast<int>(random.below(3));
  const double height = random.uniform(0.05, 0.11);
  for (int row = 0; row < rows; ++row) {
    const double half = size * random.uniform(0.6, 1.0);
    const double y = middle.y + row * height * 1.35;
    for (double x = middle.x - half; x < middle.x + half;) {
      const double width = random.uniform(0.02, 0.06);
      const Path letter = Path::rectangle({x, y}, {x + width, y + height}, 0.01);
      canvas.paint(canvas.fill(letter).within(top.body), ink);
      x += width + random.uniform(0.012, 0.03);
    }
  }
}

void print_picture(Canvas& canvas, Random& random, const Top& top, Point middle, double size,
                   const Ink& ink) {
  const Point corner{size, size * random.uniform(0.7, 1.3)};
  Mask mask;
  switch (random.below(4)) {
    case 0:
      mask = canvas.fill(Path::ellipse(middle, corner.x, corner.y));
      break;
    case 1:
      mask = canvas.fill(Path::rectangle(middle - corner, middle + corner, 0.02));
      break;
    case 2:
      mask = canvas.fill(Path({middle.x, middle.y - corner.y})
                             .line({middle.x + corner.x, middle.y + corner.y})
                             .line({middle.x - corner.x, middle.y + corner.y}));
      break;
    default:
      mask = canvas.stroke(Path({middle.x - corner.x, middle.y + 0.5 * corner.y})
                               .line({middle.x, middle.y - 0.5 * corner.y})
                               .line({middle.x + corner.x, middle.y + 0.5 * corner.y}),
                           0.07);
  }
  Fabric print = random_fabric(random, {0.6, 0.3, 0.05});
  print.base = ink;
  print.period *= 0.7;
  canvas.paint(mask.within(top.body), print, {0.02, 0.0, 0.0});
}

}  // namespace

void add_print(Canvas& canvas, Random& random, const Top& top) {
  const Ink ink = contrasting_ink(random, top.fabric.base);
  const Point middle{kAxis + random.uniform(-0.02, 0.02),
                     top.cut.armpit + random.uniform(-0.02, 0.16)};
  const double size = top.cut.chest * random.uniform(0.3, 0.75);
  if (chance(random, 0.45)) {
    print_lettering(canvas, random, top, middle, size, ink);
  } else {
    print_picture(canvas, random, top, middle, size, ink);
  }
}

void add_button_front(Canvas& canvas, Random& random, const Top& top, double bottom, int buttons,
                      double strength, double shift) {
  const double start = top.cut.top + top.cut.neck_drop;
  const double x = kAxis + shift;
  const Path line = Path({x, start}).line({x, bottom});
  canvas.shade(canvas.stroke(line, 0.075).within(top.body), 1.0 + 0.12 * strength);
  for (const double side : {-0.04, 0.04}) {
    const Path edge = Path({x + side, start - 0.02}).line({x + side, bottom});
    canvas.shade(canvas.stroke(edge, 0.016).within(top.body), 1.0 - 0.45 * strength);
  }
  Ink button = contrasting_ink(random, top.fabric.base);
  if (top.fabric.base.tone > 0.5f) button.tone *= 0.8f;
  for (int i = 0; i < buttons; ++i) {
    const double y = start + 0.04 + (bottom - start - 0.06) * (i + 0.5) / buttons;
    canvas.paint(canvas.fill(Path::ellipse({x, y}, 0.018, 0.018)).within(top.body), button,
                 strength);
  }
}

void add_zip(Canvas& canvas, Random& random, const Top& top, double bottom, double strength) {
  const double start = top.cut.top + 0.6 * top.cut.neck_drop;
  const Path line = Path({kAxis, start}).line({kAxis, bottom});
  canvas.shade(canvas.stroke(line, 0.055).within(top.body), 1.0 - 0.55 * strength);
  const Ink metal{static_cast<float>(random.uniform(0.5, 0.95)), {1.0f, 1.0f, 1.0f}};
  canvas.paint(canvas.stroke(line, 0.012), metal, 0.8 * strength);
  const double tab = start + random.uniform(0.0, 0.15);
  canvas.paint(canvas.stroke(Path({kAxis, tab}).line({kAxis, tab + 0.04}), 0.022), metal, strength);
}

void add_collar(Canvas& canvas, const Top& top, double length, double tone) {
  const TopCut& cut = top.cut;
  const double bottom = cut.top + cut.neck_drop;
  const Path right = Path({kAxis + 0.005, bottom + 0.01})
                         .line({kAxis + 0.35 * cut.neck + 0.4 * length, bottom + length})
                         .curve({kAxis + cut.neck + 0.05, cut.top + 0.5 * length},
                                {kAxis + cut.neck + 0.02, cut.top + 0.005})
                         .line({kAxis + 0.75 * cut.neck, cut.top - 0.02});
  Fabric fabric = top.fabric.plain(tone);
  for (const Path& leaf : {right, right.mirrored(kAxis)}) {
    canvas.shade(canvas.stroke(leaf, 0.03), 0.7);
    canvas.paint(canvas.fill(leaf), fabric, {0.025, 0.35, 0.15});
  }
}

void add_lapels(Canvas& canvas, const Top& top, double bottom, double width, const Ink& inside) {
  const TopCut& cut = top.cut;
  const Path opening = Path({kAxis - cut.neck, cut.top})
                           .line({kAxis, bottom})
                           .line({kAxis + cut.neck, cut.top})
                           .curve({kAxis, cut.top + 0.02}, {kAxis - cut.neck, cut.top});
  canvas.paint(canvas.fill(opening), inside);
  const double notch = lerp({0.0, cut.top}, {0.0, bottom}, 0.5).y;
  const Path right = Path({kAxis, bottom})
                         .line({kAxis + 0.5 * cut.neck + width, notch})
                         .line({kAxis + 0.6 * cut.neck + 0.75 * width, notch - 0.03})
                         .line({kAxis + cut.neck + 0.8 * width, notch - 0.07})
                         .line({kAxis + cut.neck + 0.01, cut.top - 0.015})
                         .line({kAxis + 0.8 * cut.neck, cut.top - 0.01});
  Fabric fabric = top.fabric.plain(1.06);
  for (const Path& lapel : {right, right.mirrored(kAxis)}) {
    canvas.shade(canvas.stroke(lapel, 0.028), 0.65);
    canvas.paint(canvas.fill(lapel), fabric, {0.03, 0.35, 0.15});
  }
}

void add_stand_collar(Canvas& canvas, const Top& top, double height, double tone) {
  const TopCut& cut = top.cut;
  const double neck = cut.neck + 0.01;
  Path collar({kAxis - neck, cut.top + 0.02});
  collar.line({kAxis - 0.85 * neck, cut.top - height})
      .curve({kAxis, cut.top - height + 0.02}, {kAxis + 0.85 * neck, cut.top - height})
      .line({kAxis + neck, cut.top + 0.02})
      .curve({kAxis, cut.top + 2 * cut.neck_drop}, {kAxis - neck, cut.top + 0.02});
  const Mask mask = canvas.fill(collar);
  canvas.paint(mask, top.fabric.plain(tone), {0.035, 0.5, 0.2});
  canvas.shade(canvas.stroke(
                   Path({kAxis - neck, cut.top + 0.02})
                       .curve({kAxis, cut.top + 2 * cut.neck_drop}, {kAxis + neck, cut.top + 0.02}),
                   0.014),
               0.7);
}

void add_hood(Canvas& canvas, Random& random, const Top& top, double height) {
  const TopCut& cut = top.cut;
  const double wide = cut.neck + random.uniform(0.03, 0.06);
  Path hood({kAxis - wide - 0.03, cut.top + 0.04});
  hood.curve({kAxis - wide - 0.02, cut.top - height}, {kAxis - 0.5 * wide, cut.top - height},
             {kAxis, cut.top - height})
      .curve({kAxis + 0.5 * wide, cut.top - height}, {kAxis + wide + 0.02, cut.top - height},
             {kAxis + wide + 0.03, cut.top + 0.04})
      .curve({kAxis + 0.5 * wide, cut.top + 0.12}, {kAxis, cut.top + 0.14})
      .curve({kAxis - 0.5 * wide, cut.top + 0.12}, {kAxis - wide - 0.03, cut.top + 0.04});
  canvas.paint(canvas.fill(hood), top.fabric.plain(0.95), {0.05, 0.45, 0.2});
  const Path opening = Path::ellipse({kAxis, cut.top + 0.035}, 0.8 * cut.neck, 0.055);
  canvas.paint(canvas.fill(opening), top.fabric.base.scaled(0.4));
  if (chance(random, 0.6)) {
    const Ink cord = contrasting_ink(random, top.fabric.base);
    for (const double side : {-1.0, 1.0}) {
      const double x = kAxis + side * 0.05;
      const Path line = Path({x, cut.top + 0.1}).line({x, cut.top + random.uniform(0.2, 0.3)});
      canvas.paint(canvas.stroke(line, 0.014), cord);
    }
  }
}

void add_patch_pocket(Canvas& canvas, const Top& top, Point corner, double width, double height) {
  const Point end{corner.x + width, corner.y + height};
  Path edge = Path::rectangle(corner, end, 0.01);
  edge.line(edge.points().front());
  canvas.shade(canvas.stroke(edge, 0.012).within(top.body), 0.68);
  canvas.shade(canvas.stroke(Path(corner).line({end.x, corner.y}), 0.02).within(top.body), 0.75);
}

void add_slit_pockets(Canvas& canvas, const Top& top, double y, double strength) {
  const double x = 0.68 * top.cut.waist;
  for (const double side : {-1.0, 1.0}) {
    const Path slit = Path({kAxis + side * x, y}).line({kAxis + side * (x + 0.045), y + 0.12});
    canvas.shade(canvas.stroke(slit, 0.028).within(top.body), 1.0 - 0.55 * strength);
  }
}

void add_belt(Canvas& canvas, Random& random, const Top& top, double y, double width) {
  const Path line = Path({kAxis - 0.3, y}).curve({kAxis, y + 0.02}, {kAxis + 0.3, y});
  const Ink ink =
      chance(random, 0.5) ? top.fabric.base.scaled(0.75) : contrasting_ink(random, top.fabric.base);
  const Mask belt = canvas.stroke(line, width).within(top.body);
  canvas.shade(canvas.stroke(line, width + 0.025).within(top.body), 0.8);
  canvas.paint(belt, ink);
  if (chance(random, 0.5)) {
    const Point middle{kAxis + random.uniform(-0.03, 0.03), y + 0.01};
    const Path buckle = Path::rectangle(middle - Point{0.025, 0.6 * width},
                                        middle + Point{0.025, 0.6 * width}, 0.005);
    canvas.paint(canvas.fill(buckle), contrasting_ink(random, ink));
  }
}

}  // namespace thimble::garments
