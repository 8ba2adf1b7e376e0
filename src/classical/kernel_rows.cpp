#include "classical/kernel_rows.hpp"

#include <algorithm>
#include <utility>

#include "base/parallel.hpp"

namespace thimble::classical {

void KernelMemory::make_room(std::size_t bytes) {
  if (bytes_ + bytes <= limit_bytes_) return;
  const std::lock_guard lock(stores_mutex_);
  // Times are copied first, as other threads go on asking for rows.
  std::vector<std::pair<std::uint64_t, KernelRowStore*>> oldest;
  for (KernelRowStore* store : stores_) oldest.emplace_back(store->asked_, store);
  std::ranges::sort(oldest);
  for (const auto& [asked, store] : oldest) {
    const std::size_t wanted = bytes_ + bytes;
    if (wanted <= limit_bytes_) return;
    store->release(wanted - limit_bytes_);
  }
}

bool KernelMemory::take(std::size_t bytes) {
  const std::size_t now = bytes_ += bytes;
  if (now > limit_bytes_) {
    bytes_ -= bytes;
    return false;
  }
  std::size_t peak = peak_bytes_;
  while (now > peak && !peak_bytes_.compare_exchange_weak(peak, now)) {
  }
  return true;
}

KernelRowStore::KernelRowStore(const KernelBlocks& blocks, std::size_t block,
                               const Features& features, std::span<const std::size_t> sources,
                               KernelMemory& memory)
    : blocks_(blocks),
      block_(block),
      features_(features),
      sources_(sources),
      memory_(memory),
      slots_(sources.size()) {
  const std::lock_guard lock(memory_.stores_mutex_);
  memory_.stores_.push_back(this);
}

KernelRowStore::~KernelRowStore() {
  const std::lock_guard lock(memory_.stores_mutex_);
  std::erase(memory_.stores_, this);
  memory_.give_back(kept_ * row_bytes());
}

std::vector<KernelRow> KernelRowStore::rows(std::span<const std::size_t> wanted) {
  std::vector<KernelRow> result(wanted.size());
  std::vector<std::size_t> absent;
  std::vector<std::size_t> absent_slots;
  {
    const std::lock_guard lock(mutex_);
    const std::uint64_t now = ++memory_.clock_;
    asked_ = now;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      Slot& slot = slots_[wanted[i]];
      slot.asked = now;
      result[i] = slot.row;
      if (slot.row) continue;
      absent.push_back(i);
      absent_slots.push_back(wanted[i]);
    }
  }
  if (absent.empty()) return result;

  const std::vector<KernelRow> computed = compute(absent_slots);
  memory_.make_room(absent.size() * row_bytes());
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < absent.size(); ++i) {
    result[absent[i]] = computed[i];
    Slot& slot = slots_[absent_slots[i]];
    if (slot.row || !memory_.take(row_bytes())) continue;
    slot.row = computed[i];
    ++kept_;
  }
  return result;
}

std::size_t KernelRowStore::release(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  std::vector<std::size_t> idle;
  for (std::size_t s = 0; s < slots_.size(); ++s) {
    if (slots_[s].row.use_count() == 1) idle.push_back(s);
  }
  std::ranges::stable_sort(idle, {}, [&](std::size_t s) { return slots_[s].asked; });
  std::size_t freed = 0;
  for (const std::size_t s : idle) {
    if (freed >= bytes) break;
    slots_[s].row.reset();
    --kept_;
    memory_.give_back(row_bytes());
    freed += row_bytes();
  }
  return freed;
}

std::vector<KernelRow> KernelRowStore::compute(std::span<const std::size_t> wanted) const {
  std::vector<std::size_t> indices;
  for (const std::size_t source : wanted) indices.push_back(sources_[source]);
  const KernelQueries queries = blocks_.queries(features_, indices, Company::alike);
  const std::size_t size = blocks_.size(block_);
  std::vector<std::shared_ptr<float[]>> rows(wanted.size());
  for (auto& row : rows) row = std::make_shared_for_overwrite<float[]>(size);

  constexpr std::size_t kRows = KernelBlocks::kRows;
  constexpr std::size_t kColumns = KernelBlocks::kColumns;
  const std::size_t groups = (wanted.size() + kRows - 1) / kRows;
  const std::size_t ranges = (size + kColumns - 1) / kColumns;
  parallel_tasks(groups * ranges, [&](std::size_t task) {
    const std::size_t first = task % groups * kRows;
    const std::size_t last = std::min(first + kRows, wanted.size());
    const std::size_t begin = task / groups * kColumns;
    std::vector<float*> out;
    for (std::size_t i = first; i < last; ++i) out.push_back(rows[i].get() + begin);
    blocks_.multiply(queries, first, last, block_, begin, std::min(begin + kColumns, size),
                     out.data());
  });
  memory_.values_computed_ += wanted.size() * size;
  return {rows.begin(), rows.end()};
}

}  // namespace thimble::classical
