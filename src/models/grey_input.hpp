// Networks for colour pictures, made to take grey ones.
//
// With the colours' kernels W_c and input scaling a_c g + b_c, a grey picture g repeated to all
// colours gives, at each tap of a kernel, sum_c W_c (a_c g + b_c). There are two ways to the same
// from one channel:
//
// - sum the kernels (models/transfer.hpp): with the means a and b of the scaling,
//
//       sum_c W_c (a_c g + b_c) = (sum_c W_c a_c / a) (a g + b) + sum_c W_c (b_c - b a_c / a)
//
//   The last term, summed over the taps, is a constant, which the bias or the batch norm behind
//   takes up. It is exact wherever the kernel lies inside the picture; padding, which is 0 behind
//   the scaling, stands for another grey in each colour, so that the outermost positions differ.
// - a convolution 1x1 in front that makes the scaled colours: exact everywhere, for three times the
//   work in the first layer.

#pragma once

#include "models/transfer.hpp"

namespace thimble {

/// Adds to `grey`, the network's parameters with the kernels of the colours summed, the constant
/// terms above: to the bias of each layer that reads the pictures, or where it has none, to the
/// batch norm behind it; where there is neither they are left out.
///
/// @param graph  of the grey network
void add_constants_of_colours(const InitialNetwork& colour, const nn::Graph& graph,
                              nn::ParameterValues& grey);

/// The network with a convolution 1x1 in front of it, for pictures of one channel.
InitialNetwork with_colours_from_grey(const InitialNetwork& colour);

}  // namespace thimble
