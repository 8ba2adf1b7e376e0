#include "data/synthetic.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "data/garment_drawer.hpp"
#include "data/published.hpp"

namespace thimble {
namespace {

SyntheticOptions small(std::uint64_t seed = 1) {
  SyntheticOptions options;
  options.train = 205;
  options.test = 60;
  options.seed = seed;
  return options;
}

std::vector<std::uint8_t> bytes(const Images& images) {
  return {images.pixels().begin(), images.pixels().end()};
}

std::set<std::string> pictures(const Dataset& dataset) {
  std::set<std::string> all;
  for (std::size_t i = 0; i < dataset.size(); ++i) {
    all.emplace(dataset.images[i].begin(), dataset.images[i].end());
  }
  return all;
}

// Restores the number of threads however a test ends.
struct Threads {
  explicit Threads(int count) : before(thread_count()) { set_thread_count(count); }
  ~Threads() { set_thread_count(before); }
  int before;
};

TEST(Synthetic, SaysWhatItIs) {
  const DatasetSplits splits = make_synthetic(small());
  ASSERT_TRUE(splits.test.has_value());
  EXPECT_NO_THROW(validate(splits, "synthetic"));
  for (const Dataset* split : {&splits.train, &*splits.test}) {
    EXPECT_TRUE(split->provenance.synthetic);
    EXPECT_EQ(split->provenance.name, "synthetic");
    EXPECT_EQ(split->provenance.fingerprint, fingerprint(*split));
    EXPECT_EQ(split->images.shape(), (PictureShape{28, 28, 1}));
  }
  EXPECT_EQ(splits.train.provenance.split, "train");
  EXPECT_EQ(splits.test->provenance.split, "test");
  EXPECT_EQ(splits.train.size(), 205u);
  EXPECT_EQ(splits.test->size(), 60u);
}

TEST(Synthetic, ClassesAreThoseOfFashionMnist) {
  const PublishedDataset* fashion = find_published("fashion-mnist");
  ASSERT_NE(fashion, nullptr);
  EXPECT_EQ(garment_class_names(), fashion->classes);
}

TEST(Synthetic, SameSeedSameBytes) {
  const DatasetSplits a = make_synthetic(small(7));
  const DatasetSplits b = make_synthetic(small(7));
  EXPECT_EQ(bytes(a.train.images), bytes(b.train.images));
  EXPECT_EQ(a.train.labels, b.train.labels);
  EXPECT_EQ(bytes(a.test->images), bytes(b.test->images));
  EXPECT_EQ(a.test->labels, b.test->labels);
}

TEST(Synthetic, OtherSeedOtherPicturesAndOrder) {
  const DatasetSplits a = make_synthetic(small(7));
  const DatasetSplits b = make_synthetic(small(8));
  EXPECT_NE(a.train.labels, b.train.labels);
  const auto of_a = pictures(a.train);
  for (const auto& picture : pictures(b.train)) EXPECT_FALSE(of_a.contains(picture));
}

TEST(Synthetic, ThreadCountDoesNotMatter) {
  const auto with_threads = [](int count) {
    const Threads threads(count);
    return make_synthetic(small()).train;
  };
  const Dataset one = with_threads(1);
  const Dataset three = with_threads(3);
  EXPECT_EQ(bytes(one.images), bytes(three.images));
  EXPECT_EQ(one.labels, three.labels);
}

TEST(Synthetic, ClassesAreBalancedAndShuffled) {
  const DatasetSplits splits = make_synthetic(small());
  EXPECT_THAT(splits.train.class_counts(),
              testing::Each(testing::AllOf(testing::Ge(20u), testing::Le(21u))));
  EXPECT_THAT(splits.test->class_counts(), testing::Each(6u));
  EXPECT_FALSE(std::is_sorted(splits.test->labels.begin(), splits.test->labels.end()));
  // Round robin would repeat every ten; two pictures ten apart must rarely be of one class.
  std::size_t repeats = 0;
  for (std::size_t i = 10; i < splits.train.size(); ++i) {
    repeats += splits.train.labels[i] == splits.train.labels[i - 10];
  }
  EXPECT_LT(repeats, splits.train.size() / 4);
}

TEST(Synthetic, NoPictureTwice) {
  const DatasetSplits splits = make_synthetic(small());
  auto all = pictures(splits.train);
  all.merge(pictures(*splits.test));
  EXPECT_EQ(all.size(), splits.train.size() + splits.test->size());
}

TEST(Synthetic, TestPicturesDoNotDependOnTheSizeOfTheTrainingSet) {
  SyntheticOptions more = small();
  more.train *= 2;
  EXPECT_EQ(bytes(make_synthetic(small()).test->images), bytes(make_synthetic(more).test->images));
}

TEST(Synthetic, NoTestPicturesNoTestSplit) {
  SyntheticOptions options = small();
  options.test = 0;
  EXPECT_FALSE(make_synthetic(options).test.has_value());
}

TEST(Synthetic, FewerPicturesThanClasses) {
  SyntheticOptions options;
  options.train = 3;
  options.test = 1;
  const DatasetSplits splits = make_synthetic(options);
  EXPECT_EQ(splits.train.size(), 3u);
  EXPECT_EQ(splits.test->size(), 1u);
}

// Light garment in the middle, black background at the rim: what product pictures look like.
TEST(Synthetic, GarmentsLieOnBlack) {
  const Dataset train = make_synthetic(small()).train;
  std::size_t black_corners = 0;
  for (std::size_t i = 0; i < train.size(); ++i) {
    const auto picture = train.images[i];
    const auto lit = std::count_if(picture.begin(), picture.end(), [](int v) { return v > 15; });
    EXPECT_GT(lit, 40) << "picture " << i << " of class " << train.labels[i];
    EXPECT_LT(lit, 28 * 28 - 20) << "picture " << i << " of class " << train.labels[i];
    EXPECT_GT(*std::max_element(picture.begin(), picture.end()), 30) << "picture " << i;
    black_corners += picture[0] == 0 && picture[27] == 0;
  }
  EXPECT_GT(black_corners, train.size() * 95 / 100);
}

// Learnable, and not so easy that every model looks alike.
TEST(Synthetic, NearestCentroidIsGoodButNotPerfect) {
  SyntheticOptions options;
  options.train = 1500;
  options.test = 500;
  const DatasetSplits splits = make_synthetic(options);
  const std::size_t pixels = options.shape.size();
  std::vector<std::vector<double>> centroids(10, std::vector<double>(pixels, 0.0));
  for (std::size_t i = 0; i < splits.train.size(); ++i) {
    auto& centroid = centroids[splits.train.labels[i]];
    for (std::size_t p = 0; p < pixels; ++p) centroid[p] += splits.train.images[i][p] / 150.0;
  }
  std::size_t right = 0;
  for (std::size_t i = 0; i < splits.test->size(); ++i) {
    std::vector<double> distances(10, 0.0);
    for (std::size_t c = 0; c < 10; ++c) {
      for (std::size_t p = 0; p < pixels; ++p) {
        const double difference = centroids[c][p] - splits.test->images[i][p];
        distances[c] += difference * difference;
      }
    }
    const auto nearest = std::min_element(distances.begin(), distances.end()) - distances.begin();
    right += nearest == splits.test->labels[i];
  }
  EXPECT_GT(right, 250u);
  EXPECT_LT(right, 450u);
}

TEST(Synthetic, RefusesWhatItCannotDraw) {
  const auto refused = [](auto change, const std::string& says) {
    SyntheticOptions options;
    options.train = 10;
    options.test = 10;
    change(options);
    try {
      make_synthetic(options);
      ADD_FAILURE() << "accepted; expected: " << says;
    } catch (const UsageError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr(says));
    }
  };
  refused([](auto& o) { o.train = 0; }, "0 training pictures");
  refused([](auto& o) { o.shape = {7, 28, 1}; }, "7x28");
  refused([](auto& o) { o.shape = {28, 0, 1}; }, "28x0");
  refused([](auto& o) { o.shape = {-28, 28, 1}; }, "-28x28");
  refused([](auto& o) { o.shape = {28, 5000, 1}; }, "28x5000");
  refused([](auto& o) { o.shape = {28, 28, 2}; }, "2 channels");
  refused([](auto& o) { o.train = SIZE_MAX / 2; }, "does not fit");
}

TEST(GarmentDrawer, AnyShapeAndSeed) {
  EXPECT_TRUE(rc::check("every class at any size is neither empty nor full", [] {
    const PictureShape shape{*rc::gen::inRange(8, 90), *rc::gen::inRange(8, 90),
                             *rc::gen::element(1, 3)};
    const int label = *rc::gen::inRange(0, 10);
    const Images images = draw_garment(label, *rc::gen::arbitrary<std::uint64_t>(), shape);
    RC_ASSERT(images.size() == 1u);
    RC_ASSERT(images.shape() == shape);
    const auto black = std::count(images[0].begin(), images[0].end(), 0);
    RC_ASSERT(black > 0);
    RC_ASSERT(static_cast<std::size_t>(black) < shape.size());
  }));
}

// The same seed gives the same garment at ten times the size: averaged down, it is the small one.
TEST(GarmentDrawer, DrawingDoesNotDependOnSize) {
  for (int label = 0; label < 10; ++label) {
    const Images small_picture = draw_garment(label, 42, {28, 28, 1});
    const Images large_picture = draw_garment(label, 42, {280, 280, 1});
    double difference = 0.0;
    for (std::size_t y = 0; y < 28; ++y) {
      for (std::size_t x = 0; x < 28; ++x) {
        double mean = 0.0;
        for (std::size_t i = 0; i < 100; ++i) {
          mean += large_picture[0][(10 * y + i / 10) * 280 + 10 * x + i % 10] / 100.0;
        }
        difference += std::abs(mean - small_picture[0][28 * y + x]) / (28 * 28);
      }
    }
    EXPECT_LT(difference, 8.0) << garment_class_names()[label];
  }
}

// A wide or tall picture holds the same garment in its middle.
TEST(GarmentDrawer, LongerSideIsPadded) {
  const Images square = draw_garment(8, 3, {28, 28, 1});
  const Images wide = draw_garment(8, 3, {28, 60, 1});
  for (std::size_t y = 0; y < 28; ++y) {
    EXPECT_EQ(wide[0][60 * y], 0);
    EXPECT_EQ(wide[0][60 * y + 59], 0);
    for (std::size_t x = 2; x < 26; ++x) {
      // Noise is drawn pixel by pixel and so differs.
      EXPECT_NEAR(square[0][28 * y + x], wide[0][60 * y + 16 + x], 60);
    }
  }
}

TEST(GarmentDrawer, ColourIsTheGreyPictureTinted) {
  std::size_t tinted = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Images colour = draw_garment(0, seed, {28, 28, 3});
    const auto middle = colour[0].subspan(3 * (14 * 28 + 14), 3);
    tinted += middle[0] != middle[1] || middle[1] != middle[2];
  }
  EXPECT_GT(tinted, 12u);
}

TEST(GarmentDrawer, RefusesUnknownClassAndWrongRoom) {
  std::vector<std::uint8_t> room(28 * 28);
  EXPECT_THROW(draw_garment(10, 1, {28, 28, 1}, room), UsageError);
  EXPECT_THROW(draw_garment(-1, 1, {28, 28, 1}, room), UsageError);
  EXPECT_THROW(draw_garment(0, 1, {28, 29, 1}, room), ShapeError);
}

}  // namespace
}  // namespace thimble
