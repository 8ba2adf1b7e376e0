// The density of settings among some trials.

#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "base/random.hpp"
#include "tuning/search_space.hpp"

namespace thimble::tuning {

/// One parameter's side of a mixture with a kernel for each of n trials, and one more for the even
/// spread (Bergstra et al. 2011, section 4.2). A number's kernel is a normal distribution cut off
/// at the ends of the range, as wide as the way to the farther of its neighbours; a choice's kernel
/// has most of its weight on the value seen. A trial in which the parameter was not in force tells
/// nothing of it: its kernel is even. Places and densities as of to_unit(); those of an integer or
/// a grid are the probabilities of their cells.
class ParzenKernels {
 public:
  /// @param places        of the trials' values; nothing where the parameter was not in force
  /// @param prior_weight  of the even spread, above 0; a trial weighs 1
  ParzenKernels(const Parameter& parameter, std::span<const std::optional<double>> places,
                double prior_weight);

  /// With that of the even spread, which is the last.
  std::size_t size() const { return kernels_.size(); }
  /// A place drawn from a kernel.
  double sample(std::size_t kernel, Random& random) const;
  /// Puts the density, or probability, of a place by each kernel in `densities` [size()].
  void densities(double place, std::span<double> densities) const;

 private:
  struct Kernel {
    bool even = true;
    double center = 0.5;  ///< of a choice its index
    double width = 1;     ///< standard deviation
    double mass = 1;      ///< of the uncut normal distribution within [0, 1]
  };

  bool is_choice() const { return parameter_.kind == Parameter::Kind::choice; }
  void set_widths();

  Parameter parameter_;
  std::vector<Kernel> kernels_;
  double rest_ = 0;  ///< a choice's kernel: on each of the values
};

/// The density of whole assignments: a mixture of kernels, each the product over the parameters
/// that are in force.
class ParzenDensity {
 public:
  /// @param trials  settings of the trials; may be empty
  ParzenDensity(const SearchSpace& space, std::span<const Assignment* const> trials,
                double prior_weight);

  Assignment sample(Random& random) const;
  double log_density(const Assignment& settings) const;

 private:
  const SearchSpace* space_;
  std::vector<ParzenKernels> parameters_;
  std::vector<double> weights_;  ///< of the kernels; they sum to 1
};

}  // namespace thimble::tuning
