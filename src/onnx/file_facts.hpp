// What an ONNX file says of itself, read without a runtime.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>

namespace thimble::onnx {

struct FileFacts {
  std::string producer;                        ///< "pytorch 2.1.0"; may be empty
  std::map<std::string, std::int64_t> opsets;  ///< domain ("ai.onnx") to version
};

/// @param bytes  of the file
/// @param place  names it in messages
/// @throws DataError  if it is no ONNX file, was cut short, or keeps weights in other files
FileFacts read_file_facts(std::span<const std::byte> bytes, const std::string& place);

}  // namespace thimble::onnx
