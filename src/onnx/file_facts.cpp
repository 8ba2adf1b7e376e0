#include "onnx/file_facts.hpp"

#include <fmt/format.h>
#include <onnx_format.pb.h>

#include "base/error.hpp"
#include "base/text.hpp"

namespace thimble::onnx {
namespace {

// A message of protobuf, in which the file is written, can be no larger.
constexpr std::size_t kLargestFile = 0x7fffffff;

/// The first weights that are in another file; null if all are in this one.
const format::TensorProto* external_weights(const format::GraphProto& graph) {
  for (const format::TensorProto& tensor : graph.initializer()) {
    if (tensor.data_location() == format::TensorProto::EXTERNAL) return &tensor;
  }
  return nullptr;
}

/// The file that holds them.
std::string location_of(const format::TensorProto& tensor) {
  for (const auto& entry : tensor.external_data()) {
    if (entry.key() == "location") return entry.value();
  }
  return "another file";
}

}  // namespace

FileFacts read_file_facts(std::span<const std::byte> bytes, const std::string& place) {
  format::ModelProto model;
  if (bytes.size() > kLargestFile ||
      !model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    throw DataError(
        fmt::format("{}: not an ONNX file, or one that was cut short ({})", place,
                    bytes.empty() ? "it is empty" : format_bytes(bytes.size()) + " read"));
  }
  if (!model.has_ir_version() || !model.has_graph() || model.graph().output_size() == 0) {
    throw DataError(place + ": not an ONNX file (there is no graph with an output in it)");
  }
  if (const format::TensorProto* tensor = external_weights(model.graph())) {
    throw DataError(
        fmt::format("{}: its weights ('{}' first) are in {}; expected all in one file, as Python's "
                    "onnx.save(onnx.load('model.onnx'), 'whole.onnx') writes it",
                    place, tensor->name(), location_of(*tensor)));
  }
  FileFacts facts;
  facts.producer =
      std::string(trim(fmt::format("{} {}", model.producer_name(), model.producer_version())));
  for (const auto& opset : model.opset_import()) {
    facts.opsets[opset.domain().empty() ? "ai.onnx" : opset.domain()] = opset.version();
  }
  return facts;
}

}  // namespace thimble::onnx
