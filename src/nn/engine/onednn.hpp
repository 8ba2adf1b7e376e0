// The part of oneDNN that the engine uses, named shortly. Included by src/nn's own .cpp files only.

#pragma once

#include <string>
#include <unordered_map>

#include <dnnl.hpp>

#include "nn/graph.hpp"
#include "nn/network.hpp"

namespace thimble::nn {

using Tag = dnnl::memory::format_tag;
using DataType = dnnl::memory::data_type;
using Dims = dnnl::memory::dims;
using Desc = dnnl::memory::desc;
using Arguments = std::unordered_map<int, dnnl::memory>;

/// The CPU engine, and the stream on which everything runs in order.
const dnnl::engine& cpu_engine();
dnnl::stream& cpu_stream();

DataType data_type(Precision precision);
std::size_t element_size(DataType type);

/// [batch, channels, height, width] of a map, [batch, features] of a flat value.
Dims dims_of(const Shape& shape, int batch);
/// Row-major descriptor of the same.
Desc plain_desc(const Dims& dims, DataType type);

/// True if oneDNN chose its slow fallback.
bool is_reference(const char* implementation);

/// Attributes that make a primitive take its scratch memory from the caller.
dnnl::primitive_attr planned_scratchpad();

/// Copies between two layouts at once, outside any plan (when parameters are read or written).
void reorder_now(const dnnl::memory& from, const dnnl::memory& to);

/// A memory object over somebody's buffer.
dnnl::memory view(const Desc& desc, void* data);

}  // namespace thimble::nn
