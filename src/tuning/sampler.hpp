// Choosing what to try next from what came out so far.

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tuning/search_space.hpp"

namespace thimble::tuning {

/// What came out of a trial, as far as it went.
struct Observation {
  Assignment settings;
  double value = 0;  ///< larger is better; the last of the curve
  int epochs = 0;    ///< after how many; 1 for models that learn in one go
};

/// Proposes the settings of a trial. The same seed, number and observations give the same settings.
class Sampler {
 public:
  virtual ~Sampler() = default;

  /// @param trial         number of the trial, from 0; with the seed it fixes what is drawn
  /// @param observations  of the trials that ended, whatever their order
  virtual Assignment suggest(std::uint64_t trial,
                             std::span<const Observation> observations) const = 0;

  /// Which of the given settings to try next: the one that suggest() would like best.
  /// @return  an index into `candidates`, which are not empty
  virtual std::size_t choose(std::uint64_t trial, std::span<const Assignment> candidates,
                             std::span<const Observation> observations) const = 0;
};

/// Whether a trial had exactly these settings.
bool is_tried(const Assignment& settings, std::span<const Observation> observations);

/// Each parameter drawn evenly, whatever came out (Bergstra and Bengio, "Random search for
/// hyper-parameter optimization", JMLR 13, 2012); anew where such a trial has been.
std::unique_ptr<Sampler> make_random_sampler(SearchSpace space, std::uint64_t seed);

/// The defaults hold back: with more candidates or a lighter prior, one of ten searches clings to
/// the first choice that did well (seen on functions with a list of five, 60 trials).
struct TpeOptions {
  int startup_trials = 10;  ///< drawn evenly before the model is trusted
  int candidates = 8;       ///< drawn from the good trials' density
  double gamma = 0.2;       ///< at most this share of the trials is called good
  double prior_weight = 2;  ///< of the even spread in each density; a trial's is 1
};

/// Tree-structured Parzen estimator (Bergstra, Bardenet, Bengio, Kegl, "Algorithms for
/// hyper-parameter optimization", NIPS 2011, section 4): densities l and g of the good and the
/// other trials; of candidates drawn from l the one of largest l / g. The densities are of whole
/// assignments, not parameter by parameter as in that paper, so that a candidate's settings go
/// together (Falkner, Klein, Hutter, "BOHB", ICML 2018, section 4). The good trials are the best of
/// those that went as far as enough did; those stopped earlier are among the others.
std::unique_ptr<Sampler> make_tpe_sampler(SearchSpace space, std::uint64_t seed,
                                          const TpeOptions& options = {});

/// "random" or "tpe".
/// @throws UsageError  if the name is neither
std::unique_ptr<Sampler> make_sampler(const std::string& name, SearchSpace space,
                                      std::uint64_t seed);

}  // namespace thimble::tuning
