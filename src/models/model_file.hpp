// Model files: tensors and text in the safetensors format
// (https://github.com/huggingface/safetensors, "Format").
//
// 8 bytes little-endian length N, N bytes of JSON header, then the tensors' bytes without a gap.
// Nothing in the file is executable. docs/file-formats.md lists the metadata Thimble writes.

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

/// Bytes of one element.
std::size_t element_size(TensorType type);

/// One named array. `data` is little-endian, row-major, product(shape) elements.
struct Tensor {
  TensorType type = TensorType::f32;
  std::vector<std::int64_t> shape;
  std::vector<std::byte> data;

  /// @throws ShapeError  if the number of values is not product(shape)
  static Tensor from(std::span<const float> values, std::vector<std::int64_t> shape);
  static Tensor from(std::span<const double> values, std::vector<std::int64_t> shape);
  static Tensor from(std::span<const std::int32_t> values, std::vector<std::int64_t> shape);
  static Tensor from(std::span<const std::int64_t> values, std::vector<std::int64_t> shape);
  static Tensor from(std::span<const std::uint8_t> values, std::vector<std::int64_t> shape);

  /// The elements as T: float, double, std::uint16_t (the bits of bf16), std::int64_t, std::int32_t
  /// or std::uint8_t.
  /// @throws DataError  if the tensor has another type
  template <class T>
  std::span<const T> as() const;
};

struct ModelFile {
  std::map<std::string, Tensor> tensors;
  std::map<std::string, std::string> metadata;
};

/// Writes atomically; the same content gives the same bytes. The header is padded so that the first
/// tensor starts at a multiple of 64; wide elements come first, so that all tensors are aligned.
/// @throws FileError  if the file cannot be written
/// @throws DataError  if a tensor's data does not fit its shape, or a name or metadata is not UTF-8
void save_model_file(const std::filesystem::path& path, const ModelFile& file);

/// Reads and checks everything before use: header length and JSON, known types, shapes that match
/// byte ranges, ranges inside the file, without overlap or gap.
/// @throws FileError, DataError  naming the file and what is wrong with it
ModelFile load_model_file(const std::filesystem::path& path);

/// The same for a file's bytes in memory; `place` names them in messages.
ModelFile parse_model_file(std::span<const std::byte> bytes, const std::string& place);

}  // namespace thimble
