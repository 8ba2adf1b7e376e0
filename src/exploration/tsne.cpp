#include "exploration/tsne.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/simd.hpp"

namespace thimble {
namespace {

/// Points whose forces are summed side by side in vector registers.
constexpr std::size_t kLanes = 16;
/// Points that one thread works on at a time. Fixed, so that results do not depend on the number of
/// threads; so many that small maps stay on one, where they are done soonest.
constexpr std::size_t kBlock = 16 * kLanes;

// Momentum as in the paper (2008, section 3.4); gains by R. A. Jacobs, "Increased rates of
// convergence through learning rate adaptation", Neural Networks 1, 1988, with the constants of
// van der Maaten's own program, which the paper refers to and scikit-learn took over.
constexpr float kEarlyMomentum = 0.5F;
constexpr float kMomentum = 0.8F;
constexpr float kGainStep = 0.2F;
constexpr float kGainFactor = 0.8F;
constexpr float kLeastGain = 0.01F;
constexpr double kLeastLearningRate = 50;
/// Conditional similarities below this do not count, so that their shares keep above 0.
constexpr float kLeastSimilarity = 1e-20F;

/// For kLanes points: sums over all n points of q^2 (y - y_j), and of q = 1 / (1 + |y - y_j|^2).
struct LaneSums {
  std::array<float, kLanes> x{}, y{}, q{};
};

THIMBLE_SIMD_CLONES
void sum_repulsion(const float* x, const float* y, std::size_t n, const float* at_x,
                   const float* at_y, LaneSums& sums) {
  float sum_x[kLanes] = {}, sum_y[kLanes] = {}, sum_q[kLanes] = {};
  for (std::size_t j = 0; j < n; ++j) {
    const float other_x = x[j];
    const float other_y = y[j];
    for (std::size_t l = 0; l < kLanes; ++l) {
      const float dx = at_x[l] - other_x;
      const float dy = at_y[l] - other_y;
      const float q = 1.0F / (1.0F + dx * dx + dy * dy);
      sum_q[l] += q;
      sum_x[l] += q * q * dx;
      sum_y[l] += q * q * dy;
    }
  }
  std::copy_n(sum_x, kLanes, sums.x.data());
  std::copy_n(sum_y, kLanes, sums.y.data());
  std::copy_n(sum_q, kLanes, sums.q.data());
}

/// Gradient descent on one map.
class Descent {
 public:
  Descent(const Similarities& similarities, const MapPoints& start, double learning_rate)
      : similarities_(similarities),
        points_(start),
        n_(start.size()),
        learning_rate_(static_cast<float>(learning_rate)),
        pull_x_(n_),
        pull_y_(n_),
        push_x_(n_),
        push_y_(n_),
        block_q_((n_ + kBlock - 1) / kBlock),
        step_x_(n_),
        step_y_(n_),
        gain_x_(n_, 1.0F),
        gain_y_(n_, 1.0F) {}

  void step(float exaggeration, float momentum) {
    parallel_tasks(block_q_.size(), [&](std::size_t block) {
      push(block);
      pull(block);
    });
    const auto inverse_sum = static_cast<float>(1 / sum_of_q());
    for (std::size_t i = 0; i < n_; ++i) {
      const float gradient_x = 4 * (exaggeration * pull_x_[i] - push_x_[i] * inverse_sum);
      const float gradient_y = 4 * (exaggeration * pull_y_[i] - push_y_[i] * inverse_sum);
      points_.x[i] += move(gradient_x, momentum, step_x_[i], gain_x_[i]);
      points_.y[i] += move(gradient_y, momentum, step_y_[i], gain_y_[i]);
    }
  }

  /// sum p log(p / (q / sum q)), of the points as they are.
  double kl_divergence() {
    std::vector<double> parts(block_q_.size());
    parallel_tasks(block_q_.size(), [&](std::size_t block) {
      push(block);
      for (std::size_t i = block * kBlock; i < std::min(n_, (block + 1) * kBlock); ++i) {
        for (std::size_t e = similarities_.begins[i]; e < similarities_.begins[i + 1]; ++e) {
          const auto p = static_cast<double>(similarities_.values[e]);
          parts[block] += p * (std::log(p) + std::log1p(static_cast<double>(
                                                 squared_distance(i, similarities_.neighbors[e]))));
        }
      }
    });
    return std::accumulate(parts.begin(), parts.end(), 0.0) + std::log(sum_of_q());
  }

  MapPoints take() && { return std::move(points_); }

 private:
  float move(float gradient, float momentum, float& step, float& gain) const {
    gain = step * gradient < 0 ? gain + kGainStep : std::max(gain * kGainFactor, kLeastGain);
    step = momentum * step - learning_rate_ * gain * gradient;
    return step;
  }

