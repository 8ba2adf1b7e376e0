#include "models/onnx_export.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "models/description.hpp"
#include "onnx/model_builder.hpp"

namespace thimble {

void Classifier::to_onnx(onnx::ModelBuilder& /*builder*/, const OnnxOptions& /*options*/) const {
  throw UsageError(fmt::format("model {}: models of the family '{}' cannot be exported to ONNX",
                               description().name, description().family));
}

std::string export_onnx(const Classifier& classifier, const OnnxOptions& options) {
  const ModelDescription& description = classifier.description();
  if (options.top < 0 || static_cast<std::size_t>(options.top) > description.classes.size()) {
    throw UsageError(fmt::format("model {}: it has {} classes, the likeliest {} were asked for",
                                 description.name, description.classes.size(), options.top));
  }
  onnx::ModelBuilder builder(description.name);
  classifier.to_onnx(builder, options);
  if (options.top > 0) builder.top(options.top);
  builder.metadata("thimble.classes", nlohmann::json(description.classes).dump());
  builder.metadata("thimble.description", to_json(description).dump());
  return builder.finish();
}

}  // namespace thimble
