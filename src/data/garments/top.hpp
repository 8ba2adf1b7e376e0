// What T-shirts, pullovers, dresses, coats and shirts have in common: a body with a neckline, two
// sleeves, and details laid on top.

#pragma once

#include "base/random.hpp"
#include "data/garments/canvas.hpp"

namespace thimble::garments {

/// The vertical line that garments are symmetric about.
inline constexpr double kAxis = 0.5;

/// Lengths of a pattern piece, in garment units; widths are half widths, measured from kAxis.
struct TopCut {
  double top = 0.04;        ///< y where the shoulder meets the neck
  double neck = 0.1;        ///< half width of the neckline
  double neck_drop = 0.06;  ///< depth of the neckline below `top`
  bool v_neck = false;
  double shoulder = 0.25;       ///< half width between the shoulder tips
  double shoulder_drop = 0.06;  ///< shoulder tip below `top`
  double chest = 0.24;
  double armpit = 0.3;  ///< y
  double waist = 0.23;
  double waist_y = 0.6;
  double hem = 0.24;
  double hem_y = 0.95;
  double hem_curve = 0.0;      ///< how much lower the hem is in the middle
  double sleeve = 0.0;         ///< length of the sleeve along its outer edge; 0: none
  double sleeve_angle = 0.15;  ///< radians off the vertical
  double sleeve_width = 0.13;  ///< at the cuff
};

/// A top that was laid on the canvas.
struct Top {
  TopCut cut;
  Fabric fabric;
  Mask body;
  Mask left_sleeve;  ///< to the viewer's left
  Mask right_sleeve;
};

/// Lays the inside of the neck, the sleeves and the body, with `sleeves` for the latter's cloth.
Top lay_top(Canvas& canvas, const TopCut& cut, const Fabric& fabric, const Fabric& sleeves);

/// The neckline from the left to the right shoulder, `lowered` by some garment units.
Path neckline(const TopCut& cut, double lowered = 0.0);

/// Bands of ribbing along the neck, the hem and the cuffs; width 0 leaves one out. `tone` is a
/// factor on the fabric's.
void add_neck_band(Canvas& canvas, const Top& top, double width, double tone);
void add_hem_band(Canvas& canvas, const Top& top, double width, double tone);
void add_cuffs(Canvas& canvas, const Top& top, double width, double tone);

/// Wrinkles of a worn or hung top: from the armpits inwards and up from the hem.
void add_top_folds(Random& random, const TopCut& cut, double depth, Fabric& fabric);

}  // namespace thimble::garments
