// The ten garments. Each draws one of its class, all choices taken from `random`, and fills the
// unit square about as far as product pictures do.

#pragma once

#include "base/random.hpp"
#include "data/garments/canvas.hpp"

namespace thimble::garments {

void draw_tshirt(Canvas& canvas, Random& random);
void draw_trouser(Canvas& canvas, Random& random);
void draw_pullover(Canvas& canvas, Random& random);
void draw_dress(Canvas& canvas, Random& random);
void draw_coat(Canvas& canvas, Random& random);
void draw_sandal(Canvas& canvas, Random& random);
void draw_shirt(Canvas& canvas, Random& random);
void draw_sneaker(Canvas& canvas, Random& random);
void draw_bag(Canvas& canvas, Random& random);
void draw_ankle_boot(Canvas& canvas, Random& random);

}  // namespace thimble::garments
