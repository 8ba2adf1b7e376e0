// How many pictures of none of its classes does a model notice, and how many of its own does it
// take for such? Prints one JSON object: shares with their 95 % intervals, for its detector, for
// all of its notices together, and for two scores of the probabilities alone (threshold by
// validation, as the detector's): the highest probability (Hendrycks, Gimpel: arXiv 1610.02136) and
// the generalized entropy (Liu et al., "GEN", CVPR 2023).
//
// Every set is shown as it is, at the model's size, and as photos of 300 pixels, dark on white and
// light on black, which go through the model's preparation.

#include <algorithm>
#include <cmath>
#include <iostream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/random.hpp"
#include "data/source.hpp"
#include "evaluation/calibration.hpp"
#include "evaluation/evaluation.hpp"
#include "evaluation/interval.hpp"
#include "evaluation/judged_data.hpp"
#include "imaging/resize.hpp"
#include "models/classifier.hpp"
#include "models/novelty.hpp"
#include "models/shipped.hpp"
#include "strange_pictures.hpp"

namespace {

using namespace thimble;
using nlohmann::json;

constexpr int kPhotoSide = 300;
constexpr double kMargin = 0.15;  // around an object, of the photo's side

struct Arguments {
  std::string model = "cnn";
  std::string source = "fashion-mnist";
  std::string digits = "mnist";
  std::string data_dir;
  std::size_t count = 1000;
  std::uint64_t seed = 1;
};

/// What a service would have before it: pictures of the model's shape, and which of them were said
/// to show nothing.
struct Shown {
  Images pictures;
  std::vector<bool> no_object;
};

/// What each picture is judged by; the larger, the stranger.
struct Scores {
  std::vector<double> detector, unsure, max_probability, entropy;
};

Scores score(const Classifier& model, const Images& pictures) {
  const ModelDescription& description = model.description();
  const Probabilities probabilities =
      with_temperature(model.predict_proba(pictures), description.temperature);
  const std::vector<float> novelty = description.novelty->scores(pictures);
  Scores scores;
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    const double top = static_cast<double>(std::ranges::max(probabilities[i]));
    double entropy = 0;
    for (const float p : probabilities[i]) {
      constexpr double kGamma = 0.1;
      const double share = std::clamp(static_cast<double>(p), 1e-9, 1 - 1e-9);
      entropy += std::pow(share, kGamma) * std::pow(1 - share, kGamma);
    }
    scores.detector.push_back(static_cast<double>(novelty[i]));
    scores.unsure.push_back(description.unsure_below - top);
    scores.max_probability.push_back(1 - top);
    scores.entropy.push_back(entropy);
  }
  return scores;
}

double quantile(std::vector<double> values, double share) {
  const auto place =
      values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::ranges::nth_element(values, place);
  return *place;
}

struct Thresholds {
  double max_probability, entropy;
};

json share_json(std::size_t part, std::size_t all) {
  const Interval interval = wilson_interval(part, all);
  return {{"share", static_cast<double>(part) / static_cast<double>(all)},
          {"interval", {interval.low, interval.high}}};
}

json noticed(const Classifier& model, const Shown& shown, const Thresholds& thresholds) {
  const Scores scores = score(model, shown.pictures);
  const std::size_t n = shown.pictures.size();
  std::size_t detector = 0, notices = 0, max_probability = 0, entropy = 0;
  for (std::size_t i = 0; i < n; ++i) {
    detector += scores.detector[i] > 1 ? 1 : 0;
    notices += scores.detector[i] > 1 || scores.unsure[i] > 0 || shown.no_object[i] ? 1 : 0;
    max_probability += scores.max_probability[i] > thresholds.max_probability ? 1 : 0;
    entropy += scores.entropy[i] > thresholds.entropy ? 1 : 0;
  }
  return {{"pictures", n},
          {"detector", share_json(detector, n)},
          {"all_notices", share_json(notices, n)},
          {"max_probability", share_json(max_probability, n)},
          {"generalized_entropy", share_json(entropy, n)}};
}

Picture negated(Picture picture) {
  for (std::uint8_t& pixel : picture.pixels) pixel = static_cast<std::uint8_t>(255 - pixel);
  return picture;
}

