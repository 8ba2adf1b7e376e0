// What the tests of AMX share: convolutions written out in double precision, and the forms that the
// kernels take. Values are small whole numbers, so that sums are exact in fp32 whatever their
// order, and results have to agree bit for bit.

#pragma once

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <vector>

#include "base/isa.hpp"
#include "base/random.hpp"
#include "nn/engine/amx/layout.hpp"
#include "nn/engine/amx/product.hpp"
#include "nn/shape.hpp"

namespace thimble::nn::amx {

/// Base of tests that need AMX.
class AmxTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!has(Isa::amx)) {
      GTEST_SKIP() << "needs AMX; the widest instruction set to use is " << to_string(isa());
    }
  }
};

float to_float(Bf16 value);
/// Rounds to nearest even.
Bf16 to_bf16(double value);
std::vector<float> to_floats(std::span<const Bf16> values);

/// Where values differ from what is expected, itself rounded to bf16 first; empty: nowhere.
std::string difference_in_bf16(std::span<const float> actual, std::span<const double> expected);
/// The same where nothing is rounded.
std::string difference_in_fp32(std::span<const float> actual, std::span<const double> expected);

/// Whole numbers in [-most, most].
std::vector<float> whole_numbers(std::size_t n, int most, Random& random);

/// Where a value of a picture lies in maps.
std::size_t place(const Maps& maps, int picture, int y, int x, int channel);

/// [batch][height][width][channels] as maps. Channels that pad are zero; pictures that fill the
/// last block are `filler`.
std::vector<Bf16> as_maps(std::span<const float> rows, int channels, const Maps& maps,
                          float filler);
/// The way back.
std::vector<float> as_rows(std::span<const Bf16> values, int channels, const Maps& maps);

/// A convolution of a batch with everything that its gradients need.
///
/// Values lie as [batch][height][width][channels], weights as [taps][in][out].
struct Convolution {
  int batch = 1;
  Shape source;
  int features = 1;
  SlidingWindow window;

  Shape target() const { return window.output(source, features); }
  Maps source_maps() const { return Maps::of(source, batch); }
  Maps target_maps() const { return Maps::of(target(), batch); }
  int taps() const { return window.kernel.height * window.kernel.width; }
  std::string name() const;

  std::vector<float> draw_source(Random& random) const;
  std::vector<float> draw_target(Random& random) const;
  std::vector<float> draw_weights(Random& random) const;

  std::vector<double> forward(std::span<const float> x, std::span<const float> w) const;
  /// The gradient of the source.
  std::vector<double> backward(std::span<const float> dy, std::span<const float> w) const;
  /// The gradient of the weights.
  std::vector<double> weights_gradient(std::span<const float> x, std::span<const float> dy) const;

  WeightsShape weights_shape() const;
  /// [taps][in][out] in the form of WeightsShape, and of PictureWeights; padded with zeros.
  std::vector<float> tiles(std::span<const float> weights) const;
  std::vector<float> picture_tiles(std::span<const float> weights) const;
  PictureWeights picture_weights() const;
  /// The source as Product::pictures() takes it.
  std::vector<Bf16> pictures(std::span<const float> x) const;
};

/// Convolutions that between them have every size and every special case of the kernels.
std::vector<Convolution> convolutions();
/// Those of which a row of the kernel fits into a tile: for Product::pictures().
std::vector<Convolution> picture_convolutions();

/// For GoogleTest's messages and names.
void PrintTo(const Convolution& convolution, std::ostream* out);
std::string convolution_name(const testing::TestParamInfo<Convolution>& info);

/// The largest of each 2x2, and which it is (the first among equals): [batch][height / 2]...
struct Pooled {
  std::vector<double> values;
  std::vector<std::uint8_t> winners;
};
Pooled pool(std::span<const double> values, int batch, const Shape& shape);

}  // namespace thimble::nn::amx
