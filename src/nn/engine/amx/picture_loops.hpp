// What is done with the maps of one picture beside products. All keep borders zero.

#pragma once

#include <span>

#include "nn/engine/amx/picture_network.hpp"

namespace thimble::nn::amx {

/// Sums of two maps that lie alike.
void picture_add(const PictureMap& map, const Bf16* a, const Bf16* b, Bf16* out);
void picture_relu(const PictureMap& map, const Bf16* in, Bf16* out);
/// x / 2 (1 + erf(x / sqrt(2)))
void picture_gelu(const PictureMap& map, const Bf16* in, Bf16* out);
/// in * scale + shift, fp32 [channels] each, without those that are padding.
void picture_scale(const PictureMap& map, const Bf16* in, std::span<const float> scale,
                   std::span<const float> shift, Bf16* out);
/// The largest value, or the mean, of what each window sees of the map; what hangs over is left
/// out.
void picture_pool(const PictureMap& map, const Bf16* in, const SlidingWindow& window, bool largest,
                  const PictureMap& pooled, Bf16* out);

}  // namespace thimble::nn::amx
