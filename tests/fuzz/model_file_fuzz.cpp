// Any bytes as a model file, and its description where it parses.

#include <cstdint>

#include "base/error.hpp"
#include "models/description.hpp"
#include "models/model_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const thimble::ModelFile file =
        thimble::parse_model_file(std::as_bytes(std::span(data, size)), "fuzz");
    (void)to_json(read_description(file, "fuzz")).dump();
  } catch (const thimble::DataError&) {
  }
  return 0;
}
