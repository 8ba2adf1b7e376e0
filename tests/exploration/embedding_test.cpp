#include "exploration/embedding.hpp"

#include <cmath>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "exploration/spots.hpp"

namespace thimble {
namespace {

using testing::spots;

EmbeddingOptions quick(std::size_t samples) {
  EmbeddingOptions options;
  options.samples = samples;
  options.iterations = 150;
  return options;
}

TEST(Embedding, PutsClassesThatDifferApart) {
  const Dataset dataset = spots({4, 4, 1}, 200, 3);
  const Embedding embedding = embed(dataset, quick(120), nullptr);
  ASSERT_EQ(embedding.indices.size(), 120);
  EXPECT_TRUE(std::ranges::is_sorted(embedding.indices));
  EXPECT_EQ(std::ranges::count(embedding.labels, 0), 40);
  EXPECT_EQ(embedding.labels[7], dataset.labels[embedding.indices[7]]);
  EXPECT_EQ(embedding.tsne.size(), 120);
  EXPECT_EQ(embedding.explained_variance_ratio.size(), 16);
  EXPECT_NEAR(std::accumulate(embedding.explained_variance_ratio.begin(),
                              embedding.explained_variance_ratio.end(), 0.0),
              1, 1e-6);
  for (std::size_t c = 0; c < 3; ++c) EXPECT_EQ(embedding.neighbor_shares[c * 3 + c], 1);
  EXPECT_GT(embedding.tsne_trustworthiness, 0.8);
  EXPECT_EQ(embedding.perplexity, 30);

  const Embedding again = embed(dataset, quick(120), nullptr);
  EXPECT_EQ(again.tsne.x, embedding.tsne.x);
}

TEST(Embedding, TakesFewPicturesClassesWithoutSamplesAndSinglePixels) {
  Dataset dataset = spots({1, 1, 1}, 5, 1);
  dataset.classes.push_back("none");
  const Embedding embedding = embed(dataset, quick(100), nullptr);
  EXPECT_EQ(embedding.indices.size(), 5);
  EXPECT_NEAR(embedding.perplexity, 4.0 / 3, 1e-9);
  EXPECT_THAT(embedding.neighbor_shares, ::testing::ElementsAre(1, 0, 0, 0));
  for (const float x : embedding.tsne.x) EXPECT_TRUE(std::isfinite(x));
}

TEST(Embedding, ShrinksLargePictures) {
  const Dataset dataset = spots({40, 80, 3}, 12, 2);
  const Embedding embedding = embed(dataset, quick(12), nullptr);
  EXPECT_EQ(embedding.explained_variance_ratio.size(), 11);
  for (const float x : embedding.tsne.x) EXPECT_TRUE(std::isfinite(x));
}

TEST(Embedding, RefusesWhatMakesNoSense) {
  const Dataset dataset = spots({4, 4, 1}, 20, 2);
  EmbeddingOptions options = quick(4);
  EXPECT_THROW(embed(dataset, options, nullptr), UsageError);
  options = quick(20);
  options.perplexity = 0;
  EXPECT_THROW(embed(dataset, options, nullptr), UsageError);
  EXPECT_THROW(embed(spots({4, 4, 1}, 4, 2), quick(20), nullptr), DataError);
}

}  // namespace
}  // namespace thimble
