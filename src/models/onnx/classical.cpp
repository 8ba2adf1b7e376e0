#include "models/classical.hpp"

#include "models/onnx/features.hpp"
#include "models/onnx_export.hpp"

namespace thimble {

void ClassicalClassifier::to_onnx(onnx::ModelBuilder& builder, const OnnxOptions&) const {
  require_trained();
  const PictureShape& shape = description_.input;
  const std::string pictures = builder.pictures(shape.height, shape.width, shape.channels);
  OnnxFeatures features = thimble::to_onnx(builder, pipeline_, shape, pictures);
  const std::size_t classes = description_.classes.size();
  builder.probabilities(estimator_->to_onnx(builder, features, classes), static_cast<int>(classes));
}

}  // namespace thimble
