// What is sewn or printed on tops: prints, closures, collars, hoods, pockets, belts.

#pragma once

#include "base/random.hpp"
#include "data/garments/top.hpp"

namespace thimble::garments {

/// A printed logo, lettering or picture on the chest.
void add_print(Canvas& canvas, Random& random, const Top& top);

/// A band down the front from the neckline to `bottom` with `buttons` buttons, at x = kAxis +
/// `shift`. `strength` in [0, 1] is how clearly it shows.
void add_button_front(Canvas& canvas, Random& random, const Top& top, double bottom, int buttons,
                      double strength, double shift = 0.0);

/// A zip from the neckline to `bottom`.
void add_zip(Canvas& canvas, Random& random, const Top& top, double bottom, double strength);

/// A turned-down collar of two leaves of the given length.
void add_collar(Canvas& canvas, const Top& top, double length, double tone);

/// Lapels that leave an open V down to `bottom`, with what is worn below in `inside`.
void add_lapels(Canvas& canvas, const Top& top, double bottom, double width, const Ink& inside);

/// A stand-up collar or turtleneck of the given height above the shoulders.
void add_stand_collar(Canvas& canvas, const Top& top, double height, double tone);

/// A hood behind the neck, `height` above the shoulders, with its cords.
void add_hood(Canvas& canvas, Random& random, const Top& top, double height);

/// A patch pocket with a flap or a plain edge, its upper left corner at `corner`.
void add_patch_pocket(Canvas& canvas, const Top& top, Point corner, double width, double height);

/// Slanted pocket openings on both sides at height `y`.
void add_slit_pockets(Canvas& canvas, const Top& top, double y, double strength);

/// A belt around the waist.
void add_belt(Canvas& canvas, Random& random, const Top& top, double y, double width);

}  // namespace thimble::garments
