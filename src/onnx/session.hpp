// Running ONNX files (https://onnx.ai) with ONNX Runtime, which is found when it is first needed:
// the program neither links it nor starts slower for it.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "onnx/file_facts.hpp"

namespace thimble::onnx {

enum class ElementType { f32, u8, i64, text, other };

/// One input or output as the file declares it.
struct Port {
  std::string name;
  ElementType type = ElementType::other;
  std::string type_name;            ///< for messages: "float64", "sequence of maps"
  std::vector<std::int64_t> shape;  ///< -1: of any size
};

/// What came out: a tensor of float32, or of int64 (labels).
struct Output {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<float> floats;
  std::vector<std::int64_t> integers;
};

/// A loaded ONNX file.
///
/// Thread safety: run() may be called from several threads at once.
class Session {
 public:
  /// @param bytes   of the file
  /// @param place   names it in messages
  /// @param threads at most, of one run; 0: as many as base/parallel.hpp has
  /// @throws FileError  if the runtime's library is not found; says where it was looked for and how
  ///                    to install it (THIMBLE_ONNXRUNTIME names its file)
  /// @throws DataError  if it is no ONNX file, or the runtime refuses it; gives its words
  Session(std::span<const std::byte> bytes, const std::string& place, int threads = 0);
  ~Session();
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;

  const std::vector<Port>& inputs() const;
  const std::vector<Port>& outputs() const;
  /// The file's own metadata.
  const std::map<std::string, std::string>& metadata() const;
  /// What made the file, and for which opsets.
  const FileFacts& facts() const;

  /// @param input   of inputs()[0]'s type: float32 or uint8, product(shape) elements
  /// @param wanted  names of outputs
  /// @throws DataError   if the runtime refuses, gives its words; if an output is neither of
  ///                     float32 nor of int64
  /// @throws ShapeError  if there are more or fewer elements
  std::vector<Output> run(std::span<const float> input, std::span<const std::int64_t> shape,
                          std::span<const std::string> wanted) const;
  std::vector<Output> run(std::span<const std::uint8_t> input, std::span<const std::int64_t> shape,
                          std::span<const std::string> wanted) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// The runtime's version, "1.20.1".
/// @throws FileError  as Session
std::string runtime_version();

}  // namespace thimble::onnx
