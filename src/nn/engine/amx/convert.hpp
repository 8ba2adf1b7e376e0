// Maps from and to rows of channels: bf16 [batch][positions][channels], oneDNN's nhwc.

#pragma once

#include "nn/engine/amx/layout.hpp"
#include "nn/engine/onednn.hpp"

namespace thimble::nn::amx {

/// Maps as a row-major tensor [blocks, height, width, 32, channels], on which whatever treats
/// single values works.
Desc maps_desc(const Maps& maps, DataType type);
/// Whether a tensor of activations is one of these.
bool is_maps(const Desc& desc);
/// The maps of such a tensor.
Maps maps_of(const Desc& desc, int batch);

/// Declared weights [out, in, height, width] (or without the last two, or with a number of
/// features for all but the first) in the form of WeightsShape: for oneDNN to reorder. That does
/// not touch groups of 16 channels that are all padding; they have to be zero before.
Desc weights_desc(const Dims& declared, int padded_out, int padded_in);

/// @param channels  of a row, as many as the maps have without padding
void rows_to_maps(const Bf16* rows, int channels, const Maps& maps, Bf16* out);
void maps_to_rows(const Bf16* in, const Maps& maps, int channels, Bf16* rows);

/// Pictures bf16 [batch, channels, height, width] to [batch, in whole blocks][height + 2
/// pad][width + 2 pad][channels]; what borders and fills them stays as it is.
void pad_pictures(const Bf16* in, int batch, const Shape& shape, const Extent& pad, Bf16* out);

/// The largest value, or the mean, of each map.
/// @param winner  uint16 like `out`: the position of the largest, or null; not for means
void global_pool_forward(const Maps& maps, bool largest, const Bf16* in, Bf16* out,
                         std::uint16_t* winner);
void global_pool_backward(const Maps& maps, bool largest, const Bf16* gradient,
                          const std::uint16_t* winner, Bf16* out);

}  // namespace thimble::nn::amx
