// t-SNE: a map on which those that are alike lie together.
//
// L. van der Maaten, G. Hinton: "Visualizing Data using t-SNE", Journal of Machine Learning
// Research 9, 2008; similarities only of nearest neighbours as in L. van der Maaten: "Accelerating
// t-SNE using Tree-Based Algorithms", Journal of Machine Learning Research 15, 2014, section 4.1.
// What pushes points apart is summed over all pairs, without that paper's trees: for some thousand
// points the vectorised sum is as fast, and exact.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/progress.hpp"
#include "classical/features.hpp"
#include "classical/neighbors.hpp"

namespace thimble {

/// Points of a map.
struct MapPoints {
  std::vector<float> x;
  std::vector<float> y;  ///< as many

  std::size_t size() const { return x.size(); }
};

/// A sparse symmetric matrix of similarities, one row a point.
struct Similarities {
  std::vector<std::size_t> begins;       ///< [n + 1]: row i is [begins[i], begins[i + 1])
  std::vector<std::uint32_t> neighbors;  ///< ascending within a row
  std::vector<float> values;             ///< > 0, all together sum to 1

  std::size_t size() const { return begins.empty() ? 0 : begins.size() - 1; }
};

/// Probabilities with which each point picks its neighbours: p(j|i) ~ exp(-beta d(i,j)^2), with the
/// beta that gives the row the wanted perplexity, 2 to the power of its entropy in bits (2008,
/// section 2, equation 1).
///
/// @param neighbors   of every point, itself not among them
/// @param perplexity  from 1 to below neighbors.k
/// @return            float32 [n, k]; rows sum to 1
std::vector<float> conditional_similarities(const classical::Neighbors& neighbors,
                                            double perplexity);

/// The means of p(j|i) and p(i|j), divided by n (2014, equations 6 and 7).
Similarities joint_similarities(const classical::Neighbors& neighbors, double perplexity);

/// Neighbours of each sample among the others, the nearest `k`, at most size() - 1.
classical::Neighbors neighbors_of_each(const classical::Features& samples, std::size_t k);

struct TsneOptions {
  int iterations = 750;
  int exaggerated_iterations = 250;  ///< the first ones, with similarities times the next
  double exaggeration = 12;
  double learning_rate = 0;  ///< 0: n / exaggeration / 4, at least 50
};

struct TsneResult {
  MapPoints points;
  double kl_divergence = 0;        ///< in nats, of the map's similarities from the given ones
  std::vector<double> kl_history;  ///< every kKlEvery iterations, without exaggeration
};

inline constexpr int kKlEvery = 50;

/// Moves the points until the map's similarities are those given: gradient descent with momentum
/// and gains (2008, section 3.4).
///
/// Deterministic, whatever the number of threads.
/// @param start       where the points begin; distances well below 1 (2008: deviation 1e-2, here
///                    1e-4 of the first principal components, as scikit-learn)
/// @throws ShapeError  if there are not as many points as rows
/// @throws Cancelled   if `progress` asked to stop
TsneResult tsne(const Similarities& similarities, const MapPoints& start,
                const TsneOptions& options, Progress& progress);

}  // namespace thimble
