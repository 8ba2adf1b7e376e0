#include "models/classical.hpp"

#include "models/onnx/features.hpp"

namespace thimble {

void ClassicalClassifier::to_onnx(onnx::ModelBuilder& builder, const OnnxOptions& options) const {
  require_trained();
  const PictureShape& shape = description_.input;
  const std::string pictures = builder.pictures(shape.height, shape.width, shape.channels);
  OnnxFeatures features = add_features(builder, {pipeline_, shape, networks_}, options, pictures);
  const std::size_t classes = description_.classes.size();
  builder.probabilities(estimator_->to_onnx(builder, features, classes), static_cast<int>(classes));
}

}  // namespace thimble
