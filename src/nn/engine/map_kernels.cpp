#include "nn/engine/map_kernels.hpp"

#include <algorithm>
#include <array>

#include "base/simd.hpp"
#include "nn/engine/bf16.hpp"

namespace thimble::nn {
namespace {

using Lanes = std::array<float, kPartialSums>;

/// sums[i % lanes] += f(i) for all i below `n`.
template <class Of>
inline void sum_lanes(std::size_t n, std::size_t lanes, float* sums, const Of& of) {
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    THIMBLE_IVDEP
    for (std::size_t lane = 0; lane < lanes; ++lane) sums[lane] += of(i + lane);
  }
  for (std::size_t lane = 0; i + lane < n; ++lane) sums[lane] += of(i + lane);
}

template <class Value>
inline void sums_of(const Value* values, std::size_t n, std::size_t lanes, float* sums) {
  sum_lanes(n, lanes, sums, [values](std::size_t i) { return load(values[i]); });
}

template <class Value>
inline void products_of(const Value* a, const Value* b, std::size_t n, std::size_t lanes,
                        float* sums) {
  sum_lanes(n, lanes, sums, [a, b](std::size_t i) { return load(a[i]) * load(b[i]); });
}

template <class Value>
inline void scaled(const Value* in, std::size_t n, std::size_t lanes, const float* scale,
                   const float* shift, Value* out) {
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    THIMBLE_IVDEP
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      store(load(in[i + lane]) * scale[lane] + shift[lane], out[i + lane]);
    }
  }
  for (std::size_t lane = 0; i + lane < n; ++lane) {
    store(load(in[i + lane]) * scale[lane] + shift[lane], out[i + lane]);
  }
}

THIMBLE_SIMD_CLONES
void sums_f32(const float* values, std::size_t n, std::size_t lanes, float* sums) {
  sums_of(values, n, lanes, sums);
}
THIMBLE_SIMD_CLONES
void sums_bf16(const Bf16* values, std::size_t n, std::size_t lanes, float* sums) {
  sums_of(values, n, lanes, sums);
}
THIMBLE_SIMD_CLONES
void products_f32(const float* a, const float* b, std::size_t n, std::size_t lanes, float* sums) {
  products_of(a, b, n, lanes, sums);
}
THIMBLE_SIMD_CLONES
void products_bf16(const Bf16* a, const Bf16* b, std::size_t n, std::size_t lanes, float* sums) {
  products_of(a, b, n, lanes, sums);
}
THIMBLE_SIMD_CLONES
void scaled_f32(const float* in, std::size_t n, std::size_t lanes, const float* scale,
                const float* shift, float* out) {
  scaled(in, n, lanes, scale, shift, out);
}
THIMBLE_SIMD_CLONES
void scaled_bf16(const Bf16* in, std::size_t n, std::size_t lanes, const float* scale,
                 const float* shift, Bf16* out) {
  scaled(in, n, lanes, scale, shift, out);
}
// With a fixed number of them the partial sums stay in registers.
THIMBLE_SIMD_CLONES
void dot_f32(const float* a, const float* b, std::size_t n, float* partial) {
  Lanes sums{};
  products_of(a, b, n, kPartialSums, sums.data());
  for (std::size_t lane = 0; lane < kPartialSums; ++lane) partial[lane] = sums[lane];
}
THIMBLE_SIMD_CLONES
void add_scaled_f32(const float* in, std::size_t n, float factor, float* out) {
  THIMBLE_IVDEP
  for (std::size_t i = 0; i < n; ++i) out[i] += factor * in[i];
}

float total(const Lanes& partial) {
  float sum = 0;
  for (const float p : partial) sum += p;
  return sum;
}

/// Calls `sum` with memory for as many sums as it keeps, and leaves a sum a channel.
template <class Sum>
void sum_channels(const MapLayout& layout, float* sums, const Sum& sum) {
  if (layout.block > 1) {
    std::fill_n(sums, layout.block, 0.0f);
    sum(layout.block, sums);
    return;
  }
  Lanes partial{};
  sum(kPartialSums, partial.data());
  *sums = total(partial);
}

}  // namespace

std::optional<MapLayout> MapLayout::of(const Desc& desc) {
  const Dims dims = desc.dims();
  if (dims.size() != 4) return std::nullopt;
  MapLayout layout{static_cast<std::size_t>(dims[0]), static_cast<std::size_t>(dims[1]),
                   static_cast<std::size_t>(dims[2] * dims[3]), 1};
  const auto is = [&](Tag tag) { return desc == Desc(dims, desc.data_type(), tag); };
  if (is(Tag::nchw)) return layout;
  if (is(Tag::nChw16c)) {
    layout.block = 16;
  } else if (is(Tag::nChw8c)) {
    layout.block = 8;
  } else if (is(Tag::nhwc)) {
    layout.block = layout.channels;
  } else {
    return std::nullopt;
  }
  return layout;
}

std::size_t MapLayout::channels_of(std::size_t which) const {
  return std::min(block, channels - which * block);
}

Desc describable(const Desc& desc) {
  return MapLayout::of(desc) ? desc : plain_desc(desc.dims(), desc.data_type());
}

void channel_sums(const MapLayout& layout, const void* chunk, DataType type, float* sums) {
  sum_channels(layout, sums, [&](std::size_t lanes, float* to) {
    if (type == DataType::bf16) {
      sums_bf16(static_cast<const Bf16*>(chunk), layout.chunk(), lanes, to);
    } else {
      sums_f32(static_cast<const float*>(chunk), layout.chunk(), lanes, to);
    }
  });
}

void channel_products(const MapLayout& layout, const void* a, const void* b, DataType type,
                      float* sums) {
  sum_channels(layout, sums, [&](std::size_t lanes, float* to) {
    if (type == DataType::bf16) {
      products_bf16(static_cast<const Bf16*>(a), static_cast<const Bf16*>(b), layout.chunk(), lanes,
                    to);
    } else {
      products_f32(static_cast<const float*>(a), static_cast<const float*>(b), layout.chunk(),
                   lanes, to);
    }
  });
}

void scale_channels(const MapLayout& layout, const void* in, const float* scale, const float* shift,
                    DataType type, void* out) {
  std::size_t lanes = layout.block;
  Lanes same_scale, same_shift;
  if (lanes == 1) {
    same_scale.fill(*scale);
    same_shift.fill(*shift);
    scale = same_scale.data();
    shift = same_shift.data();
    lanes = kPartialSums;
  }
  if (type == DataType::bf16) {
    scaled_bf16(static_cast<const Bf16*>(in), layout.chunk(), lanes, scale, shift,
                static_cast<Bf16*>(out));
  } else {
    scaled_f32(static_cast<const float*>(in), layout.chunk(), lanes, scale, shift,
               static_cast<float*>(out));
  }
}

float dot(const float* a, const float* b, std::size_t n) {
  Lanes partial;
  dot_f32(a, b, n, partial.data());
  return total(partial);
}

void add_scaled(const float* in, std::size_t n, float factor, float* out) {
  add_scaled_f32(in, n, factor, out);
}

}  // namespace thimble::nn
