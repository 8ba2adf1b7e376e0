#include "classical/feature_pipeline.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "classical/feature_samples.hpp"

namespace thimble::classical {
namespace {

using Lines = std::vector<std::string>;

std::string error_of(const Lines& lines) {
  try {
    const FeaturePipeline pipeline(lines);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(FeaturePipeline, GivesTheReferenceValues) {
  std::ifstream file(std::string(THIMBLE_TEST_DATA) + "/classical_features.json");
  const auto reference = nlohmann::json::parse(file);
  for (const auto& entry : reference.at("cases")) {
    const auto& stored = reference.at("pictures").at(entry.at("pictures").get<std::string>());
    const std::vector<int> shape = stored.at("shape");
    const Images pictures({shape[1], shape[2], shape[3]},
                          stored.at("pixels").get<std::vector<std::uint8_t>>());
    const Lines lines = entry.at("lines");
    SCOPED_TRACE(testing::PrintToString(lines));
    const std::vector<double> expected = entry.at("features");
    FeaturePipeline pipeline(lines);
    Progress progress;
    const auto values = floats(pipeline.fit_transform(pictures, progress));
    ASSERT_EQ(pipeline.dims(), entry.at("dims").get<std::size_t>());
    ASSERT_EQ(values.size(), expected.size());
    double largest = 0;
    for (const double x : expected) largest = std::max(largest, std::abs(x));
    double error = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      error = std::max(error, std::abs(static_cast<double>(values[i]) - expected[i]));
    }
    EXPECT_LT(error, 2e-5 * largest);
  }
}

TEST(FeaturePipeline, WithoutStepsFeaturesAreThePixels) {
  const Images pictures = random_pictures({3, 4, 3}, 5);
  Progress progress;
  FeaturePipeline pipeline({});
  const Features features = pipeline.fit_transform(pictures, progress);
  EXPECT_TRUE(features.is_bytes());
  EXPECT_EQ(features.scale(), 1.0F);
  EXPECT_EQ(features.size(), 5U);
  EXPECT_EQ(pipeline.dims(), 36U);
  EXPECT_EQ(features.bytes().data(), pictures.pixels().data());
}

TEST(FeaturePipeline, PictureStepsStandSideBySide) {
  const Images pictures = random_pictures({8, 8, 1}, 3);
  const auto both = fitted({"hog block=1", "pixels"}, pictures);
  const auto hog = fitted({"hog block=1"}, pictures);
  const auto pixels = fitted({"scale"}, pictures);
  ASSERT_EQ(both.size(), hog.size() + pixels.size());
  const auto at = [](const std::vector<float>& all, std::size_t from, std::size_t n) {
    return std::vector<float>(all.begin() + static_cast<std::ptrdiff_t>(from),
                              all.begin() + static_cast<std::ptrdiff_t>(from + n));
  };
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(at(both, i * 100, 36), at(hog, i * 36, 36));
    EXPECT_EQ(at(both, i * 100 + 36, 64), at(pixels, i * 64, 64));
  }
}

TEST(FeaturePipeline, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(error_of({"scal"}),
            "feature step \"scal\": unknown step 'scal'; did you mean 'scale'?");
  EXPECT_EQ(error_of({"scale", "hog"}),
            "feature step \"hog\": it looks at pictures, so it has to come first");
  EXPECT_EQ(error_of({"scale", "standardize mean=0"}),
            "feature step \"standardize mean=0\": 'mean' is not expected");
  EXPECT_EQ(error_of({"scale 1 2"}), "feature step \"scale 1 2\": '2' is not expected");
  EXPECT_EQ(error_of({"hog orientatons=9"}),
            "feature step \"hog orientatons=9\": unknown option 'orientatons'; did you mean "
            "'orientations'?");
  EXPECT_EQ(error_of({"hog norm=l3"}),
            "feature step \"hog norm=l3\": norm=l3, expected l2 or l2hys or l1sqrt");
  EXPECT_EQ(error_of({""}), "feature step \"\": the line is empty");
}

TEST(FeaturePipeline, LinesSpellOutEveryOptionAndReadBack) {
  const Lines lines{"hog", "pixels", "scale 0.1", "standardize", "pca 3", "normalize"};
  const Lines spelled = FeaturePipeline(lines).lines();
  ASSERT_EQ(spelled.size(), lines.size());
  EXPECT_EQ(FeaturePipeline(spelled).lines(), spelled);
  const Images pictures = random_pictures({9, 10, 1}, 20);
  EXPECT_EQ(fitted(spelled, pictures), fitted(lines, pictures));
}

TEST(FeaturePipeline, RestoredItGivesTheSameBits) {
  const Images train = random_pictures({8, 8, 1}, 300);
  const Images others = random_pictures({8, 8, 1}, 50, 2);
  const Lines lines{"hog orientations=5", "standardize", "pca 0.9 whiten=true", "normalize"};
  FeaturePipeline pipeline(lines);
  Progress progress;
  const auto of_train = floats(pipeline.fit_transform(train, progress));
  FeaturePipeline restored(pipeline.lines());
  restored.restore({8, 8, 1}, pipeline.learned());
  EXPECT_EQ(restored.dims(), pipeline.dims());
  EXPECT_EQ(floats(restored.transform(train)), of_train);
  EXPECT_EQ(floats(restored.transform(others)), floats(pipeline.transform(others)));
}

TEST(FeaturePipeline, DoesNotDependOnTheNumberOfThreads) {
  const Images pictures = random_pictures({8, 9, 1}, 3000);
  const Lines lines{"hog cell=3", "pixels", "standardize", "pca 20", "normalize"};
  const auto one = fitted_on(1, lines, pictures);
  EXPECT_EQ(fitted_on(2, lines, pictures), one);
  EXPECT_EQ(fitted_on(5, lines, pictures), one);
}

TEST(FeaturePipeline, RefusesPicturesOfAnotherShape) {
  Progress progress;
  FeaturePipeline pipeline({"scale"});
  EXPECT_THROW(pipeline.transform(random_pictures({2, 2, 1}, 1)), ShapeError);
  EXPECT_THROW(pipeline.fit_transform(Images({2, 2, 1}, 0), progress), DataError);
  pipeline.fit_transform(random_pictures({2, 2, 1}, 1), progress);
  EXPECT_THROW(pipeline.transform(random_pictures({4, 1, 1}, 1)), ShapeError);
  EXPECT_EQ(pipeline.transform(Images({2, 2, 1}, 0)).size(), 0U);
}

TEST(FeaturePipeline, RefusesDamagedArrays) {
  const PictureShape shape{2, 3, 1};
  const Lines lines{"standardize", "pca 2", "pca 0.9"};
  FeaturePipeline pipeline(lines);
  Progress progress;
  pipeline.fit_transform(random_pictures(shape, 30), progress);
  const auto learned = pipeline.learned();
  ASSERT_EQ(learned.size(), 8U);
  EXPECT_EQ(learned[0].name, "features.0.mean");
  for (std::size_t i = 0; i < learned.size(); ++i) {
    const std::vector<std::function<void(LearnedArray&)>> damages{
        [](LearnedArray& array) { array.name += "x"; },
        [](LearnedArray& array) { array.values.pop_back(); },
        [](LearnedArray& array) { array.values.clear(); },
        [](LearnedArray& array) { array.values[0] = NAN; },
        [](LearnedArray& array) { array.values[0] = INFINITY; },
        [](LearnedArray& array) { array.shape.push_back(2); },
        [](LearnedArray& array) { array.shape.clear(); },
        [](LearnedArray& array) { array.shape[0] = -array.shape[0]; },
        [](LearnedArray& array) {
          // Wraps round to the right number of values.
          array.shape = {std::int64_t{1} << 62, 4, static_cast<std::int64_t>(array.values.size())};
        },
        [](LearnedArray& array) {
          array.shape = {static_cast<std::int64_t>(array.values.size()) + 1};
          array.values.push_back(0);
        }};
    for (const auto& damage : damages) {
      auto damaged = learned;
      damage(damaged[i]);
      FeaturePipeline other(lines);
      EXPECT_THROW(other.restore(shape, damaged), DataError) << learned[i].name;
    }
  }
  FeaturePipeline hog({"hog cell=4 block=2"});
  EXPECT_THROW(hog.restore(shape, {}), DataError);
  EXPECT_THROW(FeaturePipeline({"scale"}).restore({0, 3, 1}, {}), DataError);
}

/// Asks to stop from its nth question on.
class StopAfter : public Progress {
 public:
  explicit StopAfter(int questions) : left_(questions) {}
  bool stop_requested() const override { return left_-- <= 0; }

 private:
  mutable int left_;
};

TEST(FeaturePipeline, StopsWhenAsked) {
  const Images pictures = random_pictures({6, 6, 1}, 500);
  const Lines lines{"hog cell=3", "standardize", "pca 4"};
  int questions = 0;
  for (bool stopped = true; stopped; ++questions) {
    StopAfter progress(questions);
    FeaturePipeline pipeline(lines);
    try {
      pipeline.fit_transform(pictures, progress);
      stopped = false;
    } catch (const Cancelled&) {
    }
  }
  EXPECT_GT(questions, 4);
}

}  // namespace
}  // namespace thimble::classical
