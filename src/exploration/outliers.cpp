#include "exploration/outliers.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "base/error.hpp"

namespace thimble {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
/// Keeps densities of copies finite, as in scikit-learn.
constexpr double kSmallestReach = 1e-10;

/// The progress of a part of the work, told as that of the whole.
class PartOfProgress : public Progress {
 public:
  PartOfProgress(Progress& whole, std::size_t before, std::size_t total)
      : whole_(whole), before_(before), total_(total) {}

  void update(std::uint64_t done, std::uint64_t, const std::string&) override {
    whole_.update(before_ + done, total_, "outliers");
  }
  bool stop_requested() const override { return whole_.stop_requested(); }

 private:
  Progress& whole_;
  std::uint64_t before_;
  std::uint64_t total_;
};

/// How a class's samples lie among each other, by their order in the class.
struct ClassFactors {
  std::vector<double> factors;
  std::vector<double> distances;  ///< mean Euclidean distance to the neighbours
};

/// With N(i) the k nearest of i, and r(j) the distance of j to the farthest of N(j):
///
///     reach(i, j) = max(|i - j|, r(j))
///     density(i)  = 1 / mean over j in N(i) of reach(i, j)
///     factor(i)   = mean over j in N(i) of density(j) / density(i)
ClassFactors local_outlier_factors(const Neighborhood& neighborhood) {
  const std::size_t n = neighborhood.samples;
  const auto k = static_cast<double>(neighborhood.k);
  ClassFactors result{std::vector<double>(n, 1), std::vector<double>(n, kNaN)};
  if (neighborhood.k == 0) return result;
  std::vector<double> density(n);
  for (std::size_t i = 0; i < n; ++i) {
    double reach = 0;
    double sum = 0;
    for (std::size_t j = 0; j < neighborhood.k; ++j) {
      const auto other = static_cast<std::size_t>(neighborhood.neighbors(i)[j]);
      const double squared = neighborhood.distances(i)[j];
      sum += std::sqrt(squared);
      reach += std::sqrt(std::max(squared, neighborhood.distances(other).back()));
    }
    density[i] = 1 / (reach / k + kSmallestReach);
    result.distances[i] = sum / k;
  }
  for (std::size_t i = 0; i < n; ++i) {
    double sum = 0;
    for (const std::int32_t other : neighborhood.neighbors(i)) {
      sum += density[static_cast<std::size_t>(other)];
    }
    result.factors[i] = sum / k / density[i];
  }
  return result;
}

double median(std::vector<double> values) {
  if (values.empty()) return kNaN;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

/// Fills in the class that most neighbours have.
void name_neighbors(const AllSamples& samples, const Neighborhood& neighborhood, Outlier& outlier) {
  std::vector<std::size_t> votes(samples.classes().size());
  const auto neighbors = neighborhood.neighbors(samples.position(outlier.sample));
  if (neighbors.empty()) {
    outlier.neighbors_class = outlier.label;
    return;
  }
  const auto class_of = [&](std::int32_t neighbor) {
    return static_cast<std::size_t>(samples.label(static_cast<std::size_t>(neighbor)));
  };
  for (const std::int32_t neighbor : neighbors) ++votes[class_of(neighbor)];
  const std::size_t most = *std::ranges::max_element(votes);
  const auto nearest = std::ranges::find_if(
      neighbors, [&](std::int32_t neighbor) { return votes[class_of(neighbor)] == most; });
  outlier.neighbors_class = static_cast<std::int32_t>(class_of(*nearest));
  outlier.neighbors_share = static_cast<double>(most) / static_cast<double>(neighbors.size());
}

std::vector<std::vector<std::size_t>> positions_by_class(const AllSamples& samples) {
  std::vector<std::vector<std::size_t>> positions(samples.classes().size());
  for (std::size_t i = 0; i < samples.size(); ++i) {
    positions[static_cast<std::size_t>(samples.label(i))].push_back(i);
  }
  return positions;
}

Images pictures_at(const AllSamples& samples, std::span<const std::size_t> positions) {
  Images images(samples.shape(), positions.size());
  for (std::size_t i = 0; i < positions.size(); ++i) {
    std::ranges::copy(samples.picture(positions[i]), images[i].begin());
  }
  return images;
}

}  // namespace

Outliers find_outliers(const DatasetSplits& splits, const Neighborhood& neighborhood,
                       Progress& progress, const OutlierOptions& options) {
  const AllSamples samples(splits);
  check_neighborhood(neighborhood, samples);
  if (options.neighbors == 0) throw UsageError("outliers: 0 neighbours, expected 1 or more");
  Outliers result;
  result.options = options;
  result.factors.assign(samples.size(), 1);
  std::size_t done = 0;
  for (const auto& positions : positions_by_class(samples)) {
    // The only one of its class is not unlike others.
    if (positions.size() > 1) {
      PartOfProgress part(progress, done, samples.size());
      const ClassFactors found = local_outlier_factors(
          find_neighbors(pictures_at(samples, positions), part, options.neighbors));
      const double typical = median(found.distances);
      for (std::size_t i = 0; i < positions.size(); ++i) {
        result.factors[positions[i]] = found.factors[i];
        const double distance = found.distances[i];
        result.ranked.push_back({samples.id(positions[i]), samples.label(positions[i]),
                                 found.factors[i],
                                 rms_difference(distance * distance, samples.shape()),
                                 typical > 0 ? distance / typical : 1.0, 0, 0});
      }
    }
    done += positions.size();
  }
  std::ranges::sort(result.ranked, [](const Outlier& a, const Outlier& b) {
    return a.factor != b.factor ? a.factor > b.factor : a.sample < b.sample;
  });
  result.clear = static_cast<std::size_t>(
      std::ranges::count_if(result.factors, [](double factor) { return factor > kOutlierFactor; }));
  if (result.ranked.size() > options.limit) result.ranked.resize(options.limit);
  for (Outlier& outlier : result.ranked) name_neighbors(samples, neighborhood, outlier);
  return result;
}

}  // namespace thimble
