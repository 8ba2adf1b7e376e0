// Any bytes as an ONNX file, as far as it is read before a runtime is asked.

#include <cstdint>
#include <span>

#include "base/error.hpp"
#include "onnx/file_facts.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    (void)thimble::onnx::read_file_facts(std::as_bytes(std::span(data, size)), "fuzz");
  } catch (const thimble::DataError&) {
  }
  return 0;
}
