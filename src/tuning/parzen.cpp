#include "tuning/parzen.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace thimble::tuning {
namespace {

/// Of the standard normal distribution between a and b >= a, exact in the tails.
double normal_mass(double a, double b) {
  if (a > 0) return normal_mass(-b, -a);
  return 0.5 * (std::erfc(-b / std::numbers::sqrt2) - std::erfc(-a / std::numbers::sqrt2));
}

double normal_density(double x) { return std::exp(-0.5 * x * x) / std::sqrt(2 * std::numbers::pi); }

}  // namespace

ParzenDensity::ParzenDensity(const Parameter& parameter, std::vector<double> places,
                             double prior_weight)
    : parameter_(parameter) {
  if (parameter.kind == Parameter::Kind::choice) {
    make_probabilities(places, prior_weight);
  } else {
    make_kernels(std::move(places), prior_weight);
  }
}

void ParzenDensity::make_kernels(std::vector<double> places, double prior_weight) {
  std::sort(places.begin(), places.end());
  const std::size_t n = places.size();
  const double total = static_cast<double>(n) + prior_weight;
  // Not narrower than an even share of the range, or the first few good trials would be tried over
  // and over.
  const double narrowest = 1 / std::min(100.0, static_cast<double>(n) + 2);
  for (std::size_t i = 0; i < n; ++i) {
    const double left = i > 0 ? places[i] - places[i - 1] : n > 1 ? 0 : places[i];
    const double right = i + 1 < n ? places[i + 1] - places[i] : n > 1 ? 0 : 1 - places[i];
    const double width = std::clamp(std::max(left, right), narrowest, 1.0);
    kernels_.push_back({places[i], width, 1 / total, 1});
  }
  kernels_.push_back({0.5, 1, prior_weight / total, 1});
  for (Kernel& kernel : kernels_) {
    kernel.mass = normal_mass(-kernel.center / kernel.width, (1 - kernel.center) / kernel.width);
  }
}

void ParzenDensity::make_probabilities(const std::vector<double>& places, double prior_weight) {
  const double n = static_cast<double>(places.size());
  const double choices = static_cast<double>(parameter_.choices.size());
  // What a kernel leaves to each choice: the less, the more trials have been seen.
  const double rest = prior_weight / (n + 1);
  const double scale = 1 / (1 + choices * rest);
  const double prior = prior_weight / choices + n * rest * scale;
  probabilities_.assign(parameter_.choices.size(), prior / (n + prior_weight));
  for (const double place : places) {
    probabilities_[static_cast<std::size_t>(place)] += scale / (n + prior_weight);
  }
}

double ParzenDensity::sample(Random& random) const {
  double rest = random.uniform();
  if (parameter_.kind == Parameter::Kind::choice) {
    std::size_t choice = 0;
    while (choice + 1 < probabilities_.size() && rest >= probabilities_[choice]) {
      rest -= probabilities_[choice++];
    }
    return static_cast<double>(choice);
  }
  std::size_t at = 0;
  while (at + 1 < kernels_.size() && rest >= kernels_[at].weight) rest -= kernels_[at++].weight;
  const Kernel& kernel = kernels_[at];
  // At least a third of the normal distribution lies within the range: its centre does, and it is
  // not wider than the range.
  for (;;) {
    const double place = kernel.center + kernel.width * random.normal();
    if (place >= 0 && place <= 1) return place;
  }
}

double ParzenDensity::operator()(double place) const {
  if (parameter_.kind == Parameter::Kind::choice) {
    return probabilities_[static_cast<std::size_t>(place)];
  }
  const auto part = cell(parameter_, place);
  double density = 0;
  for (const Kernel& kernel : kernels_) {
    const double within =
        part ? normal_mass((part->first - kernel.center) / kernel.width,
                           (part->second - kernel.center) / kernel.width)
             : normal_density((place - kernel.center) / kernel.width) / kernel.width;
    density += kernel.weight * within / kernel.mass;
  }
  return density;
}

}  // namespace thimble::tuning
