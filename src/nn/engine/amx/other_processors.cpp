// What this folder's kernels are on processors of other families, where kernel_choice() never picks
// them.

#if !defined(__x86_64__)

#include "base/error.hpp"
#include "nn/engine/amx/picture_product.hpp"
#include "nn/engine/amx/product.hpp"
#include "nn/engine/amx/tail.hpp"
#include "nn/engine/amx/weights_gradient.hpp"

namespace thimble::nn::amx {
namespace {

[[noreturn]] void refuse() { throw Error("AMX: not for this processor"); }

}  // namespace

void Product::run(const Bf16*, const Bf16*, const ProductOutput&) const { refuse(); }
void pack_forward(const WeightsShape&, const float*, Bf16*) { refuse(); }
void pack_backward(const WeightsShape&, const float*, Bf16*) { refuse(); }
void pack_pictures(const PictureWeights&, const float*, Bf16*) { refuse(); }
void tail_forward(const Maps&, const Tail&, const NormStatistics&, const Bf16*, const Bf16*, Bf16*,
                  std::uint8_t*) {
  refuse();
}
void tail_sums(const Maps&, const Tail&, const NormStatistics&, const TailGradient&, ChannelSums&) {
  refuse();
}
TailBackward::TailBackward(const Maps& maps, const Tail& tail, const NormStatistics* statistics,
                           ChannelSums*, double, const TailGradient& from, ChannelSums* bias)
    : maps_(maps), tail_(tail), statistics_(statistics), from_(from), bias_(bias) {
  refuse();
}
void TailBackward::rows(int, std::size_t, int, int, Bf16*) const { refuse(); }
void tail_backward(const Maps&, const Tail&, const NormStatistics*, ChannelSums*, double,
                   const TailGradient&, ChannelSums*, Bf16*) {
  refuse();
}
void WeightsGradient::run_by_rows(const Bf16*, const GradientRows&, float*) { refuse(); }
void WeightsGradient::run_by_tiles(const Bf16*, const GradientRows&, float*) { refuse(); }
void PictureProduct::run(PictureWorkspace&) const { refuse(); }

}  // namespace thimble::nn::amx

#endif
