#include "exploration/samples_by_class.hpp"

namespace thimble {

std::vector<std::vector<std::size_t>> samples_by_class(const Dataset& dataset) {
  std::vector<std::vector<std::size_t>> samples(dataset.classes.size());
  for (std::size_t i = 0; i < dataset.size(); ++i) {
    samples[static_cast<std::size_t>(dataset.labels[i])].push_back(i);
  }
  return samples;
}

}  // namespace thimble
