#include "nn/engine/parameter_store.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace thimble::nn {
namespace {

// Members start at cache lines.
constexpr std::size_t kAlignmentFloats = 16;

std::size_t product(const std::vector<std::int64_t>& shape) {
  std::size_t size = 1;
  for (const auto extent : shape) size *= static_cast<std::size_t>(extent);
  return size;
}

}  // namespace

ParameterStore::ParameterStore(const Graph& graph, int first_trained_layer)
    : declarations_(graph.parameters()),
      first_trained_layer_(first_trained_layer),
      kept_(declarations_.size()) {
  for (std::size_t i = 0; i < declarations_.size(); ++i) {
    if (is_kept(i)) kept_[i].resize(product(declarations_[i].shape));
  }
}

bool ParameterStore::is_kept(std::size_t parameter) const {
  const ParameterDeclaration& declared = declarations_[parameter];
  return declared.layer < first_trained_layer_ || declared.role == ParameterRole::running_mean ||
         declared.role == ParameterRole::running_variance;
}

Tensor ParameterStore::add(const Desc& layout, std::vector<std::size_t> parameters,
                           const Desc& plain) {
  Member member;
  member.weights.memory = dnnl::memory(layout, cpu_engine(), DNNL_MEMORY_NONE);
  member.gradient.memory = dnnl::memory(layout, cpu_engine(), DNNL_MEMORY_NONE);
  member.plain = plain;
  member.parameters = std::move(parameters);
  member.offset = size_;
  member.size = layout.get_size() / sizeof(float);
  size_ += (member.size + kAlignmentFloats - 1) / kAlignmentFloats * kAlignmentFloats;
  members_.push_back(std::move(member));
  return members_.back().weights;
}

const ParameterStore::Member& ParameterStore::member_of(const Tensor& weights) const {
  for (const auto& member : members_) {
    if (member.weights.memory.get() == weights.memory.get()) return member;
  }
  throw Error("parameter store: a gradient was asked for weights of another network");
}

Tensor ParameterStore::gradient(const Tensor& weights) const { return member_of(weights).gradient; }

Tensor ParameterStore::gradient_as(const Tensor& weights, const Desc& desc) {
  auto& member = const_cast<Member&>(member_of(weights));
  member.gradient_views.push_back({dnnl::memory(desc, cpu_engine(), DNNL_MEMORY_NONE), -1});
  return member.gradient_views.back();
}

Tensor ParameterStore::compute_copy(const Tensor& weights, const Desc& wanted) {
  if (weights.desc() == wanted) return weights;
  for (const auto& copy : copies_) {
    if (copy.from.memory.get() == weights.memory.get() && copy.to.desc() == wanted) return copy.to;
  }
  Copy copy;
  copy.memory = std::make_unique<Block>(wanted.get_size());
  copy.from = weights;
  copy.to = {view(wanted, copy.memory->data()), -1};
  copy.reorder = dnnl::reorder(
      dnnl::reorder::primitive_desc(cpu_engine(), weights.desc(), cpu_engine(), wanted));
  copies_.push_back(std::move(copy));
  return copies_.back().to;
}

Tensor ParameterStore::derived_copy(const Tensor& weights, std::size_t bytes,
                                    std::function<void(const float*, void*)> fill) {
  DerivedCopy copy{weights, std::make_unique<Block>(bytes), std::move(fill)};
  const Desc desc = plain_desc({static_cast<dnnl::memory::dim>(bytes)}, DataType::u8);
  const Tensor made{view(desc, copy.memory->data()), -1};
  derived_copies_.push_back(std::move(copy));
  return made;
}

