// Filling outlines and lines with fabric, smooth at every picture size.

#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/random.hpp"
#include "data/garments/fabric.hpp"
#include "data/garments/path.hpp"
#include "imaging/images.hpp"

namespace thimble::garments {

/// How a garment lies in the picture.
struct Pose {
  double rotation = 0.0;  ///< radians, clockwise
  double shear = 0.0;     ///< x moves by shear * y
  double scale_x = 1.0;
  double scale_y = 1.0;
  Point offset;  ///< in garment units
};

/// How much of each pixel a shape covers, 0 to 1, in the part of the picture around it.
struct Mask {
  int left = 0;
  int top = 0;
  int width = 0;
  int height = 0;
  std::vector<float> coverage;  ///< float [height, width]

  /// Coverage of the picture's pixel (x, y); 0 outside.
  float at(int x, int y) const;
  /// The part inside `clip`.
  Mask within(const Mask& clip) const;
};

/// How a part bulges towards the viewer: darker at its rim, lighter towards the light (upper left).
struct Relief {
  double radius = 0.05;  ///< width of the darker rim, in garment units
  double rim = 0.35;     ///< how much darker the rim is
  double light = 0.25;   ///< how much the light's direction shows
};

/// A picture being drawn, in garment coordinates, on black.
class Canvas {
 public:
  Canvas(const PictureShape& shape, const Pose& pose);

  /// The inside of a closed outline; coverage is the exact area.
  Mask fill(const Path& outline) const;
  /// A line of the given width (garment units) with round ends.
  Mask stroke(const Path& line, double width) const;

  /// Lays fabric over what is there.
  void paint(const Mask& mask, const Fabric& fabric, const Relief& relief);
  /// Lays flat ink over what is there.
  void paint(const Mask& mask, const Ink& ink, double opacity = 1.0);
  /// Multiplies what is there, for seams and shadows (factor < 1) and gleams (factor > 1).
  void shade(const Mask& mask, double factor);
  /// Takes away what is there, down to the background.
  void erase(const Mask& mask);

  /// Rounds to 8 bits after a change of brightness (factor and gamma) and with noise on the
  /// garment.
  void finish(double brightness, double gamma, double noise, Random& random,
              std::span<std::uint8_t> picture) const;

 private:
  Point to_pixels(Point garment) const;
  Point to_garment(double x, double y) const;
  Mask empty_mask(Point low, Point high) const;
  float& value(int x, int y, int channel);
  void blend(int x, int y, float alpha, const std::array<float, 3>& colour);

  PictureShape shape_;
  std::array<double, 6> forward_;  // x' = f0 x + f1 y + f2, y' = f3 x + f4 y + f5
  std::array<double, 6> backward_;
  double pixels_per_unit_;
  std::vector<float> values_;  // float [height, width, channels], 0 to 1
  std::vector<float> alpha_;   // float [height, width]: how much of a pixel is garment
};

}  // namespace thimble::garments
