#include "tuning/parzen.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace thimble::tuning {
namespace {

/// Of the standard normal distribution between a and b >= a, exact in the tails.
double normal_mass(double a, double b) {
  if (a > 0) return normal_mass(-b, -a);
  return 0.5 * (std::erfc(-b / std::numbers::sqrt2) - std::erfc(-a / std::numbers::sqrt2));
}

double normal_density(double x) { return std::exp(-0.5 * x * x) / std::sqrt(2 * std::numbers::pi); }

/// The kernel that a number from [0, 1) falls on.
std::size_t drawn(std::span<const double> weights, double number) {
  std::size_t at = 0;
  while (at + 1 < weights.size() && number >= weights[at]) number -= weights[at++];
  return at;
}

}  // namespace

ParzenKernels::ParzenKernels(const Parameter& parameter,
                             std::span<const std::optional<double>> places, double prior_weight)
    : parameter_(parameter) {
  for (const std::optional<double>& place : places) {
    kernels_.push_back(place ? Kernel{.even = false, .center = *place} : Kernel{});
  }
  if (is_choice()) {
    // The less, the more trials have been seen.
    rest_ = prior_weight / static_cast<double>(places.size() + 1);
    kernels_.push_back({});
  } else {
    set_widths();
    kernels_.push_back({.even = false});
  }
  for (Kernel& kernel : kernels_) {
    kernel.mass = normal_mass(-kernel.center / kernel.width, (1 - kernel.center) / kernel.width);
  }
}

void ParzenKernels::set_widths() {
  std::vector<Kernel*> order;
  for (Kernel& kernel : kernels_) {
    if (!kernel.even) order.push_back(&kernel);
  }
  std::sort(order.begin(), order.end(),
            [](const Kernel* a, const Kernel* b) { return a->center < b->center; });
  const std::size_t n = order.size();
  // Not narrower than an even share of the range, or the first few good trials would be tried over
  // and over.
  const double narrowest = 1 / std::min(100.0, static_cast<double>(n) + 2);
  for (std::size_t i = 0; i < n; ++i) {
    const double center = order[i]->center;
    // The ends of the range are nobody's neighbours, but for one trial alone.
    const double left = i > 0 ? center - order[i - 1]->center : n > 1 ? 0 : center;
    const double right = i + 1 < n ? order[i + 1]->center - center : n > 1 ? 0 : 1 - center;
    order[i]->width = std::clamp(std::max(left, right), narrowest, 1.0);
  }
}

double ParzenKernels::sample(std::size_t index, Random& random) const {
  const Kernel& kernel = kernels_[index];
  if (is_choice()) {
    const std::size_t count = parameter_.choices.size();
    const bool seen = random.uniform() * (1 + static_cast<double>(count) * rest_) < 1;
    if (!kernel.even && seen) return kernel.center;
    return static_cast<double>(random.below(count));
  }
  if (kernel.even) return random.uniform();
  // At least a third of the normal distribution lies within the range: its centre does, and it is
  // not wider than the range.
  for (;;) {
    const double place = kernel.center + kernel.width * random.normal();
    if (place >= 0 && place <= 1) return place;
  }
}

void ParzenKernels::densities(double place, std::span<double> densities) const {
  if (is_choice()) {
    const double count = static_cast<double>(parameter_.choices.size());
    for (std::size_t i = 0; i < kernels_.size(); ++i) {
      const double seen = kernels_[i].center == place ? 1 : 0;
      densities[i] = kernels_[i].even ? 1 / count : (rest_ + seen) / (1 + count * rest_);
    }
    return;
  }
  const auto part = cell(parameter_, place);
  for (std::size_t i = 0; i < kernels_.size(); ++i) {
    const Kernel& kernel = kernels_[i];
    if (kernel.even) {
      densities[i] = part ? part->second - part->first : 1;
    } else if (part) {
      densities[i] = normal_mass((part->first - kernel.center) / kernel.width,
                                 (part->second - kernel.center) / kernel.width) /
                     kernel.mass;
    } else {
      densities[i] =
          normal_density((place - kernel.center) / kernel.width) / (kernel.width * kernel.mass);
    }
  }
}

ParzenDensity::ParzenDensity(const SearchSpace& space, std::span<const Assignment* const> trials,
                             double prior_weight)
    : space_(&space) {
  for (const Parameter& parameter : space.parameters()) {
    std::vector<std::optional<double>> places;
    for (const Assignment* settings : trials) {
      const auto value = settings->find(parameter.key);
      places.push_back(value == settings->end() ? std::nullopt
                                                : std::optional(to_unit(parameter, value->second)));
    }
    parameters_.emplace_back(parameter, places, prior_weight);
  }
  const double total = static_cast<double>(trials.size()) + prior_weight;
  weights_.assign(trials.size(), 1 / total);
  weights_.push_back(prior_weight / total);
}

Assignment ParzenDensity::sample(Random& random) const {
  const std::size_t kernel = drawn(weights_, random.uniform());
  Assignment settings;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const Parameter& parameter = space_->parameters()[i];
    if (!space_->active(parameter, settings)) continue;
    settings[parameter.key] = from_unit(parameter, parameters_[i].sample(kernel, random));
  }
  return settings;
}

double ParzenDensity::log_density(const Assignment& settings) const {
  std::vector<double> products = weights_;
  std::vector<double> densities(weights_.size());
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const Parameter& parameter = space_->parameters()[i];
    const auto value = settings.find(parameter.key);
    if (value == settings.end()) continue;
    parameters_[i].densities(to_unit(parameter, value->second), densities);
    for (std::size_t k = 0; k < products.size(); ++k) products[k] *= densities[k];
  }
  // Never 0: the even spread has its share everywhere.
  return std::log(std::accumulate(products.begin(), products.end(), 0.0));
}

}  // namespace thimble::tuning
