// The trained numbers of a network: one flat block, cut into oneDNN memories.

#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "nn/engine/program.hpp"
#include "nn/network.hpp"

namespace thimble::nn {

class ParameterStore {
 public:
  explicit ParameterStore(const Graph& graph);

  /// Adds declared parameters that lie one after the other in one oneDNN memory of layout `layout`
  /// (fp32). Returns their weights; gradient() gives the memory for their gradient.
  ///
  /// @param parameters  indices into graph.parameters()
  /// @param plain       the row-major descriptor of each that oneDNN can reorder to the layout;
  ///                    for more than one parameter the layout must be row-major itself
  Tensor add(const Desc& layout, std::vector<std::size_t> parameters, const Desc& plain);
  Tensor gradient(const Tensor& weights) const;
  /// The same memory under another descriptor, of the same size.
  Tensor gradient_as(const Tensor& weights, const Desc& desc);

  /// The weights in the layout and type that a primitive wants: themselves, or a copy that
  /// refresh() brings up to date.
  Tensor compute_copy(const Tensor& weights, const Desc& wanted);

  /// Takes the flat blocks. To be called once, after the last add().
  void allocate();
  void refresh();

  std::span<float> weights() { return {weights_, size_}; }
  std::span<float> gradients() { return {gradients_, size_}; }
  std::span<const std::uint8_t> decays() const { return decays_; }

  /// Running statistics of a declared parameter.
  std::vector<float>& running(std::size_t parameter) { return running_[parameter]; }

  ParameterValues declared_values() const;
  void set_declared_values(const ParameterValues& values);
  ParameterValues to_declared(std::span<const float> flat) const;
  void from_declared(const ParameterValues& values, std::span<float> flat) const;

 private:
  struct Member {
    Tensor weights;
    Tensor gradient;
    Desc plain;
    std::vector<std::size_t> parameters;
    std::vector<Tensor> gradient_views;
    std::size_t offset = 0;
    std::size_t size = 0;
  };
  struct Copy {
    dnnl::reorder reorder;
    Tensor from;
    Tensor to;
    std::unique_ptr<Block> memory;
  };

  const Member& member_of(const Tensor& weights) const;
  void read(const Member& member, std::span<const float> flat, ParameterValues& values) const;
  void write(const Member& member, const ParameterValues& values, std::span<float> flat) const;

  std::vector<ParameterDeclaration> declarations_;
  std::deque<Member> members_;
  std::vector<Copy> copies_;
  std::vector<std::vector<float>> running_;
  std::vector<std::uint8_t> decays_;
  Block block_;
  float* weights_ = nullptr;
  float* gradients_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace thimble::nn
