#include "nn/engine/onednn.hpp"

#include <cstring>

#include "linalg/onednn_isa.hpp"

namespace thimble::nn {

const dnnl::engine& cpu_engine() {
  static const dnnl::engine engine = [] {
    linalg::limit_onednn();
    return dnnl::engine(dnnl::engine::kind::cpu, 0);
  }();
  return engine;
}

dnnl::stream& cpu_stream() {
  // A CPU stream has no state of its own; one a thread keeps concurrent networks apart.
  thread_local dnnl::stream stream(cpu_engine());
  return stream;
}

DataType data_type(Precision precision) {
  return precision == Precision::bf16 ? DataType::bf16 : DataType::f32;
}

std::size_t element_size(DataType type) {
  return type == DataType::f32 ? 4 : type == DataType::bf16 ? 2 : 1;
}

Dims dims_of(const Shape& shape, int batch) {
  if (shape.flat) return {batch, shape.channels};
  return {batch, shape.channels, shape.height, shape.width};
}

Desc plain_desc(const Dims& dims, DataType type) {
  static constexpr Tag kTags[] = {Tag::a, Tag::ab, Tag::abc, Tag::abcd, Tag::abcde};
  return Desc(dims, type, kTags[dims.size() - 1]);
}

bool is_reference(const char* implementation) {
  return std::strstr(implementation, "ref") != nullptr;
}

dnnl::primitive_attr planned_scratchpad() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

void reorder_now(const dnnl::memory& from, const dnnl::memory& to) {
  dnnl::reorder(from, to).execute(cpu_stream(), const_cast<dnnl::memory&>(from),
                                  const_cast<dnnl::memory&>(to));
  cpu_stream().wait();
}

dnnl::memory view(const Desc& desc, void* data) { return dnnl::memory(desc, cpu_engine(), data); }

}  // namespace thimble::nn
