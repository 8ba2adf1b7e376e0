#include "models/onnx/features.hpp"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/error.hpp"
#include "classical/feature_line.hpp"
#include "classical/feature_step.hpp"
#include "classical/hog.hpp"
#include "classical/pca.hpp"
#include "classical/scaling.hpp"
#include "models/embedding.hpp"
#include "models/onnx/hog.hpp"
#include "models/onnx/network.hpp"
#include "models/onnx/operators.hpp"

namespace thimble {

using classical::FeatureLine;
using classical::LearnedArrays;
using onnx::constant;
using onnx::ModelBuilder;
using onnx::TensorElement;

OnnxFeatures::OnnxFeatures(ModelBuilder& builder, std::string bytes, std::size_t dims, float scale)
    : builder_(&builder), dims_(dims), scale_(scale), bytes_(std::move(bytes)) {}

OnnxFeatures::OnnxFeatures(ModelBuilder& builder, std::string values, std::size_t dims)
    : builder_(&builder), dims_(dims), values_(std::move(values)) {}

const std::string& OnnxFeatures::byte_values() {
  if (byte_values_.empty()) byte_values_ = cast(*builder_, bytes_, TensorElement::f32);
  return byte_values_;
}

const std::string& OnnxFeatures::values() {
  if (values_.empty()) {
    values_ = scale_ == 1
                  ? byte_values()
                  : builder_->node("Mul", {byte_values(), builder_->scalar("scale", scale_)});
  }
  return values_;
}

const std::string& OnnxFeatures::doubles() {
  if (doubles_.empty()) doubles_ = cast(*builder_, values(), TensorElement::f64);
  return doubles_;
}

namespace {

/// Adds the steps one after another.
class Steps {
 public:
  Steps(ModelBuilder& builder, const OnnxPipeline& pipeline, const OnnxOptions& options,
        const std::string& pictures)
      : builder_(builder),
        shape_(pipeline.shape),
        networks_(pipeline.networks),
        options_(options),
        pictures_(pictures),
        pixels_(builder.node("Flatten", {pictures}, {{"axis", std::int64_t{1}}})),
        learned_(pipeline.pipeline.learned()),
        features_(builder, pixels_, shape_.size(), 1.0F) {}

  void add(const std::string& text, std::size_t position) {
    FeatureLine line(text);
    const LearnedArrays arrays(learned_, fmt::format("features.{}.", position));
    if (line.word() == "hog") {
      hog(classical::Hog(classical::HogStep(line).options(), shape_));
    } else if (line.word() == "pixels") {
      pixels(classical::Pixels(line));
    } else if (const auto embedding = networks_.embedding(line)) {
      network(*embedding);
    } else if (line.word() == "scale") {
      scale(classical::Scale(line));
    } else if (line.word() == "standardize") {
      classical::Standardize step(line);
      step.restore(features_.dims(), arrays);
      standardize(step);
    } else if (line.word() == "pca") {
      classical::Pca step(line);
      step.restore(features_.dims(), arrays);
      pca(step);
    } else if (line.word() == "normalize") {
      normalize();
    } else {
      line.fail("this step cannot be exported to ONNX");
    }
  }

  OnnxFeatures take() { return std::move(features_); }

 private:
  void hog(const classical::Hog& hog) {
    add_beside(add_hog(builder_, hog, shape_, pictures_), hog.dims());
  }

  void pixels(const classical::Pixels& step) {
    const auto scale = static_cast<float>(step.weight() / 255);
    add_beside(OnnxFeatures(builder_, pixels_, shape_.size(), scale).values(), shape_.size());
  }

  void network(const NetworkSteps::Embedding& embedding) {
    const nn::InferencePool& pool = embedding.embedder.network();
    const std::string values = add_network(builder_, pool.graph(), pool.scaling(),
                                           pool.parameters(), options_.keep_batch_norm, pictures_);
    add_beside(builder_.node("Mul", {values, builder_.scalar("weight", embedding.weight)}),
               embedding.embedder.dims());
  }

  /// The features of several picture steps stand side by side.
  void add_beside(const std::string& values, std::size_t dims) {
    if (!has_picture_steps_) {
      has_picture_steps_ = true;
      features_ = {builder_, values, dims};
      return;
    }
    const std::string all =
        builder_.node("Concat", {features_.values(), values}, {{"axis", std::int64_t{1}}});
    features_ = {builder_, all, features_.dims() + dims};
  }

  void scale(const classical::Scale& step) {
    const auto factor = static_cast<float>(step.factor());
    if (features_.is_bytes()) {
      features_ = {builder_, features_.bytes(), features_.dims(), features_.scale() * factor};
    } else {
      become(builder_.node("Mul", {features_.values(), builder_.scalar("factor", factor)}));
    }
  }

  void standardize(const classical::Standardize& step) {
    const std::size_t d = features_.dims();
    const std::string centred =
        builder_.node("Sub", {features_.values(), constant(builder_, "mean", step.mean(), {d})});
    become(builder_.node("Mul",
                         {centred, constant(builder_, "one_by_deviation", step.factors(), {d})}));
  }

  void pca(const classical::Pca& step) {
    const std::size_t d = features_.dims();
    const std::size_t k = step.dims_after(d);
    const std::string centred =
        builder_.node("Sub", {features_.values(), constant(builder_, "mean", step.mean(), {d})});
    features_ = {builder_,
                 builder_.node(
                     "Gemm", {centred, constant(builder_, "directions", step.projection(), {k, d})},
                     {{"transB", std::int64_t{1}}}),
                 k};
  }

  void normalize() {
    const std::string length =
        builder_.node("ReduceL2", {features_.values()}, {{"axes", std::vector<std::int64_t>{1}}});
    const std::string zero = builder_.scalar("zero", 0);
    const std::string divisor = builder_.node(
        "Where", {builder_.node("Greater", {length, zero}), length, builder_.scalar("one", 1)});
    become(builder_.node("Div", {features_.values(), divisor}));
  }

  /// Floats of as many dimensions as before.
  void become(std::string values) { features_ = {builder_, std::move(values), features_.dims()}; }

  ModelBuilder& builder_;
  PictureShape shape_;
  const NetworkSteps& networks_;
  OnnxOptions options_;
  std::string pictures_;
  std::string pixels_;
  std::vector<classical::LearnedArray> learned_;
  bool has_picture_steps_ = false;
  OnnxFeatures features_;
};

}  // namespace

OnnxFeatures add_features(ModelBuilder& builder, const OnnxPipeline& pipeline,
                          const OnnxOptions& options, const std::string& pictures) {
  Steps steps(builder, pipeline, options, pictures);
  std::size_t position = 0;
  for (const std::string& line : pipeline.pipeline.lines()) steps.add(line, position++);
  return steps.take();
}

}  // namespace thimble
