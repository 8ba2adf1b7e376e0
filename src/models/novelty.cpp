#include "models/novelty.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/random.hpp"
#include "models/novelty_density.hpp"
#include "models/novelty_features.hpp"
#include "models/picture_variation.hpp"
#include "models/stored_array.hpp"
#include "models/training_data.hpp"

namespace thimble {
namespace {

constexpr char kThreshold[] = "novelty.threshold";

/// Training and validation pictures used at most; more change nothing any more.
constexpr std::size_t kMostPictures = 16'000;
constexpr std::size_t kBlock = 64;  // pictures that a thread works on at a time
constexpr std::uint64_t kTrainSeed = 1;
constexpr std::uint64_t kValidationSeed = 2;
constexpr float kLeastThreshold = 1e-6F;

/// Features of pictures spread evenly over `dataset`, each followed by those of a copy that is
/// varied a little: what comes out of a photo never is a data set's picture to the pixel.
struct VariedSamples {
  linalg::Matrix features;           ///< [2 n, dims]
  std::vector<std::int32_t> labels;  ///< [2 n]
};

VariedSamples varied_samples(const Dataset& dataset, const NoveltyFeatures& features,
                             std::uint64_t seed, Progress& progress) {
  const std::size_t n = std::min(dataset.size(), kMostPictures);
  const PictureShape& shape = dataset.images.shape();
  const std::size_t size = shape.size();
  const PictureVariation variation(shape);
  VariedSamples samples{linalg::Matrix(2 * n, features.dims()), std::vector<std::int32_t>(2 * n)};
  parallel_tasks((n + kBlock - 1) / kBlock, [&](std::size_t task) {
    if (progress.stop_requested()) throw Cancelled("cancelled");
    const std::size_t begin = task * kBlock;
    const std::size_t end = std::min(n, begin + kBlock);
    std::vector<std::uint8_t> pictures(2 * (end - begin) * size);
    for (std::size_t i = begin; i < end; ++i) {
      const std::size_t index = i * dataset.size() / n;
      const auto both = std::span(pictures).subspan(2 * (i - begin) * size, 2 * size);
      std::ranges::copy(dataset.images[index], both.begin());
      variation.apply(both.first(size), hash_seed(seed, i), both.last(size));
      samples.labels[2 * i] = samples.labels[2 * i + 1] = dataset.labels[index];
    }
    features.compute(pictures, samples.features[2 * begin].data());
  });
  return samples;
}

}  // namespace

struct NoveltyDetector::Parameters {
  explicit Parameters(const PictureShape& input) : shape(input), features(input) {}

  PictureShape shape;
  NoveltyFeatures features;
  NoveltyDensity density;
  float threshold = 1;  ///< the energy that counts as 1
};

NoveltyDetector::NoveltyDetector(std::shared_ptr<const Parameters> parameters)
    : parameters_(std::move(parameters)) {}

NoveltyDetector NoveltyDetector::fit(const Dataset& train, const Dataset& validation,
                                     Progress* progress) {
  check_training_data(train, &validation);
  if (train.size() < kFewestPictures) {
    throw DataError(fmt::format("novelty detector: {} training pictures, expected at least {}",
                                train.size(), kFewestPictures));
  }
  Progress silent;
  Progress& told = progress != nullptr ? *progress : silent;
  auto parameters = std::make_shared<Parameters>(train.images.shape());
  {
    VariedSamples samples = varied_samples(train, parameters->features, kTrainSeed, told);
    const classical::Features features(std::move(samples.features));
    parameters->density =
        NoveltyDensity::fit({features, samples.labels, train.classes.size()}, told);
  }
  VariedSamples familiar = varied_samples(validation, parameters->features, kValidationSeed, told);
  std::vector<float> energies(familiar.labels.size());
  parallel_tasks((energies.size() + kBlock - 1) / kBlock, [&](std::size_t task) {
    const std::size_t begin = task * kBlock;
    const std::size_t n = std::min(kBlock, energies.size() - begin);
    const std::size_t d = parameters->features.dims();
    parameters->density.energies(familiar.features.values().subspan(begin * d, n * d),
                                 std::span(energies).subspan(begin, n));
  });
  const auto allowed =
      static_cast<std::size_t>(kFalseAlarms * static_cast<double>(energies.size()));
  const auto place = energies.end() - 1 - static_cast<std::ptrdiff_t>(allowed);
  std::ranges::nth_element(energies, place);
  parameters->threshold = std::max(*place, kLeastThreshold);
  return NoveltyDetector(std::move(parameters));
}

std::vector<float> NoveltyDetector::scores(const Images& pictures) const {
  const Parameters& p = *parameters_;
  if (pictures.empty()) return {};
  if (pictures.shape() != p.shape) {
    throw ShapeError(fmt::format("novelty detector: got pictures of {}, expected {}",
                                 to_string(pictures.shape()), to_string(p.shape)));
  }
  std::vector<float> scores(pictures.size());
  parallel_tasks((scores.size() + kBlock - 1) / kBlock, [&](std::size_t task) {
    const std::size_t begin = task * kBlock;
    const std::size_t n = std::min(kBlock, scores.size() - begin);
    const std::size_t size = p.shape.size();
    std::vector<float> features(n * p.features.dims());
    p.features.compute(pictures.pixels().subspan(begin * size, n * size), features.data());
    const auto part = std::span(scores).subspan(begin, n);
    p.density.energies(features, part);
    for (float& score : part) score /= p.threshold;
  });
  return scores;
}

void NoveltyDetector::save(ModelFile& file) const {
  file.tensors[kThreshold] = list_tensor(std::vector<float>{parameters_->threshold});
  parameters_->density.save(file);
}

std::shared_ptr<const NoveltyDetector> NoveltyDetector::load(const ModelFile& file,
                                                             const std::string& place,
                                                             const PictureShape& shape) {
  if (!file.tensors.contains(kThreshold)) return nullptr;
  auto parameters = std::make_shared<Parameters>(shape);
  parameters->threshold = stored_values<float>(file, place, kThreshold, {1})[0];
  if (!(parameters->threshold > 0)) {
    throw DataError(fmt::format("{}: tensor {} is not above 0", place, kThreshold));
  }
  parameters->density = NoveltyDensity::load(file, place, parameters->features.dims());
  return std::shared_ptr<const NoveltyDetector>(new NoveltyDetector(std::move(parameters)));
}

}  // namespace thimble
