#include "models/knn.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "estimator_checks.hpp"

namespace thimble {
namespace {

using nlohmann::json;
using testing::Each;
using testing::HasSubstr;

TEST(Knn, NearestIsTheSampleItself) {
  const DrawnSamples drawn;
  for (const auto& features : {drawn.features(), drawn.float_features()}) {
    const auto knn = fitted<KnnEstimator>({{"n_neighbors", 1}}, features, drawn.labels);
    const auto p = probabilities_of(knn, features);
    for (std::size_t i = 0; i < drawn.labels.size(); ++i) {
      EXPECT_EQ(p[i * DrawnSamples::kClasses + static_cast<std::size_t>(drawn.labels[i])], 1);
    }
  }
}

TEST(Knn, BytesAndFloatsDecideAlike) {
  const DrawnSamples drawn;
  for (const char* weights : {"uniform", "distance"}) {
    const json model = {{"n_neighbors", 7}, {"weights", weights}};
    const auto of_bytes = fitted<KnnEstimator>(model, drawn.features(), drawn.labels);
    const auto of_floats = fitted<KnnEstimator>(model, drawn.float_features(), drawn.labels);
    const auto expected = probabilities_of(of_bytes, drawn.features());
    const auto found = probabilities_of(of_floats, drawn.float_features());
    for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-5);
  }
}

TEST(Knn, OneSampleAtATime) {
  const DrawnSamples drawn;
  const auto knn = fitted<KnnEstimator>(json::object(), drawn.features(), drawn.labels);
  const auto all = probabilities_of(knn, drawn.features());
  std::vector<float> found;
  for (std::size_t i = 0; i < drawn.labels.size(); ++i) {
    const auto one = std::span(drawn.bytes).subspan(i * drawn.dims, drawn.dims);
    for (const float p : probabilities_of(knn, {one, drawn.dims, 1.0F / 255})) found.push_back(p);
  }
  EXPECT_EQ(found, all);
}

TEST(Knn, SurvivesItsFile) {
  const DrawnSamples drawn;
  const json model = {{"n_neighbors", 3}, {"weights", "distance"}};
  for (const auto& features : {drawn.features(), drawn.float_features()}) {
    const auto knn = fitted<KnnEstimator>(model, features, drawn.labels);
    const auto loaded = reloaded(knn, drawn.dims);
    EXPECT_EQ(probabilities_of(loaded, features), probabilities_of(knn, features));
    EXPECT_EQ(loaded.settings(), model);
    EXPECT_EQ(loaded.summary(), knn.summary());
  }
}

TEST(Knn, MoreNeighborsThanSamples) {
  const DrawnSamples drawn(4);
  EXPECT_NO_THROW(fitted<KnnEstimator>({{"n_neighbors", 4}}, drawn.features(), drawn.labels));
  try {
    fitted<KnnEstimator>({{"n_neighbors", 5}}, drawn.features(), drawn.labels);
    FAIL();
  } catch (const DataError& e) {
    EXPECT_THAT(e.what(), HasSubstr("n_neighbors = 5, but there are only 4 samples"));
  }
}

TEST(Knn, Settings) {
  EXPECT_EQ(KnnEstimator(json::object(), 1).settings(),
            json({{"n_neighbors", 5}, {"weights", "uniform"}}));
  EXPECT_THAT(settings_refusal<KnnEstimator>({{"n_neighbors", 0}}),
              HasSubstr("model.n_neighbors: got 0"));
  EXPECT_THAT(settings_refusal<KnnEstimator>({{"weights", "near"}}), HasSubstr("\"distance\""));
  EXPECT_THAT(settings_refusal<KnnEstimator>({{"neighbors", 5}}), HasSubstr("n_neighbors"));
}

TEST(Knn, RefusesTamperedFiles) {
  const DrawnSamples drawn;
  const auto knn = fitted<KnnEstimator>(json::object(), drawn.features(), drawn.labels);
  const auto refused = [&](const auto& tamper) { return refusal(knn, drawn.dims, tamper); };
  const auto labels = [&](std::int32_t first, std::size_t n) {
    std::vector<std::int32_t> values(n);
    values[0] = first;
    return Tensor::from(std::span<const std::int32_t>(values), {static_cast<std::int64_t>(n)});
  };
  EXPECT_EQ(refused([](ModelFile&) {}), "loaded");
  EXPECT_THAT(refused([](ModelFile& file) { file.tensors.erase("knn.rows"); }),
              HasSubstr("knn.rows is missing"));
  EXPECT_THAT(refused([](ModelFile& file) { file.tensors.erase("knn.scale"); }),
              HasSubstr("knn.scale is missing"));
  EXPECT_THAT(refused([&](ModelFile& file) { file.tensors["knn.labels"] = labels(4, 60); }),
              HasSubstr("holds 4, expected 0 to 3"));
  EXPECT_THAT(refused([&](ModelFile& file) { file.tensors["knn.labels"] = labels(-1, 60); }),
              HasSubstr("holds -1"));
  EXPECT_THAT(refused([&](ModelFile& file) { file.tensors["knn.labels"] = labels(0, 59); }),
              HasSubstr("is [59], expected [60]"));
  EXPECT_THAT(refused([&](ModelFile& file) { file.tensors["knn.rows"] = labels(0, 60); }),
              HasSubstr("is [60], expected [any, 5]"));
  EXPECT_THAT(refused([&](ModelFile& file) {
                file.tensors["knn.rows"] =
                    Tensor::from(std::span<const std::uint8_t>(drawn.bytes).first(20), {4, 5});
                file.tensors["knn.labels"] = labels(0, 4);
              }),
              HasSubstr("only 4 samples"));
  for (const float scale : {0.0F, -1.0F, std::numeric_limits<float>::quiet_NaN()}) {
    EXPECT_THAT(refused([&](ModelFile& file) {
                  file.tensors["knn.scale"] = Tensor::from(std::span(&scale, 1), {1});
                }),
                HasSubstr("knn.scale is"));
  }
}

}  // namespace
}  // namespace thimble
