#include "tuning/sampler.hpp"

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"

namespace thimble::tuning {
namespace {

/// How often settings that were tried already are drawn anew: enough for spaces of some dozens, and
/// no endless loop in those that are used up.
constexpr int kDraws = 100;

class RandomSampler final : public Sampler {
 public:
  RandomSampler(SearchSpace space, std::uint64_t seed) : space_(std::move(space)), seed_(seed) {}

  Assignment suggest(std::uint64_t trial,
                     std::span<const Observation> observations) const override {
    Random random(hash_seed(seed_, trial));
    Assignment settings = space_.sample(random);
    for (int draw = 1; draw < kDraws && is_tried(settings, observations); ++draw) {
      settings = space_.sample(random);
    }
    return settings;
  }

  std::size_t choose(std::uint64_t trial, std::span<const Assignment> candidates,
                     std::span<const Observation>) const override {
    return Random(hash_seed(seed_, trial)).below(candidates.size());
  }

 private:
  SearchSpace space_;
  std::uint64_t seed_;
};

}  // namespace

bool is_tried(const Assignment& settings, std::span<const Observation> observations) {
  return std::any_of(observations.begin(), observations.end(),
                     [&](const Observation& seen) { return seen.settings == settings; });
}

std::unique_ptr<Sampler> make_random_sampler(SearchSpace space, std::uint64_t seed) {
  return std::make_unique<RandomSampler>(std::move(space), seed);
}

std::unique_ptr<Sampler> make_sampler(const std::string& name, SearchSpace space,
                                      std::uint64_t seed) {
  if (name == "random") return make_random_sampler(std::move(space), seed);
  if (name == "tpe") return make_tpe_sampler(std::move(space), seed);
  const std::vector<std::string> names = {"random", "tpe"};
  throw UsageError(unknown_name("sampler", name, names));
}

}  // namespace thimble::tuning
