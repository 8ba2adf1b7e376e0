#include "data/assemble.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "data/random_dataset.hpp"
#include "temporary_folder.hpp"

namespace thimble {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ManifestTest : public ::testing::Test {
 protected:
  TemporaryFolder folder_;

  std::optional<Manifest> read(const std::string& text) {
    write_text(folder_ / "dataset.json", text);
    return read_manifest(folder_.path());
  }
  std::string refusal(const std::string& text) {
    return message_of<DataError>([&] { read(text); });
  }
};

TEST_F(ManifestTest, MayBeAbsent) { EXPECT_FALSE(read_manifest(folder_.path())); }

TEST_F(ManifestTest, MaySayAsLittleAsItLikes) {
  EXPECT_TRUE(read("{}")->classes.empty());
  const auto manifest = read(R"({"classes": ["boot", "T-shirt/top"], "comment": "by hand"})");
  EXPECT_THAT(manifest->classes, ElementsAre("boot", "T-shirt/top"));
  EXPECT_FALSE(manifest->synthetic);
  EXPECT_FALSE(manifest->shape);
}

TEST_F(ManifestTest, SaysWhatIsWrong) {
  EXPECT_THAT(refusal("{\"classes\": [\"boot\""), HasSubstr("dataset.json: not valid JSON"));
  EXPECT_THAT(refusal("[]"), HasSubstr("expected a JSON object"));
  EXPECT_THAT(refusal(R"({"classes": "boot"})"), HasSubstr("\"classes\" has the wrong type"));
  EXPECT_THAT(refusal(R"({"classes": ["boot", 7]})"), HasSubstr("\"classes\" has the wrong type"));
  EXPECT_THAT(refusal(R"({"classes": ["boot", "boot"]})"), HasSubstr("'boot' is there twice"));
  EXPECT_THAT(refusal(R"({"synthetic": "yes"})"), HasSubstr("\"synthetic\" has the wrong type"));
  for (const char* shape : {"[28, 28]", "[28, 28, 2]", "[0, 28, 1]", "[28, 99999999, 1]"}) {
    EXPECT_THAT(refusal(std::string("{\"shape\": ") + shape + "}"),
                HasSubstr("\"shape\": expected [height, width, 1 or 3]"));
  }
}

TEST_F(ManifestTest, RoundTrips) {
  DatasetSplits splits{random_dataset({2, 5, 3}, 3, {"boot", "T-shirt/top", "Größe"}), {}};
  splits.train.provenance.synthetic = true;
  write_manifest(folder_.path(), splits);
  const auto manifest = read_manifest(folder_.path());
  EXPECT_EQ(manifest->name, "random");
  EXPECT_EQ(manifest->classes, splits.train.classes);
  EXPECT_EQ(manifest->shape, splits.train.images.shape());
  EXPECT_TRUE(manifest->synthetic);
}

TEST(Assemble, NumbersClassesThatHaveNoNames) {
  const DatasetSplits splits =
      assemble({Images({1, 1, 1}, 3), {2, 0, 2}}, std::nullopt, std::nullopt, "/somewhere/shoes");
  EXPECT_THAT(splits.train.classes, ElementsAre("0", "1", "2"));
  EXPECT_EQ(splits.train.provenance.name, "shoes");
  EXPECT_EQ(splits.train.provenance.split, "all");
  EXPECT_EQ(splits.train.provenance.fingerprint, fingerprint(splits.train));
}

TEST(Assemble, DoesNotMakeClassesOfADamagedLabel) {
  LabelledImages train{Images({1, 1, 1}, 12), {0, 1, 2, 3, 4, 200, 5, 6, 7, 8, 9, 0}};
  EXPECT_THAT(message_of<DataError>([&] { assemble(train, {}, {}, "shoes"); }),
              HasSubstr("shoes: label 200 of training sample 5 seems out of range: only 11 of the "
                        "classes 0 to 200 have samples"));
  train.labels[5] = 12;  // like a small part of a data set
  EXPECT_EQ(assemble(train, {}, {}, "shoes").train.classes.size(), 13u);
}

TEST(Assemble, RefusesSetsThatDoNotBelongTogether) {
  EXPECT_THAT(message_of<DataError>([] {
                assemble({Images({1, 1, 1}, 1), {0}}, LabelledImages{Images({1, 2, 1}, 1), {0}},
                         std::nullopt, "shoes");
              }),
              HasSubstr("shoes: pictures are 1x1 grey in the training set but 1x2 grey"));
  EXPECT_THAT(message_of<DataError>([] {
                assemble({Images({1, 1, 1}, 2), {0}}, std::nullopt, std::nullopt, "shoes");
              }),
              HasSubstr("2 pictures but 1 labels"));
}

}  // namespace
}  // namespace thimble
