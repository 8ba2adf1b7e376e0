#include "classical/pca.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/simd.hpp"
#include "classical/scaling.hpp"
#include "linalg/leading_eigensystem.hpp"
#include "linalg/products.hpp"

namespace thimble::classical {
namespace {

using linalg::Transpose;

THIMBLE_SIMD_CLONES
void subtract(float* sample, std::size_t d, const float* mean) {
  for (std::size_t j = 0; j < d; ++j) sample[j] -= mean[j];
}

THIMBLE_SIMD_CLONES
void add_products(const float* from, std::size_t n, double* to) {
  for (std::size_t j = 0; j < n; ++j) to[j] += static_cast<double>(from[j]);
}

/// Writes the samples [begin, end) less the mean to `out`.
void copy_centred(const Features& features, std::size_t begin, std::size_t end,
                  const std::vector<float>& mean, float* out) {
  const std::size_t d = features.dims();
  features.copy(begin, end, out);
  for (std::size_t i = 0; i < end - begin; ++i) subtract(out + i * d, d, mean.data());
}

/// Samples whose products are summed in float32, and the side of a square of the matrix that one
/// thread works on.
constexpr std::size_t kProductSamples = 1024;
constexpr std::size_t kSquare = 192;

}  // namespace

std::vector<double> covariance(const Features& features, const std::vector<float>& mean,
                               Progress& progress) {
  const std::size_t n = features.size();
  const std::size_t d = features.dims();
  std::vector<double> matrix(d * d);
  struct Square {
    std::size_t row, column;
  };
  std::vector<Square> squares;
  for (std::size_t row = 0; row < d; row += kSquare) {
    for (std::size_t column = 0; column <= row; column += kSquare) squares.push_back({row, column});
  }
  std::vector<float> samples(std::min(n, kProductSamples) * d);
  for (std::size_t from = 0; from < n; from += kProductSamples) {
    if (progress.stop_requested()) throw Cancelled("cancelled");
    progress.update(from, n, "covariance");
    const std::size_t count = std::min(n - from, kProductSamples);
    parallel_for(count, 64, [&](std::size_t begin, std::size_t end) {
      copy_centred(features, from + begin, from + end, mean, samples.data() + begin * d);
    });
    parallel_tasks(squares.size(), [&](std::size_t task) {
      const auto [row, column] = squares[task];
      const std::size_t rows = std::min(kSquare, d - row);
      const std::size_t columns = std::min(kSquare, d - column);
      std::vector<float> products(rows * columns);
      linalg::sgemm(Transpose::yes, Transpose::no, rows, columns, count, 1, samples.data() + row, d,
                    samples.data() + column, d, 0, products.data(), columns);
      for (std::size_t i = 0; i < rows; ++i) {
        add_products(products.data() + i * columns, columns, &matrix[(row + i) * d + column]);
      }
    });
  }
  const double divisor = n > 1 ? static_cast<double>(n - 1) : 1.0;
  for (std::size_t i = 0; i < d; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      matrix[i * d + j] /= divisor;
      matrix[j * d + i] = matrix[i * d + j];
    }
  }
  return matrix;
}

Pca::Pca(FeatureLine& line) {
  const auto wanted = line.next();
  if (!wanted) line.fail("the number of components is missing (or the share of variance to keep)");
  wanted_ = *wanted;
  if (wanted_.find_first_of(".eE") == std::string::npos) {
    components_ = line.whole_number(wanted_, "the number of components");
    if (components_ < 1) line.fail(fmt::format("{} components, expected 1 or more", wanted_));
  } else {
    share_ = line.number(wanted_, "the share of variance");
    if (!(share_ > 0 && share_ < 1)) {
      line.fail(
          fmt::format("{}, expected a whole number of components or a share of variance "
                      "between 0 and 1",
                      wanted_));
    }
  }
  whiten_ = line.option("whiten", false);
  line.finish();
}

std::string Pca::line() const { return fmt::format("pca {} whiten={}", wanted_, whiten_); }

