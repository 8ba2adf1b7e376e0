// A list of operations on planned memory: what a compiled network runs.

#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "nn/engine/memory_plan.hpp"
#include "nn/engine/onednn.hpp"

namespace thimble::nn {

/// A tensor whose memory the program plans, or that somebody else keeps (`buffer` is -1). The
/// address is known once Program::allocate() ran.
struct Tensor {
  dnnl::memory memory;
  int buffer = -1;

  explicit operator bool() const { return static_cast<bool>(memory); }
  Desc desc() const { return memory.get_desc(); }
  void* data() const { return memory.get_data_handle(); }
};

/// Zeroed memory, aligned for the widest vector.
class Block {
 public:
  Block() = default;
  explicit Block(std::size_t bytes);
  std::byte* data() const { return data_.get(); }
  std::size_t size() const { return size_; }

 private:
  struct Free {
    std::size_t bytes;
    void operator()(std::byte* data) const;
  };
  std::unique_ptr<std::byte, Free> data_;
  std::size_t size_ = 0;
};

/// Operations in the order they run, in two phases: a training network's forward and backward.
/// An inference network has the first only.
class Program {
 public:
  enum Phase { forward = 0, backward = 1 };

  /// A tensor that lives from the first to the last operation that names it.
  Tensor tensor(const Desc& desc);
  /// A tensor that keeps its content between runs.
  Tensor persistent(const Desc& desc);

  /// The same memory under another descriptor (such as a map seen as a vector).
  Tensor alias(const Tensor& tensor, const Desc& desc);

  /// Adds an operation. `touches`: every planned tensor that it reads or writes.
  void add(Phase phase, std::string name, std::vector<Tensor> touches, std::function<void()> run);

  /// Adds a oneDNN primitive. A scratchpad is planned too, if its attributes ask for one.
  void add(Phase phase, std::string name, const dnnl::primitive& primitive,
           const dnnl::primitive_desc_base& desc, std::unordered_map<int, Tensor> arguments);

  /// `from` in the layout `wanted`: itself, or a tensor that a reorder fills in `phase`.
  Tensor in_layout(Phase phase, const std::string& name, const Tensor& from, const Desc& wanted);

  /// Plans and takes the memory. To be called once, after the last add().
  void allocate();
  std::size_t planned_bytes() const { return block_.size(); }

  void run(Phase phase);

  void enable_profile() { profiling_ = true; }
  /// Microseconds a run for each operation since enable_profile().
  std::string profile() const;

 private:
  struct Operation {
    std::string name;
    std::string implementation;
    std::vector<int> buffers;
    std::function<void()> run;
    double seconds = 0;
    std::size_t runs = 0;
  };

  Tensor between_maps_and_rows(Phase phase, const std::string& name, const Tensor& from,
                               const Desc& wanted);

  std::vector<Operation> operations_[2];
  std::vector<Tensor> tensors_;  // one a planned buffer
  std::vector<Tensor> aliases_;
  std::vector<std::unique_ptr<Block>> kept_;
  Block block_;
  bool profiling_ = false;
};

}  // namespace thimble::nn
