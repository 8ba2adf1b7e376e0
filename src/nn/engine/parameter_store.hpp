// The trained numbers of a network: one flat block, cut into oneDNN memories. Beside it, what steps
// of the optimizer do not change: running statistics, and the parameters of frozen layers.

#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "nn/engine/program.hpp"
#include "nn/network.hpp"

namespace thimble::nn {

class ParameterStore {
 public:
  /// @param first_trained_layer  layers below it are frozen
  ParameterStore(const Graph& graph, int first_trained_layer);

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
  /// A copy in a form that oneDNN does not know: `fill` makes it of the weights, from then on in
  /// memory that was zeroed once.
  Tensor derived_copy(const Tensor& weights, std::size_t bytes,
                      std::function<void(const float* weights, void* copy)> fill);

  /// Takes the flat blocks. To be called once, after the last add().
  void allocate();
  void refresh();

  std::span<float> weights() { return {weights_, size_}; }
  std::span<float> gradients() { return {gradients_, size_}; }
  std::span<const std::uint8_t> decays() const { return decays_; }
  /// Where the weights of layers from `layer` on begin in the flat block.
  std::size_t offset_of(int layer) const;

  /// Running statistics of a declared parameter.
  std::vector<float>& running(std::size_t parameter) { return kept_[parameter]; }

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

  struct DerivedCopy {
    Tensor from;
    std::unique_ptr<Block> memory;
    std::function<void(const float*, void*)> fill;
  };

  const Member& member_of(const Tensor& weights) const;
  bool is_kept(std::size_t parameter) const;
  void read(const Member& member, std::span<const float> flat, ParameterValues& values) const;
  void write(const Member& member, const ParameterValues& values, std::span<float> flat) const;

  std::vector<ParameterDeclaration> declarations_;
  std::deque<Member> members_;
  std::vector<Copy> copies_;
  std::vector<DerivedCopy> derived_copies_;
  int first_trained_layer_;
  std::vector<std::vector<float>> kept_;  // outside of the flat block; one a parameter
  std::vector<std::uint8_t> decays_;
  Block block_;
  float* weights_ = nullptr;
  float* gradients_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace thimble::nn
