// ONNX's own checker.

#pragma once

#include <string>

namespace thimble {

/// What it finds wrong with an ONNX file's bytes; "" if nothing.
std::string onnx_checker_says(const std::string& bytes);

}  // namespace thimble