void ParameterStore::allocate() {
  block_ = Block(2 * size_ * sizeof(float));
  weights_ = reinterpret_cast<float*>(block_.data());
  gradients_ = weights_ + size_;
  decays_.assign(size_, 0);
  for (auto& member : members_) {
    member.weights.memory.set_data_handle(weights_ + member.offset);
    member.gradient.memory.set_data_handle(gradients_ + member.offset);
    for (auto& other : member.gradient_views) {
      other.memory.set_data_handle(gradients_ + member.offset);
    }
    if (declarations_[member.parameters.front()].role == ParameterRole::weight) {
      std::fill_n(decays_.begin() + static_cast<std::ptrdiff_t>(member.offset), member.size,
                  std::uint8_t{1});
    }
  }
}

std::size_t ParameterStore::offset_of(int layer) const {
  for (const auto& member : members_) {
    if (declarations_[member.parameters.front()].layer >= layer) return member.offset;
  }
  return size_;
}

void ParameterStore::refresh() {
  for (auto& copy : copies_) {
    copy.reorder.execute(cpu_stream(), copy.from.memory, copy.to.memory);
  }
  for (auto& copy : derived_copies_) {
    copy.fill(static_cast<const float*>(copy.from.data()), copy.memory->data());
  }
}

void ParameterStore::read(const Member& member, std::span<const float> flat,
                          ParameterValues& values) const {
  auto* source = const_cast<float*>(flat.data() + member.offset);
  if (member.parameters.size() == 1) {
    auto& target = values[member.parameters.front()].values;
    reorder_now(view(member.weights.desc(), source), view(member.plain, target.data()));
    return;
  }
  for (const std::size_t p : member.parameters) {
    auto& target = values[p].values;
    std::copy_n(source, target.size(), target.begin());
    source += target.size();
  }
}

void ParameterStore::write(const Member& member, const ParameterValues& values,
                           std::span<float> flat) const {
  float* target = flat.data() + member.offset;
  if (member.parameters.size() == 1) {
    auto* source = const_cast<float*>(values[member.parameters.front()].values.data());
    reorder_now(view(member.plain, source), view(member.weights.desc(), target));
    return;
  }
  for (const std::size_t p : member.parameters) {
    target = std::ranges::copy(values[p].values, target).out;
  }
}

ParameterValues ParameterStore::to_declared(std::span<const float> flat) const {
  ParameterValues values(declarations_.size());
  for (std::size_t i = 0; i < declarations_.size(); ++i) {
    values[i].name = declarations_[i].name;
    values[i].shape = declarations_[i].shape;
    values[i].values.resize(product(declarations_[i].shape));
  }
  for (const auto& member : members_) read(member, flat, values);
  ParameterValues trained;
  for (std::size_t i = 0; i < declarations_.size(); ++i) {
    if (!is_kept(i)) trained.push_back(std::move(values[i]));
  }
  return trained;
}

void ParameterStore::from_declared(const ParameterValues& trained, std::span<float> flat) const {
  ParameterValues values(declarations_.size());
  std::size_t next = 0;
  for (std::size_t i = 0; i < declarations_.size(); ++i) {
    if (is_kept(i)) continue;
    if (next == trained.size() || trained[next].name != declarations_[i].name ||
        trained[next].values.size() != product(declarations_[i].shape)) {
      throw DataError("checkpoint: the state of " + declarations_[i].name +
                      " is missing or of another size");
    }
    values[i] = trained[next++];
  }
  for (const auto& member : members_) write(member, values, flat);
}

ParameterValues ParameterStore::declared_values() const {
  ParameterValues trained = to_declared({weights_, size_});
  ParameterValues values;
  auto next = trained.begin();
  for (std::size_t i = 0; i < declarations_.size(); ++i) {
    if (is_kept(i)) {
      values.push_back({declarations_[i].name, declarations_[i].shape, kept_[i]});
    } else {
      values.push_back(std::move(*next++));
    }
  }
  return values;
}

void ParameterStore::set_declared_values(const ParameterValues& values) {
  for (const auto& member : members_) write(member, values, {weights_, size_});
  for (std::size_t i = 0; i < declarations_.size(); ++i) {
    if (is_kept(i)) kept_[i] = values[i].values;
  }
  refresh();
}

}  // namespace thimble::nn
