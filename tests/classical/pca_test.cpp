#include "classical/pca.hpp"

#include <cmath>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/error.hpp"
#include "classical/feature_samples.hpp"
#include "linalg/products.hpp"

namespace thimble::classical {
namespace {

TEST(Pca, FewSamplesLeaveNothingBeyondTheirRank) {
  const auto values = fitted({"pca 4 whiten=true"}, random_pictures({3, 3, 1}, 4));
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(values[i * 4 + 3], 0.0F);
    EXPECT_NE(values[i * 4 + 2], 0.0F);
  }
}

TEST(Pca, ConstantFeaturesAndSingleSamplesGiveZeros) {
  EXPECT_THAT(fitted({"pca 0.9 whiten=true"}, Images({3, 3, 1}, 5)),
              testing::ElementsAre(0, 0, 0, 0, 0));
  EXPECT_THAT(fitted({"pca 1"}, random_pictures({3, 3, 1}, 1)), testing::ElementsAre(0.0F));
}

TEST(Pca, NamesBothLimits) {
  const auto message = [](const std::string& line, const Images& pictures) -> std::string {
    try {
      fitted({line}, pictures);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(message("pca 5", random_pictures({3, 3, 1}, 4)),
            "feature step \"pca 5 whiten=false\": 5 components, but there are only 4 samples of 9 "
            "features");
  EXPECT_EQ(message("pca 10", random_pictures({3, 3, 1}, 40)),
            "feature step \"pca 10 whiten=false\": 10 components, but there are only 40 samples of "
            "9 features");
  for (const char* line : {"pca", "pca 0", "pca -3", "pca 1.0", "pca 0.0", "pca 1e400", "pca x.y",
                           "pca 5 6", "pca 5 whiten=1"}) {
    EXPECT_THROW(FeaturePipeline({line}), UsageError) << line;
  }
}

// All directions together only turn the samples: distances stay.
RC_GTEST_PROP(Pca, KeepsDistances, ()) {
  const int height = *rc::gen::inRange(1, 5);
  const int width = *rc::gen::inRange(1, 5);
  const auto d = static_cast<std::size_t>(height * width);
  const std::size_t n = d + *rc::gen::inRange<std::size_t>(0, 20);
  const Images pictures = random_pictures({height, width, 1}, n, *rc::gen::arbitrary<unsigned>());
  const auto values = fitted({"scale", "pca " + std::to_string(d)}, pictures);
  const auto pixels = fitted({"scale"}, pictures);
  const auto squared_distance = [d](const std::vector<float>& all, std::size_t i) {
    double sum = 0;
    for (std::size_t j = 0; j < d; ++j) sum += std::pow(all[j] - all[i * d + j], 2);
    return sum;
  };
  for (std::size_t i = 1; i < n; ++i) {
    RC_ASSERT(std::abs(squared_distance(values, i) - squared_distance(pixels, i)) < 1e-4);
  }
}

// Many features take another way to the directions. The eigenvalues of X X^T, a small matrix here,
// are those of X^T X.
TEST(Pca, FewComponentsOfManyFeatures) {
  const std::size_t n = 25;
  const std::size_t d = 33 * 33;
  const Images pictures = random_pictures({33, 33, 1}, n);
  std::vector<double> centred(n * d);
  for (std::size_t j = 0; j < d; ++j) {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += pictures[i][j];
    for (std::size_t i = 0; i < n; ++i) {
      centred[i * d + j] = pictures[i][j] - sum / static_cast<double>(n);
    }
  }
  std::vector<double> products(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < n; ++k) {
      for (std::size_t j = 0; j < d; ++j) {
        products[i * n + k] += centred[i * d + j] * centred[k * d + j];
      }
    }
  }
  const auto system = linalg::symmetric_eigensystem(products, n);
  const auto values = fitted({"pca 8"}, pictures);
  for (std::size_t a = 0; a < 8; ++a) {
    for (std::size_t b = 0; b <= a; ++b) {
      double product = 0;
      for (std::size_t i = 0; i < n; ++i) {
        product += static_cast<double>(values[i * 8 + a]) * static_cast<double>(values[i * 8 + b]);
      }
      EXPECT_NEAR(product, a == b ? system.values[a] : 0, 1e-5 * system.values[0]) << a << " " << b;
    }
  }
}

// Wide enough for several squares of the matrix, and more samples than one block of products.
TEST(Pca, CovarianceIsThatOfTheDefinition) {
  const std::size_t n = 1300;
  const std::size_t d = 225;
  const Images pictures = random_pictures({15, 15, 1}, n);
  const Features features(pictures.pixels(), d, 1.0F / 255);
  std::vector<float> mean(d);
  for (std::size_t j = 0; j < d; ++j) {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += pictures[i][j] / 255.0;
    mean[j] = static_cast<float>(sum / static_cast<double>(n));
  }
  Progress progress;
  const auto matrix = covariance(features, mean, progress);
  for (const std::size_t row : {0U, 100U, 191U, 192U, 224U}) {
    for (const std::size_t column : {0U, 100U, 192U, 224U}) {
      double sum = 0;
      for (std::size_t i = 0; i < n; ++i) {
        sum += (pictures[i][row] / 255.0 - static_cast<double>(mean[row])) *
               (pictures[i][column] / 255.0 - static_cast<double>(mean[column]));
      }
      EXPECT_NEAR(matrix[row * d + column], sum / static_cast<double>(n - 1), 1e-7);
    }
  }
}

}  // namespace
}  // namespace thimble::classical
