// The ONNX files of tests/data_files/onnx, which tests/reference/make_onnx_files.py makes.

#pragma once

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "onnx/session.hpp"

namespace thimble::testing {

inline std::filesystem::path onnx_file(const std::string& name) {
  return std::filesystem::path(THIMBLE_TEST_DATA) / "onnx" / (name + ".onnx");
}

inline std::string onnx_bytes(const std::string& name) {
  std::ifstream in(onnx_file(name), std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// What the good ones answer.
inline nlohmann::json onnx_reference() {
  return nlohmann::json::parse(std::ifstream(THIMBLE_TEST_DATA "/onnx_reference.json"));
}

/// Why tests that run files are skipped; empty where ONNX Runtime is installed.
inline std::string missing_runtime() {
  try {
    onnx::runtime_version();
    return "";
  } catch (const FileError& error) {
    return error.what();
  }
}

}  // namespace thimble::testing

#define THIMBLE_SKIP_WITHOUT_ONNX_RUNTIME()                                                \
  if (const std::string missing = ::thimble::testing::missing_runtime(); !missing.empty()) \
  GTEST_SKIP() << missing
