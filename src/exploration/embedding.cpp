#include "exploration/embedding.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/random.hpp"
#include "classical/pca.hpp"
#include "classical/scaling.hpp"
#include "exploration/samples_by_class.hpp"
#include "exploration/trustworthiness.hpp"
#include "imaging/resize.hpp"
#include "linalg/leading_eigensystem.hpp"
#include "linalg/products.hpp"

namespace thimble {
namespace {

using classical::Features;

/// Values of the largest pictures that are not shrunk: 32x32 grey. The covariance matrix grows with
/// their square.
constexpr std::size_t kMostValues = 1024;
constexpr std::size_t kLeastPictures = 5;
/// Neighbours whose similarities count, for each unit of perplexity (van der Maaten 2014, 4.1).
constexpr double kNeighborsPerPerplexity = 3;
/// Deviation of the points' x where t-SNE begins, as in scikit-learn.
constexpr float kStartDeviation = 1e-4F;
/// Pictures that one thread works on at a time.
constexpr std::size_t kBlock = 256;

void check(const Dataset& dataset, const EmbeddingOptions& options) {
  const auto refuse = [](const char* what) {
    throw UsageError(fmt::format("map of the pictures: {}", what));
  };
  if (options.samples < kLeastPictures) refuse("fewer than 5 samples asked for");
  if (options.components == 0) refuse("0 components, expected 1 or more");
  if (options.iterations < 1) refuse("less than 1 iteration");
  if (!(options.perplexity >= 1)) refuse("a perplexity below 1");
  if (dataset.size() < kLeastPictures) {
    throw DataError(fmt::format("map of the pictures in {}: there are {}, expected {} or more",
                                dataset.provenance.name, dataset.size(), kLeastPictures));
  }
}

/// Every (n / count)-th sample, in an order that goes from class to class and is random within.
std::vector<std::size_t> choose_samples(const Dataset& dataset, std::size_t count,
                                        std::uint64_t seed) {
  std::vector<std::size_t> order;
  std::vector<std::vector<std::size_t>> by_class = samples_by_class(dataset);
  for (std::size_t c = 0; c < by_class.size(); ++c) {
    Random(hash_seed(seed, c)).shuffle(std::span(by_class[c]));
    order.insert(order.end(), by_class[c].begin(), by_class[c].end());
  }
  count = std::min(count, order.size());
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < count; ++i) {
    chosen.push_back(order[(2 * i + 1) * order.size() / (2 * count)]);
  }
  std::ranges::sort(chosen);
  return chosen;
}

PictureShape shrunk(PictureShape shape) {
  const double factor =
      std::sqrt(static_cast<double>(kMostValues) / static_cast<double>(shape.size()));
  const auto most = static_cast<int>(kMostValues) / shape.channels;
  shape.height = std::clamp(static_cast<int>(shape.height * factor), 1, most);
  shape.width = std::clamp(static_cast<int>(shape.width * factor), 1, most / shape.height);
  return shape;
}

Images shrink(const Images& pictures) {
  const PictureShape from = pictures.shape();
  const PictureShape to = shrunk(from);
  Images small(to, pictures.size());
  constexpr std::size_t kGrain = 16;
  parallel_for(pictures.size(), kGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const auto pixels = pictures[i];
      const Picture picture = resize(Picture(from, {pixels.begin(), pixels.end()}), to.height,
                                     to.width, ResizeFilter::area);
      std::ranges::copy(picture.pixels, small[i].begin());
    }
  });
  return small;
}

Features pixels(const Images& pictures) {
  return Features(pictures.pixels(), pictures.shape().size(), 1.0F / 255.0F);
}

struct PrincipalComponents {
  std::vector<float> mean;             ///< [d]
  std::vector<float> directions;       ///< [k, d]
  std::vector<double> variance_ratio;  ///< [k]
};

PrincipalComponents principal_components(const Features& features, std::size_t k,
                                         Progress& progress) {
  const std::size_t d = features.dims();
  // A map has two dimensions; n samples vary in n - 1.
  k = std::min({std::max<std::size_t>(k, 2), d, features.size() - 1});
  const classical::Moments moments = classical::feature_moments(features, progress);
  PrincipalComponents components;
  components.mean.assign(moments.mean.begin(), moments.mean.end());
  const std::vector<double> matrix = classical::covariance(features, components.mean, progress);
  const bool few = k <= d / 4;
  linalg::Eigensystem system = few ? linalg::leading_eigensystem(matrix, d, k, progress)
                                   : linalg::symmetric_eigensystem(matrix, d);
  double total = 0;
  for (std::size_t j = 0; j < d; ++j) total += matrix[j * d + j];
  for (std::size_t i = 0; i < k; ++i) {
    const double variance = std::max(0.0, system.values[i]);  // rounding may leave it below 0
    components.variance_ratio.push_back(total > 0 ? variance / total : 0);
  }
  components.directions.assign(system.vectors.begin(),
                               system.vectors.begin() + static_cast<std::ptrdiff_t>(k * d));
  return components;
}

