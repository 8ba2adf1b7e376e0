// Feature steps as nodes of an ONNX file.

#pragma once

#include <cstddef>
#include <string>

#include "classical/feature_pipeline.hpp"
#include "imaging/images.hpp"
#include "models/network_step.hpp"
#include "models/onnx_export.hpp"
#include "onnx/model_builder.hpp"

namespace thimble {

/// The features of a batch of pictures, as classical::Features: bytes times a factor, or floats.
/// Nodes are added for what is asked for.
class OnnxFeatures {
 public:
  /// @param bytes  uint8 [batch, dims]
  OnnxFeatures(onnx::ModelBuilder& builder, std::string bytes, std::size_t dims, float scale);
  /// @param values  float32 [batch, dims]
  OnnxFeatures(onnx::ModelBuilder& builder, std::string values, std::size_t dims);

  bool is_bytes() const { return !bytes_.empty(); }
  std::size_t dims() const { return dims_; }
  float scale() const { return scale_; }
  /// uint8 [batch, dims], only if is_bytes().
  const std::string& bytes() const { return bytes_; }
  /// float32 [batch, dims]: the bytes themselves, only if is_bytes().
  const std::string& byte_values();
  /// float32 [batch, dims].
  const std::string& values();
  /// The same as double.
  const std::string& doubles();

 private:
  onnx::ModelBuilder* builder_;
  std::size_t dims_;
  float scale_ = 1;
  std::string bytes_;
  std::string byte_values_;
  std::string values_;
  std::string doubles_;
};

/// A fitted or restored pipeline, the pictures that it takes, and the networks that its steps use.
struct OnnxPipeline {
  const classical::FeaturePipeline& pipeline;
  PictureShape shape;
  const NetworkSteps& networks;
};

/// @param pictures     uint8 [batch, height, width, channels]
/// @throws UsageError  if a step cannot be exported; names it
OnnxFeatures add_features(onnx::ModelBuilder& builder, const OnnxPipeline& pipeline,
                          const OnnxOptions& options, const std::string& pictures);

}  // namespace thimble
