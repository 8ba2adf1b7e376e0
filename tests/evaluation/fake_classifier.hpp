// A classifier without training, for tests of what is built on Classifier.

#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "models/classifier.hpp"

namespace thimble::testing {

/// Class c is as likely as the c-th pixel is bright: proportional to 1 + pixel. Each picture's
/// answer is easy to foresee, and differs from that of its mirror image.
class FakeClassifier : public Classifier {
 public:
  FakeClassifier(PictureShape input, std::vector<std::string> classes) {
    description_.family = "fake";
    description_.name = "brightest-pixel";
    description_.input = input;
    description_.classes = std::move(classes);
    description_.trained_on = {"fashion-mnist", "train", std::string(64, 'a'), false};
    description_.recipe = {{"training", {{"validation_fraction", 0.25}, {"seed", 3}}}};
  }

  FitReport fit(const Dataset&, const FitOptions&) override { return {}; }

  Probabilities predict_proba(const Images& pictures) const override {
    if (!pictures.empty() && pictures.shape() != description_.input) {
      throw ShapeError("fake classifier: wrong shape");
    }
    largest_batch = std::max(largest_batch, pictures.size());
    Probabilities probabilities(pictures.size(), description_.classes.size());
    for (std::size_t i = 0; i < pictures.size(); ++i) {
      float sum = 0;
      for (std::size_t c = 0; c < description_.classes.size(); ++c) {
        probabilities[i][c] = 1.0f + static_cast<float>(pictures[i][c]);
        sum += probabilities[i][c];
      }
      for (float& p : probabilities[i]) p /= sum;
    }
    return probabilities;
  }

  void save(const std::filesystem::path&) const override {}
  const ModelDescription& description() const override { return description_; }
  ModelDescription& description() override { return description_; }
  std::string summary() const override { return "the brightest of the first pixels wins"; }

  mutable std::size_t largest_batch = 0;  ///< pictures in the largest call so far; one thread only

 private:
  ModelDescription description_;
};

}  // namespace thimble::testing
