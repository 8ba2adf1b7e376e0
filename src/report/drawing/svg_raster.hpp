// SVG drawn into pixels.

#pragma once

#include <string>

#include "imaging/codec.hpp"

namespace thimble::report {

/// The drawing on white, `width` * `scale` pixels wide and `height` * `scale` high; RGB.
/// @throws Error  if the SVG is damaged
Picture draw_svg(const std::string& svg, int width, int height, int scale);

}  // namespace thimble::report
