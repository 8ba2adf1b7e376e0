#include "nn/engine/kernels.hpp"

#include <cmath>
#include <cstring>
#include <vector>

#include "base/parallel.hpp"
#include "base/random.hpp"
#include "base/simd.hpp"

namespace thimble::nn {
namespace {

// Below this many elements a range is not worth waking a thread for.
constexpr std::size_t kGrain = 8192;

THIMBLE_SIMD_CLONES
void scale_bf16(const std::uint8_t* in, std::size_t n, float scale, float shift, Bf16* out) {
  for (std::size_t i = 0; i < n; ++i) {
    out[i] = to_bf16(static_cast<float>(in[i]) * scale + shift);
  }
}

THIMBLE_SIMD_CLONES
void scale_f32(const std::uint8_t* in, std::size_t n, float scale, float shift, float* out) {
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<float>(in[i]) * scale + shift;
}

THIMBLE_SIMD_CLONES
void relu_backward_bf16(const Bf16* gradient, const Bf16* y, std::size_t n, Bf16* out) {
  // As signed integers, bf16 numbers above zero are exactly those above 0.
  THIMBLE_IVDEP
  for (std::size_t i = 0; i < n; ++i) {
    out[i] =
        static_cast<Bf16>(gradient[i] & -static_cast<int>(static_cast<std::int16_t>(y[i]) > 0));
  }
}

THIMBLE_SIMD_CLONES
void relu_backward_f32(const float* gradient, const float* y, std::size_t n, float* out) {
  THIMBLE_IVDEP
  for (std::size_t i = 0; i < n; ++i) {
    out[i] = masked(gradient[i], -static_cast<std::uint32_t>(y[i] > 0));
  }
}

/// 32 well-mixed bits of a counter ("lowbias32", C. Wellons, Hash Prospector, 2018).
inline std::uint32_t hash32(std::uint32_t x) {
  x = (x ^ (x >> 16)) * 0x7FEB352Du;
  x = (x ^ (x >> 15)) * 0x846CA68Bu;
  return x ^ (x >> 16);
}

struct Dropping {
  std::uint32_t low;  // the key, in two halves
  std::uint32_t high;
  std::uint32_t threshold;  // drop where the hash is below
  float scale;
};

/// All ones where element `i` is kept, else 0.
inline std::uint32_t kept(Dropping d, std::uint32_t i) {
  return -static_cast<std::uint32_t>(hash32((i ^ d.low) + d.high) >= d.threshold);
}

THIMBLE_SIMD_CLONES
void dropout_f32(const float* in, std::uint32_t first, std::uint32_t n, Dropping d, float* out) {
  THIMBLE_IVDEP
  for (std::uint32_t i = 0; i < n; ++i) out[i] = masked(in[i] * d.scale, kept(d, first + i));
}

THIMBLE_SIMD_CLONES
void dropout_bf16(const Bf16* in, std::uint32_t first, std::uint32_t n, Dropping d, Bf16* out) {
  THIMBLE_IVDEP
  for (std::uint32_t i = 0; i < n; ++i) {
    out[i] = to_bf16(masked(from_bf16(in[i]) * d.scale, kept(d, first + i)));
  }
}

THIMBLE_SIMD_CLONES
void convert_bf16(const float* in, std::size_t n, Bf16* out) {
  for (std::size_t i = 0; i < n; ++i) out[i] = to_bf16(in[i]);
}

void scale_plane(const std::uint8_t* in, std::size_t n, float scale, float shift, DataType type,
                 void* out, std::size_t at) {
  if (type == DataType::bf16) {
    scale_bf16(in, n, scale, shift, static_cast<Bf16*>(out) + at);
  } else {
    scale_f32(in, n, scale, shift, static_cast<float*>(out) + at);
  }
}

}  // namespace

void scale_input(const std::uint8_t* in, int batch, const Shape& shape,
                 std::span<const float> scale, std::span<const float> shift, DataType type,
                 void* out) {
  const auto channels = static_cast<std::size_t>(shape.channels);
  const auto plane = static_cast<std::size_t>(shape.height) * static_cast<std::size_t>(shape.width);
  const std::size_t picture = plane * channels;
  parallel_for(static_cast<std::size_t>(batch), 1 + kGrain / picture,
               [&](std::size_t begin, std::size_t end) {
                 if (channels == 1) {
                   scale_plane(in + begin * picture, (end - begin) * picture, scale[0], shift[0],
                               type, out, begin * picture);
                   return;
                 }
                 std::vector<std::uint8_t> one(plane);
                 for (std::size_t b = begin; b < end; ++b) {
                   for (std::size_t c = 0; c < channels; ++c) {
                     const std::uint8_t* pixels = in + b * picture + c;
                     for (std::size_t i = 0; i < plane; ++i) one[i] = pixels[i * channels];
                     scale_plane(one.data(), plane, scale[c], shift[c], type, out,
                                 b * picture + c * plane);
                   }
                 }
               });
}

void relu_backward(const void* gradient, const void* y, std::size_t n, DataType type, void* out) {
  parallel_for(n, kGrain, [&](std::size_t begin, std::size_t end) {
    if (type == DataType::bf16) {
      relu_backward_bf16(static_cast<const Bf16*>(gradient) + begin,
                         static_cast<const Bf16*>(y) + begin, end - begin,
                         static_cast<Bf16*>(out) + begin);
    } else {
      relu_backward_f32(static_cast<const float*>(gradient) + begin,
                        static_cast<const float*>(y) + begin, end - begin,
                        static_cast<float*>(out) + begin);
    }
  });
}

void dropout(const void* in, std::size_t n, DataType type, double rate, std::uint64_t key,
             void* out) {
  const std::uint64_t mixed = mix64(key);
  const Dropping dropping{static_cast<std::uint32_t>(mixed),
                          static_cast<std::uint32_t>(mixed >> 32),
                          static_cast<std::uint32_t>(std::lround(rate * 0x1.0p31)) * 2u,
                          static_cast<float>(1.0 / (1.0 - rate))};
  parallel_for(n, kGrain, [&](std::size_t begin, std::size_t end) {
    const auto first = static_cast<std::uint32_t>(begin);
    const auto count = static_cast<std::uint32_t>(end - begin);
    if (type == DataType::bf16) {
      dropout_bf16(static_cast<const Bf16*>(in) + begin, first, count, dropping,
                   static_cast<Bf16*>(out) + begin);
    } else {
      dropout_f32(static_cast<const float*>(in) + begin, first, count, dropping,
                  static_cast<float*>(out) + begin);
    }
  });
}

std::size_t Window::rows() const {
  return static_cast<std::size_t>(batch) * static_cast<std::size_t>(out_height) *
         static_cast<std::size_t>(out_width);
}

std::size_t Window::columns() const {
  return static_cast<std::size_t>(kernel.height) * static_cast<std::size_t>(kernel.width) *
         static_cast<std::size_t>(channels);
}

void unfold(const Window& w, const void* in, DataType type, void* out) {
  const std::size_t pixel_bytes = static_cast<std::size_t>(w.channels) * element_size(type);
  const std::size_t row_bytes = w.columns() * element_size(type);
  const auto out_width = static_cast<std::size_t>(w.out_width);
  const auto out_height = static_cast<std::size_t>(w.out_height);
  parallel_for(w.rows(), 16, [&](std::size_t begin, std::size_t end) {
    for (std::size_t row = begin; row < end; ++row) {
      const int left = static_cast<int>(row % out_width) * w.stride.width - w.pad.width;
      const int top =
          static_cast<int>(row / out_width % out_height) * w.stride.height - w.pad.height;
      const std::size_t picture = row / (out_width * out_height);
      std::byte* to = static_cast<std::byte*>(out) + row * row_bytes;
      for (int y = top; y < top + w.kernel.height; ++y) {
        for (int x = left; x < left + w.kernel.width; ++x, to += pixel_bytes) {
          if (y < 0 || y >= w.height || x < 0 || x >= w.width) {
            std::memset(to, 0, pixel_bytes);
            continue;
          }
          const std::size_t pixel =
              (picture * static_cast<std::size_t>(w.height) + static_cast<std::size_t>(y)) *
                  static_cast<std::size_t>(w.width) +
              static_cast<std::size_t>(x);
          std::memcpy(to, static_cast<const std::byte*>(in) + pixel * pixel_bytes, pixel_bytes);
        }
      }
    }
  });
}

void convert(const float* in, std::size_t n, DataType type, void* out) {
  parallel_for(n, kGrain, [&](std::size_t begin, std::size_t end) {
    if (type == DataType::bf16) {
      convert_bf16(in + begin, end - begin, static_cast<Bf16*>(out) + begin);
    } else {
      std::copy(in + begin, in + end, static_cast<float*>(out) + begin);
    }
  });
}

}  // namespace thimble::nn
