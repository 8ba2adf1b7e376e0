// Kernel rows, computed when first asked for and kept while there is room.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "classical/kernel_blocks.hpp"

namespace thimble::classical {

/// float32, the kernel values of one sample with a block's.
using KernelRow = std::shared_ptr<const float[]>;

class KernelRowStore;

/// What all stores of kernel rows may hold together.
class KernelMemory {
 public:
  explicit KernelMemory(std::size_t limit_bytes) : limit_bytes_(limit_bytes) {}
  KernelMemory(const KernelMemory&) = delete;
  KernelMemory& operator=(const KernelMemory&) = delete;

  std::size_t limit_bytes() const { return limit_bytes_; }
  std::size_t peak_bytes() const { return peak_bytes_; }
  /// Kernel values that were computed, again or for the first time.
  std::uint64_t values_computed() const { return values_computed_; }

 private:
  friend class KernelRowStore;

  /// Lets stores give up rows, those asked longest ago first, until `bytes` more fit.
  void make_room(std::size_t bytes);
  /// @return  false if there is no room
  bool take(std::size_t bytes);
  void give_back(std::size_t bytes) { bytes_ -= bytes; }

  const std::size_t limit_bytes_;
  std::atomic<std::size_t> bytes_{0};
  std::atomic<std::size_t> peak_bytes_{0};
  std::atomic<std::uint64_t> values_computed_{0};
  std::atomic<std::uint64_t> clock_{0};
  std::mutex stores_mutex_;
  std::vector<KernelRowStore*> stores_;
};

/// The rows of some samples (the sources) with one block.
///
/// Rows that nobody holds are given up, those asked for longest ago first, where memory runs short.
/// What a row holds does not depend on what was kept. Thread safe; two threads that ask for the
/// same absent row both compute it.
class KernelRowStore {
 public:
  /// @param sources  which of `features` the rows belong to; like the others it must outlive this
  KernelRowStore(const KernelBlocks& blocks, std::size_t block, const Features& features,
                 std::span<const std::size_t> sources, KernelMemory& memory);
  ~KernelRowStore();
  KernelRowStore(const KernelRowStore&) = delete;
  KernelRowStore& operator=(const KernelRowStore&) = delete;

  std::size_t row_bytes() const { return blocks_.size(block_) * sizeof(float); }

  /// Rows of the sources `wanted`, computed in parallel where called from outside a parallel loop.
  std::vector<KernelRow> rows(std::span<const std::size_t> wanted);

 private:
  friend class KernelMemory;

  struct Slot {
    KernelRow row;
    std::uint64_t asked = 0;
  };

  std::vector<KernelRow> compute(std::span<const std::size_t> wanted) const;
  /// Gives up rows that nobody holds until `bytes` are free or there are no more of them.
  /// @return  the bytes that became free
  std::size_t release(std::size_t bytes);

  const KernelBlocks& blocks_;
  const std::size_t block_;
  const Features& features_;
  const std::span<const std::size_t> sources_;
  KernelMemory& memory_;

  std::mutex mutex_;
  std::vector<Slot> slots_;
  std::atomic<std::uint64_t> asked_{0};
  std::size_t kept_ = 0;
};

}  // namespace thimble::classical
