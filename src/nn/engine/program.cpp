#include "nn/engine/program.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include <fmt/format.h>

#include "nn/engine/amx/convert.hpp"

namespace thimble::nn {
namespace {

constexpr std::size_t kAlignment = 64;

// Pages of this size, where the system has them, spare most of the misses that 4 KiB pages cost
// when a step walks through tens of megabytes.
constexpr std::size_t kHugePage = 2 * 1024 * 1024;

std::byte* take_memory(std::size_t bytes) {
  const std::size_t alignment = bytes >= kHugePage ? kHugePage : kAlignment;
  auto* data = static_cast<std::byte*>(::operator new (bytes, std::align_val_t{alignment}));
#if defined(__linux__)
  if (alignment == kHugePage) madvise(data, bytes, MADV_HUGEPAGE);  // a hint; may be refused
#endif
  std::memset(data, 0, bytes);
  return data;
}

}  // namespace

Block::Block(std::size_t bytes)
    : data_(take_memory(std::max(bytes, kAlignment)), Free{bytes}), size_(bytes) {}

void Block::Free::operator()(std::byte* data) const {
  ::operator delete (data, std::align_val_t{bytes >= kHugePage ? kHugePage : kAlignment});
}

Tensor Program::tensor(const Desc& desc) {
  Tensor tensor{dnnl::memory(desc, cpu_engine(), DNNL_MEMORY_NONE),
                static_cast<int>(tensors_.size())};
  tensors_.push_back(tensor);
  return tensor;
}

Tensor Program::persistent(const Desc& desc) {
  kept_.push_back(std::make_unique<Block>(desc.get_size()));
  return {view(desc, kept_.back()->data()), -1};
}

Tensor Program::alias(const Tensor& tensor, const Desc& desc) {
  if (tensor.buffer < 0) return {view(desc, tensor.data()), -1};
  const Tensor other{dnnl::memory(desc, cpu_engine(), DNNL_MEMORY_NONE), tensor.buffer};
  aliases_.push_back(other);
  return other;
}

void Program::add(Phase phase, std::string name, std::vector<Tensor> touches,
                  std::function<void()> run) {
  Operation operation;
  operation.name = std::move(name);
  operation.implementation = "thimble";
  for (const auto& tensor : touches) {
    if (tensor.buffer >= 0) operation.buffers.push_back(tensor.buffer);
  }
  operation.run = std::move(run);
  operations_[phase].push_back(std::move(operation));
}

void Program::add(Phase phase, std::string name, const dnnl::primitive& primitive,
                  const dnnl::primitive_desc_base& desc,
                  std::unordered_map<int, Tensor> arguments) {
  if (const Desc scratchpad = desc.scratchpad_desc(); scratchpad.get_size() > 0) {
    arguments[DNNL_ARG_SCRATCHPAD] = tensor(scratchpad);
  }
  std::vector<Tensor> touches;
  Arguments memories;
  for (const auto& [argument, tensor] : arguments) {
    touches.push_back(tensor);
    memories[argument] = tensor.memory;
  }
  add(phase, std::move(name), std::move(touches),
      [primitive, memories] { primitive.execute(cpu_stream(), memories); });
  operations_[phase].back().implementation = desc.impl_info_str();
}

Tensor Program::in_layout(Phase phase, const std::string& name, const Tensor& from,
                          const Desc& wanted) {
  if (from.desc() == wanted) return from;
  if (amx::is_maps(from.desc()) || amx::is_maps(wanted)) {
    return between_maps_and_rows(phase, name, from, wanted);
  }
  const Tensor to = tensor(wanted);
  const dnnl::reorder::primitive_desc desc(cpu_engine(), from.desc(), cpu_engine(), wanted,
                                           planned_scratchpad());
  add(phase, name + ".reorder", dnnl::reorder(desc), desc,
      {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}});
  return to;
}

Tensor Program::between_maps_and_rows(Phase phase, const std::string& name, const Tensor& from,
                                      const Desc& wanted) {
  const auto rows_of = [](const Desc& desc) {
    const Dims dims = desc.dims();
    return dims.size() == 4 ? Desc(dims, DataType::bf16, Tag::nhwc)
                            : plain_desc(dims, DataType::bf16);
  };
  const auto data = [](const Tensor& tensor) { return static_cast<amx::Bf16*>(tensor.data()); };
  if (amx::is_maps(from.desc())) {
    const Tensor rows = tensor(rows_of(wanted));
    const amx::Maps maps = amx::maps_of(from.desc(), static_cast<int>(wanted.dims()[0]));
    add(phase, name + ".to_rows", {from, rows}, [=, channels = static_cast<int>(wanted.dims()[1])] {
      amx::maps_to_rows(data(from), maps, channels, data(rows));
    });
    return in_layout(phase, name, rows, wanted);
  }
  const Tensor rows = in_layout(phase, name, from, rows_of(from.desc()));
  const Tensor to = tensor(wanted);
  const amx::Maps maps = amx::maps_of(wanted, static_cast<int>(from.desc().dims()[0]));
  add(phase, name + ".to_maps", {rows, to},
      [=, channels = static_cast<int>(from.desc().dims()[1])] {
        amx::rows_to_maps(data(rows), channels, maps, data(to));
      });
  return to;
}

void Program::allocate() {
  std::vector<PlannedBuffer> buffers(tensors_.size());
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    buffers[i] = {tensors_[i].desc().get_size(), INT32_MAX, -1};
  }
  int moment = 0;
  for (const auto& phase : operations_) {
    for (const auto& operation : phase) {
      for (const int b : operation.buffers) {
        auto& buffer = buffers[static_cast<std::size_t>(b)];
        buffer.first_use = std::min(buffer.first_use, moment);
        buffer.last_use = std::max(buffer.last_use, moment);
      }
      ++moment;
    }
  }
  const MemoryPlan plan = plan_memory(buffers);
  block_ = Block(plan.bytes);
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    tensors_[i].memory.set_data_handle(block_.data() + plan.offsets[i]);
  }
  for (auto& tensor : aliases_) {
    tensor.memory.set_data_handle(tensors_[static_cast<std::size_t>(tensor.buffer)].data());
  }
}

void Program::run(Phase phase) {
  using Clock = std::chrono::steady_clock;
  for (auto& operation : operations_[phase]) {
    if (!profiling_) {
      operation.run();
      continue;
    }
    const auto start = Clock::now();
    operation.run();
    operation.seconds += std::chrono::duration<double>(Clock::now() - start).count();
    ++operation.runs;
  }
}

std::string Program::profile() const {
  std::string text;
  for (const auto& phase : operations_) {
    for (const auto& operation : phase) {
      if (operation.runs == 0) continue;
      text += fmt::format("{:<36} {:<36} {:>10.1f} us\n", operation.name, operation.implementation,
                          operation.seconds / static_cast<double>(operation.runs) * 1e6);
    }
  }
  return text;
}

}  // namespace thimble::nn
