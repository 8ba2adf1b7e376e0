#include "imaging/photo/background.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/simd.hpp"

namespace thimble::photo {
namespace {

constexpr std::size_t kTerms = 6;

/// Colour differences span less than brightness, and tell more.
constexpr float kColorWeight = 2;

float distance(const std::array<float, 3>& a, const std::array<float, 3>& b) {
  const float luma = a[0] - b[0];
  const float cb = a[1] - b[1];
  const float cr = a[2] - b[2];
  return std::sqrt(luma * luma + kColorWeight * (cb * cb + cr * cr));
}

/// Sums of weighted products of the terms among each other and with the three channels.
struct NormalEquations {
  float matrix[kTerms][kTerms] = {};
  float right[kTerms][3] = {};

  void add(const std::array<float, kTerms>& terms, const std::array<float, 3>& color,
           float weight) {
    for (std::size_t i = 0; i < kTerms; ++i) {
      const float weighed = weight * terms[i];
      for (std::size_t j = 0; j < kTerms; ++j) matrix[i][j] += weighed * terms[j];
      for (std::size_t c = 0; c < 3; ++c) right[i][c] += weighed * color[c];
    }
  }

  /// By Cholesky's decomposition, with the first `terms` of them; the others get 0. The ridge keeps
  /// samples along a line solvable.
  std::array<std::array<float, kTerms>, 3> solve(std::size_t terms) const {
    const double ridge = 1e-6 * matrix[0][0] + 1e-12;
    double factor[kTerms][kTerms] = {};
    for (std::size_t i = 0; i < terms; ++i) {
      for (std::size_t j = 0; j <= i; ++j) {
        double sum = matrix[i][j] + (i == j && i > 0 ? ridge : 0);
        for (std::size_t k = 0; k < j; ++k) sum -= factor[i][k] * factor[j][k];
        factor[i][j] = i == j ? std::sqrt(std::max(sum, ridge)) : sum / factor[j][j];
      }
    }
    std::array<std::array<float, kTerms>, 3> solution{};
    for (std::size_t c = 0; c < 3; ++c) {
      double values[kTerms];
      for (std::size_t i = 0; i < terms; ++i) {
        double sum = right[i][c];
        for (std::size_t k = 0; k < i; ++k) sum -= factor[i][k] * values[k];
        values[i] = sum / factor[i][i];
      }
      for (std::size_t i = terms; i-- > 0;) {
        double sum = values[i];
        for (std::size_t k = i + 1; k < terms; ++k) sum -= factor[k][i] * values[k];
        values[i] = sum / factor[i][i];
        solution[c][i] = static_cast<float>(values[i]);
      }
    }
    return solution;
  }
};

/// The value that `share` of them lie below. Reorders.
float quantile(std::vector<float>& values, double share) {
  const auto place = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + place, values.end());
  return values[static_cast<std::size_t>(place)];
}

/// Of normally distributed values, the median of their absolute deviations is so much less than
/// their standard deviation.
constexpr float kMedianToDeviation = 1.4826f;

}  // namespace

Background Background::plain(std::array<float, 3> color) {
  Background background;
  for (std::size_t c = 0; c < 3; ++c) background.coefficients_[c][0] = color[c];
  return background;
}

std::array<float, Background::kTerms> Background::terms(float x, float y) const {
  const float u = x * x_scale_ - 1;
  const float v = y * y_scale_ - 1;
  return {1, u, v, u * u, u * v, v * v};
}

std::array<float, 3> Background::at(float x, float y) const {
  const auto basis = terms(x, y);
  std::array<float, 3> color{};
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t i = 0; i < kTerms; ++i) color[c] += coefficients_[c][i] * basis[i];
  }
  return color;
}

namespace {

/// Least squares, again and again, with weights from how far each sample was off the last time.
class Refitting {
 public:
  using Coefficients = std::array<std::array<float, kTerms>, 3>;

  Refitting(std::span<const Sample> samples, std::vector<std::array<float, kTerms>> bases,
            Coefficients& coefficients)
      : samples_(samples),
        bases_(std::move(bases)),
        coefficients_(coefficients),
        off_(samples.size(), 1.0f) {}

  template <class Weight>
  void fit(std::size_t terms, const Weight& weight) {
    NormalEquations equations;
    for (std::size_t i = 0; i < samples_.size(); ++i) {
      const float w = weight(off_[i]);
      if (w > 0) equations.add(bases_[i], samples_[i].color, w);
    }
    coefficients_ = equations.solve(terms);
    measure();
  }