/// A picture in the middle of a larger black one.
Picture with_margin(const Picture& picture) {
  const int side = kPhotoSide;
  const int inner = static_cast<int>(side * (1 - 2 * kMargin));
  const Picture small = resize(picture, inner, inner, ResizeFilter::bilinear);
  const auto channels = static_cast<std::size_t>(small.shape.channels);
  Picture photo({side, side, small.shape.channels});
  const auto first = static_cast<std::size_t>((side - inner) / 2);
  const std::size_t row = static_cast<std::size_t>(inner) * channels;
  for (std::size_t y = 0; y < static_cast<std::size_t>(inner); ++y) {
    std::copy_n(small.pixels.begin() + static_cast<std::ptrdiff_t>(y * row), row,
                photo.pixels.begin() +
                    static_cast<std::ptrdiff_t>(
                        ((first + y) * static_cast<std::size_t>(side) + first) * channels));
  }
  return photo;
}

enum class Way { direct, on_white, on_black };

/// Shows the pictures that draw(i) makes to the model.
template <class Draw>
Shown show(const ModelDescription& model, std::size_t n, Way way, bool object, const Draw& draw) {
  Shown shown{Images(model.input, n), std::vector<bool>(n)};
  std::vector<std::uint8_t> no_object(n);
  parallel_tasks(n, [&](std::size_t i) {
    Picture picture = draw(i);
    PreparedPicture prepared;
    if (way == Way::direct) {
      prepared.picture = fit_to(picture, model.input);
    } else {
      if (object) picture = with_margin(picture);
      if (way == Way::on_white) picture = negated(std::move(picture));
      prepared = prepare_picture(picture, model.input, model.style);
    }
    std::ranges::copy(prepared.picture.pixels, shown.pictures[i].begin());
    no_object[i] = prepared.notice.empty() ? 0 : 1;
  });
  for (std::size_t i = 0; i < n; ++i) shown.no_object[i] = no_object[i] != 0;
  return shown;
}

Picture picture_of(const Images& images, std::size_t i) {
  const auto pixels = images[i];
  return {images.shape(), {pixels.begin(), pixels.end()}};
}

/// @param n       pictures shown as they are
/// @param photos  of them shown as photos
template <class Draw>
json all_ways(const Classifier& model, std::size_t n, std::size_t photos, bool object,
              const Thresholds& thresholds, const Draw& draw) {
  json result;
  for (const auto& [name, way] :
       {std::pair{"as_is", Way::direct}, std::pair{"photo_on_white", Way::on_white},
        std::pair{"photo_on_black", Way::on_black}}) {
    result[name] = noticed(
        model, show(model.description(), way == Way::direct ? n : photos, way, object, draw),
        thresholds);
  }
  return result;
}

void run(const Arguments& arguments) {
  const auto model = load_classifier(find_model(arguments.model));
  const ModelDescription& description = model->description();
  if (description.novelty == nullptr) {
    throw UsageError("the model has no detector; thimble model calibrate gives it one");
  }
  const DatasetSplits splits = load_dataset(arguments.source, {.data_dir = arguments.data_dir});
  const Scores familiar = score(*model, held_out_samples(splits, description).images);
  const double kept = 1 - NoveltyDetector::kFalseAlarms;
  const Thresholds thresholds{quantile(familiar.max_probability, kept),
                              quantile(familiar.entropy, kept)};

  json result;
  const Images& own = splits.test.value().images;
  const auto of_test = [&](std::size_t i) { return picture_of(own, i); };
  result["test_pictures"] = all_ways(*model, own.size(), std::min(arguments.count, own.size()),
                                     true, thresholds, of_test);
  for (const bench::StrangeSet& set : bench::strange_sets()) {
    const auto draw = [&](std::size_t i) {
      return set.draw(kPhotoSide, hash_seed(arguments.seed, i));
    };
    result[set.name] =
        all_ways(*model, arguments.count, arguments.count, set.object, thresholds, draw);
  }
  if (!arguments.digits.empty()) {
    const Images digits =
        load_dataset(arguments.digits, {.data_dir = arguments.data_dir}).test.value().images;
    const auto draw = [&](std::size_t i) { return picture_of(digits, i); };
    const std::size_t n = std::min(arguments.count, digits.size());
    result["digits"] = all_ways(*model, n, n, true, thresholds, draw);
  }
  std::cout << result.dump(2) << "\n";
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Counts the strange pictures that a model notices");
  app.add_option("model", arguments.model, "Model, as `thimble predict` takes it");
  app.add_option("--data", arguments.source, "The data that the model was trained on");
  app.add_option("--digits", arguments.digits, "A data set of digits; empty: none");
  app.add_option("--data-dir", arguments.data_dir, "Folder with the named data sets");
  app.add_option("--count", arguments.count, "Pictures of each set");
  app.add_option("--seed", arguments.seed, "Seed of the pictures");
  CLI11_PARSE(app, argc, argv);
  try {
    run(arguments);
  } catch (const Error& error) {
    std::cerr << "bench_novelty: " << error.what() << "\n";
    return 1;
  }
  return 0;
}
