// Models as ONNX files (https://onnx.ai), for other programs to run.
//
// A file has one input, "pictures", uint8 [batch, height, width, channels], and one output,
// "probabilities", float32 [batch, classes]: what Classifier::predict_proba() gives for the same
// pictures, computed in float32. Its metadata:
//
//     thimble.classes       the names of the classes, a JSON list
//     thimble.description   what is known of the model (models/description.hpp), JSON

#pragma once

#include <string>

#include "models/classifier.hpp"

namespace thimble {

struct OnnxOptions {
  /// Batch norms as nodes of their own. Otherwise they are folded into the convolution before them.
  bool keep_batch_norm = false;
  /// Two outputs more: "top_probabilities", float32 [batch, top], and "top_classes", int64 [batch,
  /// top], the likeliest classes. 0: not wanted.
  int top = 0;
};

/// The bytes of the ONNX file.
/// @throws UsageError  if the model is not trained, ONNX's operators cannot say it (names what is
/// in
///                     the way), or it has fewer classes than `options.top`
std::string export_onnx(const Classifier& classifier, const OnnxOptions& options = {});

}  // namespace thimble
