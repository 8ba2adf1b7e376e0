#include "evaluation/prediction.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "base/error.hpp"
#include "imaging/augmentation.hpp"
#include "models/onnx_classifier.hpp"

namespace thimble {
namespace {

// Pictures [begin, end) as a block of their own.
Images slice(const Images& pictures, std::size_t begin, std::size_t end) {
  const std::size_t size = pictures.shape().size();
  const auto pixels = pictures.pixels().subspan(begin * size, (end - begin) * size);
  return Images(pictures.shape(), std::vector<std::uint8_t>(pixels.begin(), pixels.end()));
}

Probabilities predict_batch(const Classifier& classifier, const Images& batch, bool flip_tta) {
  Probabilities probabilities = classifier.predict_proba(batch);
  if (!flip_tta) return probabilities;
  const Probabilities mirrored = classifier.predict_proba(flip_horizontally(batch));
  const auto values = probabilities.values();
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = (values[i] + mirrored.values()[i]) / 2;
  }
  return probabilities;
}

}  // namespace

Probabilities predict(const Classifier& classifier, const Images& pictures,
                      const PredictionOptions& options) {
  const ModelDescription& description = classifier.description();
  if (!pictures.empty() && pictures.shape() != description.input) {
    throw DataError(fmt::format("the pictures are {}, but the model takes {}",
                                to_string(pictures.shape()), to_string(description.input)));
  }
  Probabilities all(pictures.size(), description.classes.size());
  const std::size_t batch_size = std::max<std::size_t>(1, options.batch_size);
  for (std::size_t begin = 0; begin < pictures.size(); begin += batch_size) {
    if (options.progress != nullptr && options.progress->stop_requested()) {
      throw Cancelled(fmt::format("stopped after {} of {} pictures", begin, pictures.size()));
    }
    const std::size_t end = std::min(begin + batch_size, pictures.size());
    const Probabilities batch =
        predict_batch(classifier, slice(pictures, begin, end), options.flip_tta);
    if (batch.size() != end - begin || batch.classes() != all.classes()) {
      throw ShapeError(
          fmt::format("the model gave {} rows of {} probabilities for {} pictures and "
                      "{} classes",
                      batch.size(), batch.classes(), end - begin, all.classes()));
    }
    std::copy(batch.values().begin(), batch.values().end(),
              all.values().subspan(begin * all.classes()).begin());
    if (options.progress != nullptr) options.progress->update(end, pictures.size(), "");
  }
  return all;
}

bool knows_mirror_images(const ModelDescription& model) {
  if (model.recipe.is_object() && model.recipe.contains("features")) return false;
  if (!model.recipe.is_object() || !model.recipe.contains("augmentation")) return true;
  const nlohmann::json& augmentation = model.recipe["augmentation"];
  if (!augmentation.is_object()) return true;
  const auto is_on = [&](const char* key) {
    const auto value = augmentation.find(key);
    if (value == augmentation.end()) return false;
    return value->is_number() ? value->get<double>() > 0 : *value == true;
  };
  return is_on("horizontal_flip") || is_on("alternating_flip");
}

bool answers_by_votes(const ModelDescription& model) {
  // An exported one answers as before.
  const bool may_vote = model.family == "svm" || model.family == kOnnxFamily;
  if (!may_vote || !model.recipe.is_object()) return false;
  const nlohmann::json::json_pointer probability("/model/probability");
  return model.recipe.contains(probability) && model.recipe[probability] == false;
}

}  // namespace thimble