  void measure() {
    for (std::size_t i = 0; i < samples_.size(); ++i) {
      std::array<float, 3> expected{};
      for (std::size_t c = 0; c < 3; ++c) {
        for (std::size_t k = 0; k < kTerms; ++k) expected[c] += coefficients_[c][k] * bases_[i][k];
      }
      off_[i] = distance(samples_[i].color, expected);
    }
  }

  float median_off() const {
    std::vector<float> sorted = off_;
    return quantile(sorted, 0.5);
  }

 private:
  std::span<const Sample> samples_;
  std::vector<std::array<float, kTerms>> bases_;
  Coefficients& coefficients_;
  std::vector<float> off_;
};

/// Weights for the least absolute deviations.
float absolute(float off) {
  constexpr float kAtLeast = 1;  // levels; what is nearer is as good as on the surface
  return 1 / std::max(off, kAtLeast);
}

}  // namespace

Background Background::fit(std::span<const Sample> samples, int height, int width) {
  Background background;
  background.x_scale_ = 2 / static_cast<float>(width);
  background.y_scale_ = 2 / static_cast<float>(height);
  std::vector<std::array<float, kTerms>> bases;
  bases.reserve(samples.size());
  for (const Sample& sample : samples) bases.push_back(background.terms(sample.x, sample.y));
  Refitting fitting(samples, std::move(bases), background.coefficients_);
  constexpr std::size_t kLinear = 3;
  for (int i = 0; i < 5; ++i) fitting.fit(kLinear, absolute);
  for (int i = 0; i < 2; ++i) fitting.fit(kTerms, absolute);
  background.settle(samples);
  return background;
}

Background Background::refit(std::span<const Sample> samples) const {
  Background background = *this;
  background.settle(samples);
  return background;
}

/// Leaves out what is far off, and measures the noise of the rest.
void Background::settle(std::span<const Sample> samples) {
  std::vector<std::array<float, kTerms>> bases;
  bases.reserve(samples.size());
  for (const Sample& sample : samples) bases.push_back(terms(sample.x, sample.y));
  Refitting fitting(samples, std::move(bases), coefficients_);
  fitting.measure();
  for (int i = 0; i < 2; ++i) {
    constexpr float kTukey = 4.685f;  // 95 % as efficient as least squares on normal noise
    const float reach = kTukey * std::max(2.0f, kMedianToDeviation * fitting.median_off());
    fitting.fit(kTerms, [reach](float off) {
      const float share = off / reach;
      return share < 1 ? (1 - share * share) * (1 - share * share) : 0.0f;
    });
  }
  std::vector<float> luma_off;
  std::vector<float> color_off;
  for (const Sample& sample : samples) {
    const auto expected = at(sample.x, sample.y);
    luma_off.push_back(std::abs(sample.color[0] - expected[0]));
    color_off.push_back(
        std::max(std::abs(sample.color[1] - expected[1]), std::abs(sample.color[2] - expected[2])));
  }
  luma_noise_ = kMedianToDeviation * quantile(luma_off, 0.5);
  color_noise_ = kMedianToDeviation * quantile(color_off, 0.5);
}

namespace {

/// row[x] = constant + u * (linear + u * square), where u = first + x * stride.
THIMBLE_SIMD_CLONES
void draw_parabola(float* __restrict row, float constant, float linear, float square, float first,
                   float stride, int n) {
  for (int x = 0; x < n; ++x) {
    const float u = first + static_cast<float>(x) * stride;
    row[x] = constant + u * (linear + u * square);
  }
}

}  // namespace

void Background::draw_row(const Planes& planes, int channel, int y, std::span<float> row) const {
  const auto& k = coefficients_[static_cast<std::size_t>(channel)];
  const auto step = static_cast<float>(planes.step);
  const float v =
      (static_cast<float>(planes.top) + (static_cast<float>(y) + 0.5f) * step) * y_scale_ - 1;
  const float constant = k[0] + v * (k[2] + v * k[5]);
  const float linear = k[1] + v * k[4];
  const float first = (static_cast<float>(planes.left) + 0.5f * step) * x_scale_ - 1;
  draw_parabola(row.data(), constant, linear, k[3], first, step * x_scale_,
                static_cast<int>(row.size()));
}

}  // namespace thimble::photo
