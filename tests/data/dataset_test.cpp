#include "data/dataset.hpp"

#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "data/random_dataset.hpp"
#include "data/splits.hpp"
#include "temporary_folder.hpp"

namespace thimble {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<std::string> kClasses{"sandal", "boot", "sneaker"};

TEST(Dataset, CountsSamplesOfEachClass) {
  Dataset dataset = random_dataset({2, 2, 1}, 4, kClasses);
  dataset.labels = {2, 0, 2, 2};
  EXPECT_THAT(dataset.class_counts(), ElementsAre(1, 0, 3));
}

TEST(Dataset, SelectsSamplesInTheOrderAskedFor) {
  const Dataset dataset = random_dataset({3, 2, 3}, 9, kClasses);
  const std::vector<std::size_t> indices{7, 0, 7};
  const Dataset chosen = dataset.select(indices);
  ASSERT_EQ(chosen.size(), 3u);
  for (std::size_t k = 0; k < 3; ++k) {
    EXPECT_TRUE(std::ranges::equal(chosen.images[k], dataset.images[indices[k]]));
    EXPECT_EQ(chosen.labels[k], dataset.labels[indices[k]]);
  }
  EXPECT_EQ(chosen.classes, dataset.classes);
  EXPECT_EQ(chosen.provenance.fingerprint, fingerprint(chosen));
  EXPECT_NE(chosen.provenance.fingerprint, dataset.provenance.fingerprint);
}

TEST(Dataset, FingerprintChangesWithEverythingThatMatters) {
  const Dataset dataset = random_dataset({2, 3, 1}, 5, kClasses);
  const std::string original = fingerprint(dataset);
  EXPECT_EQ(original.size(), 64u);
  EXPECT_EQ(fingerprint(dataset), original);

  Dataset other = dataset;
  other.images.pixels()[29] ^= 1;
  EXPECT_NE(fingerprint(other), original);
  other = dataset;
  other.labels[4] = (other.labels[4] + 1) % 3;
  EXPECT_NE(fingerprint(other), original);
  other = dataset;
  other.classes[1] = "boots";
  EXPECT_NE(fingerprint(other), original);
  EXPECT_EQ(content_digest(other), content_digest(dataset));
  other = dataset;
  other.images =
      Images({3, 2, 1}, {dataset.images.pixels().begin(), dataset.images.pixels().end()});
  EXPECT_NE(fingerprint(other), original);
  other = dataset;
  other.provenance.name = "elsewhere";
  EXPECT_EQ(fingerprint(other), original);
}

TEST(Dataset, FingerprintTellsClassNamesApartHoweverTheyAreCut) {
  Dataset a = random_dataset({1, 1, 1}, 1, {"ab", "c"});
  Dataset b = a;
  b.classes = {"a", "bc"};
  EXPECT_NE(fingerprint(a), fingerprint(b));
}

TEST(Dataset, FingerprintDoesNotDependOnTheNumberOfThreads) {
  const Dataset dataset = random_dataset({512, 512, 3}, 20, kClasses);
  const int before = thread_count();
  set_thread_count(1);
  const std::string one = fingerprint(dataset);
  set_thread_count(3);
  EXPECT_EQ(fingerprint(dataset), one);
  set_thread_count(before);
}

TEST(Dataset, ValidationNamesTheSampleThatIsWrong) {
  Dataset dataset = random_dataset({2, 2, 1}, 6, kClasses);
  EXPECT_NO_THROW(validate(dataset, "shoes"));
  dataset.labels[4] = 3;
  EXPECT_EQ(message_of<DataError>([&] { validate(dataset, "shoes"); }),
            "shoes: label 3 of sample 4 is out of range, expected 0 to 2 (3 classes)");
  dataset.labels[4] = -1;
  EXPECT_THAT(message_of<DataError>([&] { validate(dataset, "shoes"); }), HasSubstr("label -1"));
  dataset.labels.pop_back();
  EXPECT_EQ(message_of<DataError>([&] { validate(dataset, "shoes"); }),
            "shoes: 6 pictures but 5 labels");
}

TEST(DatasetSplits, MustAgreeInShapeAndClasses) {
  DatasetSplits splits{random_dataset({2, 2, 1}, 6, kClasses),
                       random_dataset({2, 2, 1}, 3, kClasses)};
  EXPECT_NO_THROW(validate(splits, "shoes"));
  splits.test->classes[0] = "slipper";
  EXPECT_THAT(message_of<DataError>([&] { validate(splits, "shoes"); }), HasSubstr("differ"));
  splits.test = random_dataset({2, 3, 1}, 3, kClasses);
  EXPECT_THAT(message_of<DataError>([&] { validate(splits, "shoes"); }),
              HasSubstr("2x2 grey in the training set but 2x3 grey in the test set"));
}

}  // namespace
}  // namespace thimble
