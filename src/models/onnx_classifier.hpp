// An ONNX file (https://onnx.ai) as a classifier: one that Thimble exported
// (models/onnx_export.hpp) or one from elsewhere, run by ONNX Runtime.
//
// What a foreign file must have: one input of pictures (models/onnx_input.hpp), and a float32
// output [batch, classes], "probabilities" where there are several. Rows that are probabilities are
// taken as they are, others go through a softmax; which of the two is told by a few drawn pictures
// when the file is loaded. Classes are named by the metadata's "thimble.classes", a JSON list, or
// are "0", "1", ...

#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "models/classifier.hpp"
#include "models/onnx_input.hpp"
#include "onnx/session.hpp"

namespace thimble {

inline constexpr const char* kOnnxFamily = "onnx";

class OnnxClassifier : public Classifier {
 public:
  /// @param bytes  the file's
  /// @param place  names it in messages; a foreign model is called by its last part
  /// @throws FileError  if ONNX Runtime is not installed
  /// @throws DataError  if the file is no ONNX file, takes or gives something else than a
  /// classifier
  ///                    of pictures does, or its metadata is not usable; says what was found
  OnnxClassifier(std::string bytes, const std::string& place);

  /// @throws UsageError  always: an ONNX file is run as it is
  FitReport fit(const Dataset& train, const FitOptions& options) override;
  Probabilities predict_proba(const Images& pictures) const override;
  /// Writes the file as it was read: what changed in the description since is not in it.
  /// @throws UsageError  if the name does not end in .onnx, by which such files are known
  void save(const std::filesystem::path& path) const override;
  const ModelDescription& description() const override { return description_; }
  ModelDescription& description() override { return description_; }
  std::string summary() const override;

 private:
  void describe(std::size_t classes);

  std::string bytes_;
  std::string place_;
  onnx::Session session_;
  OnnxInput input_;
  std::string output_;  ///< its name
  bool softmax_ = false;
  bool named_classes_ = true;
  bool own_export_ = false;
  ModelDescription description_;
};

/// True if the classes have numbers because their file does not name them: data whose classes are
/// as many suit it, in their order.
bool has_numbered_classes(const ModelDescription& model);

}  // namespace thimble
