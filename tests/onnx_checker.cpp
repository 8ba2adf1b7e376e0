#include "onnx_checker.hpp"

#include <onnx/checker.h>

#include <exception>

namespace thimble {

std::string onnx_checker_says(const std::string& bytes) {
  ::onnx::ModelProto model;
  if (!model.ParseFromString(bytes)) return "not an ONNX file";
  try {
    ::onnx::checker::check_model(model);
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

}  // namespace thimble
