#include "classical/feature_step.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.hpp"
#include "base/parallel.hpp"

namespace thimble::classical {
namespace {

/// True if there are as many values as the shape says, at least one.
bool fits(std::span<const std::int64_t> shape, std::size_t values) {
  std::size_t count = 1;
  for (const std::int64_t extent : shape) {
    // Divided, as the product may wrap round to the right number.
    if (extent < 1 || count > values / static_cast<std::size_t>(extent)) return false;
    count *= static_cast<std::size_t>(extent);
  }
  return count == values;
}

}  // namespace

const LearnedArray& LearnedArrays::find(const std::string& name) const {
  const auto found = std::ranges::find(arrays_, prefix_ + name, &LearnedArray::name);
  if (found == arrays_.end()) refuse(name, "missing");
  if (!fits(found->shape, found->values.size())) {
    refuse(name, fmt::format("shape [{}] does not fit {} values", fmt::join(found->shape, ", "),
                             found->values.size()));
  }
  if (!std::ranges::all_of(found->values, [](float x) { return std::isfinite(x); })) {
    refuse(name, "a value is not finite");
  }
  return *found;
}

const std::vector<float>& LearnedArrays::values(const std::string& name,
                                                const std::vector<std::int64_t>& shape) const {
  const LearnedArray& array = find(name);
  if (array.shape != shape) {
    refuse(name, fmt::format("shape [{}], expected [{}]", fmt::join(array.shape, ", "),
                             fmt::join(shape, ", ")));
  }
  return array.values;
}

void LearnedArrays::refuse(const std::string& name, const std::string& problem) const {
  throw DataError(fmt::format("{}{}: {}", prefix_, name, problem));
}

void FeatureStep::fit(const Features&, Progress&) {}

void FeatureStep::restore(std::size_t, const LearnedArrays&) {}

linalg::Matrix take_floats(Features features) {
  if (!features.is_bytes()) return std::move(features).take_values();
  const std::size_t n = features.size();
  linalg::Matrix floats(n, features.dims());
  parallel_for(n, kSampleBlock, [&](std::size_t begin, std::size_t end) {
    features.copy(begin, end, floats.data() + begin * features.dims());
  });
  return floats;
}

}  // namespace thimble::classical