  float squared_distance(std::size_t i, std::size_t j) const {
    const float dx = points_.x[i] - points_.x[j];
    const float dy = points_.y[i] - points_.y[j];
    return dx * dx + dy * dy;
  }

  double sum_of_q() const {
    const double sum = std::accumulate(block_q_.begin(), block_q_.end(), 0.0);
    return std::max(sum, std::numeric_limits<double>::min());
  }

  /// What drives a block's points away from all others, and their part of the sum of all q.
  void push(std::size_t block) {
    double sum = 0;
    for (std::size_t begin = block * kBlock; begin < std::min(n_, (block + 1) * kBlock);
         begin += kLanes) {
      const std::size_t count = std::min(kLanes, n_ - begin);
      std::array<float, kLanes> at_x{}, at_y{};
      std::copy_n(points_.x.data() + begin, count, at_x.data());
      std::copy_n(points_.y.data() + begin, count, at_y.data());
      LaneSums sums;
      sum_repulsion(points_.x.data(), points_.y.data(), n_, at_x.data(), at_y.data(), sums);
      for (std::size_t l = 0; l < count; ++l) {
        push_x_[begin + l] = sums.x[l];
        push_y_[begin + l] = sums.y[l];
        sum += static_cast<double>(sums.q[l]) - 1;  // without the point itself
      }
    }
    block_q_[block] = sum;
  }

  /// What draws a block's points to those that they are alike to.
  void pull(std::size_t block) {
    for (std::size_t i = block * kBlock; i < std::min(n_, (block + 1) * kBlock); ++i) {
      float sum_x = 0, sum_y = 0;
      for (std::size_t e = similarities_.begins[i]; e < similarities_.begins[i + 1]; ++e) {
        const std::size_t j = similarities_.neighbors[e];
        const float pq = similarities_.values[e] / (1 + squared_distance(i, j));
        sum_x += pq * (points_.x[i] - points_.x[j]);
        sum_y += pq * (points_.y[i] - points_.y[j]);
      }
      pull_x_[i] = sum_x;
      pull_y_[i] = sum_y;
    }
  }

  const Similarities& similarities_;
  MapPoints points_;
  std::size_t n_;
  float learning_rate_;
  std::vector<float> pull_x_, pull_y_;
  std::vector<float> push_x_, push_y_;
  std::vector<double> block_q_;
  std::vector<float> step_x_, step_y_;
  std::vector<float> gain_x_, gain_y_;
};

/// One row of conditional similarities, unnormalised, and its entropy in nats.
class Row {
 public:
  explicit Row(std::span<const double> squared_distances)
      : distances_(squared_distances.begin(), squared_distances.end()),
        weights_(squared_distances.size()) {
    // Only differences matter, and the nearest one's weight is then 1, never 0.
    const double least = *std::ranges::min_element(distances_);
    for (double& d : distances_) d -= least;
  }

  double mean_distance() const {
    return std::accumulate(distances_.begin(), distances_.end(), 0.0) /
           static_cast<double>(distances_.size());
  }

  double entropy(double beta) {
    sum_ = 0;
    double weighted = 0;
    for (std::size_t j = 0; j < weights_.size(); ++j) {
      weights_[j] = std::exp(-beta * distances_[j]);
      sum_ += weights_[j];
      weighted += distances_[j] * weights_[j];
    }
    return std::log(sum_) + beta * weighted / sum_;
  }

  double similarity(std::size_t j) const { return weights_[j] / sum_; }

 private:
  std::vector<double> distances_;
  std::vector<double> weights_;
  double sum_ = 1;
};

/// Entropy falls as beta grows: doubling or halving until the wanted one is between two betas, then
/// bisection. Where points lie on each other there may be no such beta; the search ends all the
/// same.
void reach_entropy(Row& row, double wanted) {
  constexpr int kMostSteps = 100;
  constexpr double kTolerance = 1e-7;
  const double mean = row.mean_distance();
  double beta = mean > 0 ? 1 / mean : 1;
  double low = 0;
  double high = 0;  // 0: not found yet
  for (int step = 0; step < kMostSteps; ++step) {
    const double excess = row.entropy(beta) - wanted;
    if (std::abs(excess) < kTolerance) return;
    (excess > 0 ? low : high) = beta;
    beta = high > 0 ? (low + high) / 2 : 2 * beta;
  }
}

}  // namespace

std::vector<float> conditional_similarities(const classical::Neighbors& neighbors,
                                            double perplexity) {
  const std::size_t k = neighbors.k;
  if (!(perplexity >= 1 && perplexity < static_cast<double>(k))) {
    throw UsageError(fmt::format("perplexity: {}, expected 1 to below the number of neighbours, {}",
                                 perplexity, k));
  }
  const std::size_t n = neighbors.indices.size() / k;
  std::vector<float> similarities(n * k);
  parallel_for(n, kBlock, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      Row row(std::span(neighbors.squared_distances).subspan(i * k, k));
      reach_entropy(row, std::log(perplexity));
      for (std::size_t j = 0; j < k; ++j) {
        similarities[i * k + j] = static_cast<float>(row.similarity(j));
      }
    }
  });
  return similarities;
}

