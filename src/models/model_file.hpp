// Model files: tensors and text in the safetensors format
// (https://github.com/huggingface/safetensors, "Format").
//
// 8 bytes little-endian length N, N bytes of JSON header, then the tensors' bytes. Nothing in the
// file is executable. docs/file-formats.md lists the metadata Thimble writes.

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace thimble {

enum class TensorType { f32, f64, bf16, i64, i32, u8 };

/// One named array. `data` is little-endian, row-major, product(shape) elements.
struct Tensor {
  TensorType type = TensorType::f32;
  std::vector<std::int64_t> shape;
  std::vector<std::byte> data;

  static Tensor from(std::span<const float> values, std::vector<std::int64_t> shape);
  static Tensor from(std::span<const double> values, std::vector<std::int64_t> shape);
  static Tensor from(std::span<const std::int32_t> values, std::vector<std::int64_t> shape);
  static Tensor from(std::span<const std::int64_t> values, std::vector<std::int64_t> shape);
  static Tensor from(std::span<const std::uint8_t> values, std::vector<std::int64_t> shape);

  /// The elements as T.
  /// @throws DataError  if the tensor has another type
  template <class T>
  std::span<const T> as() const;
};

struct ModelFile {
  std::map<std::string, Tensor> tensors;
  std::map<std::string, std::string> metadata;
};

/// Writes atomically; the same content gives the same bytes. Tensors start at multiples of 64.
void save_model_file(const std::filesystem::path& path, const ModelFile& file);

/// Reads and checks everything before use: header length and JSON, known types, shapes that match
/// byte ranges, ranges inside the file, without overlap or gap.
/// @throws FileError, DataError  naming the file and what is wrong with it
ModelFile load_model_file(const std::filesystem::path& path);

}  // namespace thimble
