#include "models/novelty.hpp"

#include <algorithm>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/random.hpp"
#include "data/synthetic.hpp"
#include "temporary_folder.hpp"

namespace thimble {
namespace {

using ::testing::Each;
using ::testing::Gt;
using ::testing::HasSubstr;

struct Fitted {
  explicit Fitted(const PictureShape& shape, std::size_t n = 300)
      : data(make_synthetic({.train = n, .test = 150, .seed = 3, .shape = shape})),
        detector(NoveltyDetector::fit(
            data.train,
            make_synthetic({.train = 150, .test = 0, .seed = 4, .shape = shape}).train)) {}

  DatasetSplits data;
  NoveltyDetector detector;
};

const Fitted& garments() {
  static const Fitted fitted({28, 28, 1});
  return fitted;
}

Images noise(const PictureShape& shape, std::size_t n) {
  Images images(shape, n);
  Random random(1);
  for (std::uint8_t& pixel : images.pixels()) pixel = static_cast<std::uint8_t>(random.below(256));
  return images;
}

/// Letters of three strokes: a stem, a bar, a slanting line.
Images letters(const PictureShape& shape, std::size_t n) {
  Images images(shape, n);
  Random random(2);
  const auto columns = static_cast<std::size_t>(shape.width);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t stem = 4 + random.below(8);
    const std::size_t bar = 4 + random.below(20);
    for (std::size_t k = 3; k < 25; ++k) {
      for (std::size_t w = 0; w < 2; ++w) {
        images[i][k * columns + stem + w] = 255;
        images[i][(bar + w) * columns + k] = 255;
        images[i][k * columns + k + w] = 230;
      }
    }
  }
  return images;
}

Images blank(const PictureShape& shape) {
  Images images(shape, 4);
  for (std::size_t i = 0; i < images.size(); ++i) {
    std::ranges::fill(images[i], static_cast<std::uint8_t>(i * 85));
  }
  return images;
}

double share_novel(const std::vector<float>& scores) {
  return static_cast<double>(std::ranges::count_if(scores, [](float s) { return s > 1; })) /
         static_cast<double>(scores.size());
}

TEST(NoveltyDetector, TellsGarmentsFromOtherThings) {
  const PictureShape shape{28, 28, 1};
  const NoveltyDetector& detector = garments().detector;
  EXPECT_LE(share_novel(detector.scores(garments().data.test->images)), 0.1);
  EXPECT_THAT(detector.scores(noise(shape, 20)), Each(Gt(1)));
  EXPECT_THAT(detector.scores(letters(shape, 20)), Each(Gt(1)));
  EXPECT_THAT(detector.scores(blank(shape)), Each(Gt(1)));
}

TEST(NoveltyDetector, WorksForEveryShape) {
  for (const PictureShape& shape : {PictureShape{16, 40, 3}, PictureShape{9, 8, 1}}) {
    const Fitted fitted(shape, 60);
    EXPECT_LE(share_novel(fitted.detector.scores(fitted.data.test->images)), 0.2);
    EXPECT_GE(share_novel(fitted.detector.scores(noise(shape, 10))), 0.9) << to_string(shape);
  }
  // Shapes that the drawer does not draw.
  for (const PictureShape& shape : {PictureShape{1, 1, 1}, PictureShape{1, 300, 3}}) {
    Dataset data{noise(shape, 40), std::vector<std::int32_t>(40), {"a", "b"}, {}};
    data.labels[3] = 1;
    EXPECT_EQ(NoveltyDetector::fit(data, data).scores(data.images).size(), 40u) << to_string(shape);
  }
}

TEST(NoveltyDetector, TakesPicturesThatAreAllTheSame) {
  const Images black({8, 8, 1}, 30);
  const Dataset data{black, std::vector<std::int32_t>(30), {"a", "b"}, {}};
  const NoveltyDetector detector = NoveltyDetector::fit(data, data);
  EXPECT_LE(share_novel(detector.scores(black)), 0.0);
  EXPECT_THAT(detector.scores(noise({8, 8, 1}, 5)), Each(Gt(1)));
}

TEST(NoveltyDetector, SharesOneCovarianceAmongManyClasses) {
  Dataset data = garments().data.train;
  data.classes.clear();
  for (int c = 0; c < 30; ++c) data.classes.push_back(std::to_string(c));
  for (std::size_t i = 0; i < data.size(); ++i) {
    data.labels[i] += 10 * static_cast<std::int32_t>(i % 3);
  }
  const NoveltyDetector detector = NoveltyDetector::fit(data, data);
  EXPECT_THAT(detector.scores(noise({28, 28, 1}, 10)), Each(Gt(1)));
  ModelFile file;
  detector.save(file);
  EXPECT_EQ(file.tensors.at("novelty.factors").shape[0], 1);
  EXPECT_EQ(file.tensors.at("novelty.centers").shape[0], 30);
}

TEST(NoveltyDetector, GivesTheSameWhateverTheThreads) {
  const Images& pictures = garments().data.test->images;
  const std::vector<float> parallel = garments().detector.scores(pictures);
  const SerialScope serial;
  EXPECT_EQ(Fitted({28, 28, 1}).detector.scores(pictures), parallel);
}

TEST(NoveltyDetector, SurvivesAModelFile) {
  const Images& pictures = garments().data.test->images;
  ModelFile file;
  EXPECT_EQ(NoveltyDetector::load(file, "m", {28, 28, 1}), nullptr);
  garments().detector.save(file);
  EXPECT_EQ(NoveltyDetector::load(file, "m", {28, 28, 1})->scores(pictures),
            garments().detector.scores(pictures));
  std::size_t bytes = 0;
  for (const auto& [name, tensor] : file.tensors) bytes += tensor.data.size();
  EXPECT_LE(bytes, 600'000u);
}

TEST(NoveltyDetector, RefusesDamagedTensors) {
  ModelFile whole;
  garments().detector.save(whole);
  const auto refusal = [&](const std::string& name, auto change) {
    ModelFile file = whole;
    change(file.tensors.at(name));
    return message_of<DataError>([&] { NoveltyDetector::load(file, "m", {28, 28, 1}); });
  };
  EXPECT_THAT(message_of<DataError>([&] {
                NoveltyDetector::load(whole, "m", {28, 28, 3});
              }),
              HasSubstr("m: tensor novelty.mean is ["));
  for (const auto& [name, tensor] : whole.tensors) {
    EXPECT_THAT(refusal(name,
                        [](Tensor& t) {
                          t.shape.assign(t.shape.size(), 0);
                          t.data.clear();
                        }),
                HasSubstr("m: tensor " + name));
    EXPECT_THAT(refusal(name, [](Tensor& t) { std::ranges::fill(t.data, std::byte{0xff}); }),
                HasSubstr("tensor " + name + " holds NaN"));
  }
  EXPECT_THAT(
      refusal("novelty.threshold", [](Tensor& t) { std::ranges::fill(t.data, std::byte{0}); }),
      HasSubstr("not above 0"));
}

TEST(NoveltyDetector, SaysWhatItCannotWorkWith) {
  const Dataset& train = garments().data.train;
  const std::vector<std::size_t> few{0, 1, 2, 3};
  EXPECT_THAT(message_of<DataError>([&] { NoveltyDetector::fit(train.select(few), train); }),
              HasSubstr("4 training pictures, expected at least 20"));
  EXPECT_THAT(message_of<ShapeError>([&] {
                garments().detector.scores(Images({8, 8, 1}, 1));
              }),
              HasSubstr("8x8 grey, expected 28x28 grey"));
  EXPECT_TRUE(garments().detector.scores({}).empty());
}

}  // namespace
}  // namespace thimble
