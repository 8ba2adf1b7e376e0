// The density of a parameter's values among some trials.

#pragma once

#include <span>
#include <vector>

#include "base/random.hpp"
#include "tuning/search_space.hpp"

namespace thimble::tuning {

/// A mixture with one kernel for each value seen and one for the even spread (Bergstra et al. 2011,
/// section 4.2). A number's kernel is a normal distribution cut off at the ends of the range, as
/// wide as the way to the farther of its neighbours; a choice's kernel has most of its weight on
/// the value seen. Places and densities as of to_unit(): those of an integer or a grid are the
/// probabilities of their cells.
class ParzenDensity {
 public:
  /// @param places        of the values seen, as to_unit() gives them; may be empty
  /// @param prior_weight  of the even spread, above 0; each value seen weighs 1
  ParzenDensity(const Parameter& parameter, std::vector<double> places, double prior_weight);

  /// A place drawn from it.
  double sample(Random& random) const;
  /// The density, or probability, at a place.
  double operator()(double place) const;

 private:
  struct Kernel {
    double center = 0;
    double width = 1;
    double weight = 0;  ///< of the mixture
    double mass = 1;    ///< of the uncut normal distribution within [0, 1]
  };

  void make_kernels(std::vector<double> places, double prior_weight);
  void make_probabilities(const std::vector<double>& places, double prior_weight);

  Parameter parameter_;
  std::vector<Kernel> kernels_;        ///< of a number
  std::vector<double> probabilities_;  ///< of a choice
};

}  // namespace thimble::tuning
