// A batch of 128 pictures gathered and varied, for each kind of variation.

#include <benchmark/benchmark.h>

#include <numeric>
#include <vector>

#include "base/random.hpp"
#include "imaging/augmentation.hpp"

namespace {

using thimble::AugmentationOptions;

constexpr std::size_t kPictures = 10'000;
constexpr std::size_t kBatch = 128;

void augment(benchmark::State& state, const AugmentationOptions& options) {
  const thimble::PictureShape shape{28, 28, 1};
  thimble::Images images(shape, kPictures);
  thimble::Random random(1);
  for (auto& pixel : images.pixels()) pixel = static_cast<std::uint8_t>(random.bits());
  std::vector<std::size_t> order(kPictures);
  std::iota(order.begin(), order.end(), std::size_t{0});
  random.shuffle(std::span(order));

  const thimble::Augmentation augmentation(options, shape, 1, 128);
  std::vector<std::uint8_t> batch(kBatch * shape.size());
  std::size_t begin = 0;
  std::uint64_t epoch = 0;
  for (auto _ : state) {
    augmentation.apply(images, std::span(order).subspan(begin, kBatch), epoch, batch);
    benchmark::DoNotOptimize(batch.data());
    begin += kBatch;
    if (begin + kBatch > kPictures) begin = 0, ++epoch;
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kBatch));
}

BENCHMARK_CAPTURE(augment, gather_only, AugmentationOptions{})->UseRealTime();
BENCHMARK_CAPTURE(augment, flip, {.horizontal_flip = 0.5})->UseRealTime();
BENCHMARK_CAPTURE(augment, rotate, {.rotation_degrees = 10})->UseRealTime();
BENCHMARK_CAPTURE(augment, zoom, {.zoom = 0.1})->UseRealTime();
BENCHMARK_CAPTURE(augment, shift, {.shift_pixels = 2})->UseRealTime();
BENCHMARK_CAPTURE(augment, crop, {.crop_padding = 2})->UseRealTime();
BENCHMARK_CAPTURE(augment, erase, {.erase_probability = 1, .erase_size = 8})->UseRealTime();

}  // namespace