std::size_t Pca::components_wanted(const std::vector<double>& variances) const {
  if (components_ > 0) return static_cast<std::size_t>(components_);
  const double total = std::accumulate(variances.begin(), variances.end(), 0.0);
  double kept = 0;
  std::size_t k = 0;
  while (k < variances.size() && (k == 0 || kept < share_ * total)) kept += variances[k++];
  return k;
}

void Pca::fit(const Features& features, Progress& progress) {
  const std::size_t n = features.size();
  const std::size_t d = features.dims();
  if (static_cast<std::size_t>(components_) > std::min(n, d)) {
    throw UsageError(
        fmt::format("feature step \"{}\": {} components, but there are only {} samples of {} "
                    "features",
                    line(), components_, n, d));
  }
  const Moments moments = feature_moments(features, progress);
  mean_.assign(moments.mean.begin(), moments.mean.end());
  const std::vector<double> matrix = covariance(features, mean_, progress);
  progress.update(0, 0, "eigenvectors");
  // Of a large matrix the few largest are found much sooner than all.
  constexpr std::size_t kLarge = 1024;
  const auto few = static_cast<std::size_t>(components_);
  linalg::Eigensystem system = d > kLarge && few > 0 && few <= d / 4
                                   ? linalg::leading_eigensystem(matrix, d, few, progress)
                                   : linalg::symmetric_eigensystem(matrix, d);
  // Rounding leaves the eigenvalues of directions without variance a little above or below 0.
  const double rounding = static_cast<double>(std::numeric_limits<float>::epsilon()) *
                          std::max(0.0, d > 0 ? system.values.front() : 0.0);
  for (double& value : system.values) value = value > rounding ? value : 0;
  const std::size_t k = components_wanted(system.values);
  variance_.assign(system.values.begin(), system.values.begin() + static_cast<std::ptrdiff_t>(k));
  directions_.assign(system.vectors.begin(),
                     system.vectors.begin() + static_cast<std::ptrdiff_t>(k * d));
  prepare();
}

void Pca::prepare() {
  projection_ = directions_;
  if (!whiten_) return;
  const std::size_t d = mean_.size();
  for (std::size_t i = 0; i < variance_.size(); ++i) {
    const float factor = std::isnormal(variance_[i]) ? 1 / std::sqrt(variance_[i]) : 0.0F;
    for (std::size_t j = 0; j < d; ++j) projection_[i * d + j] *= factor;
  }
}

Features Pca::apply(Features features) const {
  const std::size_t n = features.size();
  const std::size_t d = features.dims();
  const std::size_t k = variance_.size();
  linalg::Matrix values(n, k);
  parallel_tasks((n + kSampleBlock - 1) / kSampleBlock, [&](std::size_t block) {
    const std::size_t begin = block * kSampleBlock;
    const std::size_t end = std::min(n, begin + kSampleBlock);
    std::vector<float> centred((end - begin) * d);
    copy_centred(features, begin, end, mean_, centred.data());
    linalg::sgemm(Transpose::no, Transpose::yes, end - begin, k, d, 1, centred.data(), d,
                  projection_.data(), d, 0, values.data() + begin * k, k);
  });
  return Features(std::move(values));
}

std::vector<LearnedArray> Pca::learned() const {
  const auto d = static_cast<std::int64_t>(mean_.size());
  const auto k = static_cast<std::int64_t>(variance_.size());
  return {{"mean", {d}, mean_},
          {"components", {k, d}, directions_},
          {"explained_variance", {k}, variance_}};
}

void Pca::restore(std::size_t dims, const LearnedArrays& arrays) {
  const auto d = static_cast<std::int64_t>(dims);
  std::int64_t k = components_;
  if (k == 0) {
    const LearnedArray& variance = arrays.find("explained_variance");
    k = static_cast<std::int64_t>(variance.values.size());
  }
  if (k > d) {
    arrays.refuse("explained_variance", fmt::format("{} components of {} features", k, d));
  }
  variance_ = arrays.values("explained_variance", {k});
  if (std::ranges::any_of(variance_, [](float x) { return x < 0; })) {
    arrays.refuse("explained_variance", "a variance is negative");
  }
  mean_ = arrays.values("mean", {d});
  directions_ = arrays.values("components", {k, d});
  prepare();
}

}  // namespace thimble::classical
