#include "classical/feature_pipeline.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/text.hpp"
#include "classical/feature_step.hpp"
#include "classical/hog.hpp"
#include "classical/pca.hpp"
#include "classical/scaling.hpp"

namespace thimble::classical {
namespace {

std::unique_ptr<PictureStep> make_picture_step(FeatureLine& line,
                                               const MakePictureStep& make_more) {
  if (line.word() == "hog") return std::make_unique<HogStep>(line);
  if (line.word() == "pixels") return std::make_unique<Pixels>(line);
  return make_more ? make_more(line) : nullptr;
}

std::unique_ptr<FeatureStep> make_feature_step(FeatureLine& line) {
  if (line.word() == "scale") return std::make_unique<Scale>(line);
  if (line.word() == "standardize") return std::make_unique<Standardize>(line);
  if (line.word() == "pca") return std::make_unique<Pca>(line);
  if (line.word() == "normalize") return std::make_unique<Normalize>(line);
  return nullptr;
}

std::string prefix(std::size_t position) { return fmt::format("features.{}.", position); }

/// Pictures worked on between two looks at the progress.
constexpr std::size_t kPicturesAtATime = 4096;

}  // namespace

FeaturePipeline::FeaturePipeline(const std::vector<std::string>& lines,
                                 const MakePictureStep& make_more) {
  for (const std::string& text : lines) {
    FeatureLine line(text);
    if (auto step = make_picture_step(line, make_more)) {
      if (!steps_.empty()) line.fail("it looks at pictures, so it has to come first");
      picture_steps_.push_back(std::move(step));
    } else if (auto feature_step = make_feature_step(line)) {
      steps_.push_back(std::move(feature_step));
    } else {
      static const std::vector<std::string> words{"scale",       "hog", "pixels",
                                                  "standardize", "pca", "normalize"};
      line.fail(unknown_name("step", line.word(), words));
    }
  }
}

FeaturePipeline::~FeaturePipeline() = default;
FeaturePipeline::FeaturePipeline(FeaturePipeline&&) noexcept = default;
FeaturePipeline& FeaturePipeline::operator=(FeaturePipeline&&) noexcept = default;

std::size_t FeaturePipeline::picture_dims(const PictureShape& shape) const {
  if (picture_steps_.empty()) return shape.size();
  std::size_t dims = 0;
  for (const auto& step : picture_steps_) dims += step->dims(shape);
  return dims;
}

Features FeaturePipeline::extract(const Images& pictures, Progress& progress) const {
  const std::size_t n = pictures.size();
  if (picture_steps_.empty()) return {pictures.pixels(), pictures.shape().size(), 1.0F};
  linalg::Matrix values(n, picture_dims(pictures.shape()));
  for (std::size_t from = 0; from < n; from += kPicturesAtATime) {
    if (progress.stop_requested()) throw Cancelled("cancelled");
    progress.update(from, n, "features");
    const std::size_t to = std::min(n, from + kPicturesAtATime);
    parallel_for(to - from, 1, [&](std::size_t begin, std::size_t end) {
      float* out = values.data() + (from + begin) * values.columns();
      for (const auto& step : picture_steps_) {
        step->extract(pictures, from + begin, from + end, out, values.columns());
        out += step->dims(pictures.shape());
      }
    });
  }
  return Features(std::move(values));
}

Features FeaturePipeline::fit_transform(const Images& pictures, Progress& progress) {
  if (pictures.empty()) throw DataError("features: no pictures to learn from");
  Features features = extract(pictures, progress);
  for (const auto& step : steps_) {
    if (progress.stop_requested()) throw Cancelled("cancelled");
    step->fit(features, progress);
    features = step->apply(std::move(features));
  }
  shape_ = pictures.shape();
  dims_ = features.dims();
  return features;
}

Features FeaturePipeline::transform(const Images& pictures) const {
  if (pictures.shape() != shape_) {
    throw ShapeError(fmt::format("features: the pictures are {}, expected {}",
                                 to_string(pictures.shape()), to_string(shape_)));
  }
  Progress silent;
  Features features = extract(pictures, silent);
  for (const auto& step : steps_) features = step->apply(std::move(features));
  return features;
}

std::vector<std::string> FeaturePipeline::lines() const {
  std::vector<std::string> lines;
  for (const auto& step : picture_steps_) lines.push_back(step->line());
  for (const auto& step : steps_) lines.push_back(step->line());
  return lines;
}

std::vector<LearnedArray> FeaturePipeline::learned() const {
  std::vector<LearnedArray> all;
  std::size_t position = picture_steps_.size();
  for (const auto& step : steps_) {
    for (LearnedArray& array : step->learned()) {
      array.name.insert(0, prefix(position));
      all.push_back(std::move(array));
    }
    ++position;
  }
  return all;
}

void FeaturePipeline::restore(const PictureShape& shape, const std::vector<LearnedArray>& learned) {
  if (shape.height < 1 || shape.width < 1 || shape.channels < 1) {
    throw DataError(fmt::format("features: there are no pictures of {}", to_string(shape)));
  }
  std::size_t dims = 0;
  try {
    dims = picture_dims(shape);
  } catch (const UsageError& error) {
    throw DataError(error.what());
  }
  std::size_t position = picture_steps_.size();
  for (const auto& step : steps_) {
    step->restore(dims, LearnedArrays(learned, prefix(position)));
    dims = step->dims_after(dims);
    ++position;
  }
  shape_ = shape;
  dims_ = dims;
}

std::size_t FeaturePipeline::dims() const { return dims_; }

}  // namespace thimble::classical