/// Coordinates along the components, float32 [n, k].
linalg::Matrix project(const Features& features, const PrincipalComponents& components) {
  const std::size_t n = features.size();
  const std::size_t d = features.dims();
  const std::size_t k = components.variance_ratio.size();
  linalg::Matrix values(n, k);
  parallel_tasks((n + kBlock - 1) / kBlock, [&](std::size_t block) {
    const std::size_t begin = block * kBlock;
    const std::size_t count = std::min(n - begin, kBlock);
    std::vector<float> centred(count * d);
    features.copy(begin, begin + count, centred.data());
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t j = 0; j < d; ++j) centred[i * d + j] -= components.mean[j];
    }
    linalg::sgemm(linalg::Transpose::no, linalg::Transpose::yes, count, k, d, 1, centred.data(), d,
                  components.directions.data(), d, 0, values.data() + begin * k, k);
  });
  return values;
}

MapPoints first_two(const linalg::Matrix& coordinates) {
  MapPoints map;
  for (std::size_t i = 0; i < coordinates.rows(); ++i) {
    map.x.push_back(coordinates[i][0]);
    map.y.push_back(coordinates.columns() > 1 ? coordinates[i][1] : 0.0F);
  }
  return map;
}

/// The same points, so small that t-SNE's gradients see no distances yet.
MapPoints starting_points(const MapPoints& pca) {
  double sum = 0;
  double squares = 0;
  for (const float x : pca.x) {
    sum += static_cast<double>(x);
    squares += static_cast<double>(x) * static_cast<double>(x);
  }
  const auto n = static_cast<double>(pca.size());
  const double deviation = std::sqrt(std::max(0.0, squares / n - (sum / n) * (sum / n)));
  const float factor =
      deviation > 0 ? static_cast<float>(static_cast<double>(kStartDeviation) / deviation) : 0.0F;
  MapPoints start = pca;
  for (float& x : start.x) x *= factor;
  for (float& y : start.y) y *= factor;
  return start;
}

std::vector<double> shares_of_neighbors(const MapPoints& map, std::span<const std::int32_t> labels,
                                        std::size_t classes, std::size_t k) {
  const classical::Neighbors neighbors = map_neighbors(map, k);
  std::vector<double> shares(classes * classes);
  std::vector<double> totals(classes);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto label = static_cast<std::size_t>(labels[i]);
    for (std::size_t e = i * k; e < (i + 1) * k; ++e) {
      const auto other = static_cast<std::size_t>(neighbors.indices[e]);
      shares[label * classes + static_cast<std::size_t>(labels[other])] += 1;
      totals[label] += 1;
    }
  }
  for (std::size_t i = 0; i < shares.size(); ++i) {
    if (totals[i / classes] > 0) shares[i] /= totals[i / classes];
  }
  return shares;
}

}  // namespace

Embedding embed(const Dataset& dataset, const EmbeddingOptions& options, Progress* progress) {
  check(dataset, options);
  Progress silent;
  Progress& told = progress != nullptr ? *progress : silent;
  Embedding embedding;
  embedding.indices = choose_samples(dataset, options.samples, options.seed);
  for (const std::size_t i : embedding.indices) embedding.labels.push_back(dataset.labels[i]);

  const bool large = dataset.images.shape().size() > kMostValues;
  const Images small = large ? shrink(dataset.images) : Images();
  const Images& pictures = large ? small : dataset.images;
  const PrincipalComponents components =
      principal_components(pixels(pictures), options.components, told);
  embedding.explained_variance_ratio = components.variance_ratio;
  const Images chosen = pictures.select(embedding.indices);
  const Features samples = pixels(chosen);
  linalg::Matrix coordinates = project(samples, components);
  embedding.pca = first_two(coordinates);

  const std::size_t n = samples.size();
  const auto others = static_cast<double>(n - 1);
  embedding.perplexity = std::min(options.perplexity, others / kNeighborsPerPerplexity);
  const auto k = static_cast<std::size_t>(
      std::min(others, std::floor(kNeighborsPerPerplexity * embedding.perplexity + 1)));
  const Similarities similarities = joint_similarities(
      neighbors_of_each(Features(std::move(coordinates)), k), embedding.perplexity);
  TsneOptions tsne_options;
  tsne_options.iterations = options.iterations;
  tsne_options.exaggerated_iterations = options.iterations / 3;
  TsneResult result = tsne(similarities, starting_points(embedding.pca), tsne_options, told);
  embedding.tsne = std::move(result.points);
  embedding.kl_divergence = result.kl_divergence;

  const std::size_t near = std::min(kTrustNeighbors, (n - 1) / 2);
  embedding.pca_trustworthiness = trustworthiness(samples, embedding.pca, near);
  embedding.tsne_trustworthiness = trustworthiness(samples, embedding.tsne, near);
  embedding.neighbor_shares =
      shares_of_neighbors(embedding.tsne, embedding.labels, dataset.classes.size(), near);
  return embedding;
}

}  // namespace thimble