Similarities joint_similarities(const classical::Neighbors& neighbors, double perplexity) {
  const std::vector<float> conditional = conditional_similarities(neighbors, perplexity);
  const std::size_t k = neighbors.k;
  const std::size_t n = conditional.size() / k;
  struct Entry {
    std::uint32_t neighbor;
    double value;
  };
  std::vector<std::vector<Entry>> rows(n);
  const double share = 1 / (2 * static_cast<double>(n));
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t e = i * k; e < (i + 1) * k; ++e) {
      if (conditional[e] < kLeastSimilarity) continue;
      const auto j = static_cast<std::uint32_t>(neighbors.indices[e]);
      const double value = static_cast<double>(conditional[e]) * share;
      rows[i].push_back({j, value});
      rows[j].push_back({static_cast<std::uint32_t>(i), value});
    }
  }
  Similarities joint;
  joint.begins.push_back(0);
  for (std::vector<Entry>& row : rows) {
    std::ranges::sort(row, {}, &Entry::neighbor);
    for (std::size_t e = 0; e < row.size(); ++e) {
      if (e > 0 && row[e].neighbor == row[e - 1].neighbor) {
        joint.values.back() = static_cast<float>(row[e].value + row[e - 1].value);
      } else {
        joint.neighbors.push_back(row[e].neighbor);
        joint.values.push_back(static_cast<float>(row[e].value));
      }
    }
    joint.begins.push_back(joint.values.size());
  }
  return joint;
}

classical::Neighbors neighbors_of_each(const classical::Features& samples, std::size_t k) {
  const std::size_t n = samples.size();
  k = std::min(k, n > 0 ? n - 1 : 0);
  classical::Neighbors others{k, {}, {}};
  if (k == 0) return others;
  const classical::Neighbors all = classical::NearestNeighbors(samples).search(samples, k + 1);
  for (std::size_t i = 0; i < n; ++i) {
    const auto begin = all.indices.begin() + static_cast<std::ptrdiff_t>(i * (k + 1));
    // Not always the first: others may lie on the same place. Not always there: so may many.
    const auto itself =
        std::find(begin, begin + static_cast<std::ptrdiff_t>(k), static_cast<std::int32_t>(i));
    for (std::size_t j = 0; j <= k; ++j) {
      if (static_cast<std::ptrdiff_t>(j) == itself - begin) continue;
      others.indices.push_back(all.indices[i * (k + 1) + j]);
      others.squared_distances.push_back(all.squared_distances[i * (k + 1) + j]);
    }
  }
  return others;
}

TsneResult tsne(const Similarities& similarities, const MapPoints& start,
                const TsneOptions& options, Progress& progress) {
  const std::size_t n = similarities.size();
  if (start.x.size() != n || start.y.size() != n) {
    throw ShapeError(fmt::format("tsne: {} and {} coordinates for {} points", start.x.size(),
                                 start.y.size(), n));
  }
  // A. C. Belkina et al., "Automated optimized parameters for T-distributed stochastic neighbor
  // embedding improve visualization and analysis of large datasets", Nature Communications 10,
  // 2019: n / exaggeration, of a gradient without the factor 4.
  const double learning_rate =
      options.learning_rate > 0
          ? options.learning_rate
          : std::max(static_cast<double>(n) / options.exaggeration / 4, kLeastLearningRate);
  TsneResult result;
  Descent descent(similarities, start, learning_rate);
  for (int iteration = 0; iteration < options.iterations; ++iteration) {
    if (progress.stop_requested()) throw Cancelled("t-SNE: stopped");
    if (iteration % kKlEvery == 0) {
      result.kl_history.push_back(descent.kl_divergence());
      progress.update(static_cast<std::uint64_t>(iteration),
                      static_cast<std::uint64_t>(options.iterations),
                      fmt::format("t-SNE  divergence {:.3f}", result.kl_history.back()));
    }
    const bool early = iteration < options.exaggerated_iterations;
    descent.step(early ? static_cast<float>(options.exaggeration) : 1.0F,
                 early ? kEarlyMomentum : kMomentum);
  }
  result.kl_divergence = descent.kl_divergence();
  result.kl_history.push_back(result.kl_divergence);
  result.points = std::move(descent).take();
  return result;
}

}  // namespace thimble
