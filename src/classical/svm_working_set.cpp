#include "classical/svm_working_set.hpp"

#include <algorithm>

#include "classical/svm_pair.hpp"

namespace thimble::classical {

WorkingSet::WorkingSet(const PairRows& rows, std::size_t limit)
    : rows_(rows),
      limit_(std::min(limit, rows.size())),
      // One block more than needed: strides of a power of two would crowd a column's entries into
      // few sets of the cache.
      stride_(smo_padded(limit_) + kSmoBlock),
      contains_(rows.size()),
      kernel_(std::make_unique_for_overwrite<float[]>(limit_ * stride_)) {}

void WorkingSet::add(std::span<const std::size_t> samples) {
  const std::size_t old_size = size();
  members_.insert(members_.end(), samples.begin(), samples.end());
  for (const std::size_t sample : samples) contains_[sample] = 1;

  for (std::size_t done = 0; done < samples.size(); done += PairRows::kBatch) {
    const auto batch = samples.subspan(done, std::min(PairRows::kBatch, samples.size() - done));
    const std::vector<PairRows::Row> rows = rows_.rows(batch);
    for (std::size_t r = 0; r < batch.size(); ++r) {
      float* to = kernel_.get() + (old_size + done + r) * stride_;
      for (std::size_t s = 0; s < size(); ++s) to[s] = rows[r].at(members_[s], rows_.first_size());
    }
  }
  for (std::size_t s = 0; s < old_size; ++s) {
    for (std::size_t r = old_size; r < size(); ++r) {
      kernel_[s * stride_ + r] = kernel_[r * stride_ + s];
    }
  }
  for (std::size_t s = 0; s < size(); ++s) {
    std::fill(kernel_.get() + s * stride_ + size(),
              kernel_.get() + s * stride_ + smo_padded(size()), 0.0F);
  }
}

void WorkingSet::keep_only(std::span<const char> keep) {
  std::vector<std::size_t> kept;
  for (std::size_t s = 0; s < size(); ++s) {
    if (keep[s]) {
      kept.push_back(s);
    } else {
      contains_[members_[s]] = 0;
    }
  }
  for (std::size_t r = 0; r < kept.size(); ++r) {
    const float* from = kernel_.get() + kept[r] * stride_;
    float* to = kernel_.get() + r * stride_;
    for (std::size_t s = 0; s < kept.size(); ++s) to[s] = from[kept[s]];
    std::fill(to + kept.size(), to + smo_padded(kept.size()), 0.0F);
    members_[r] = members_[kept[r]];
  }
  members_.resize(kept.size());
}

}  // namespace thimble::classical
