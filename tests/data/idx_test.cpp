#include "data/idx.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "data/random_dataset.hpp"
#include "temporary_folder.hpp"

namespace thimble {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string gzipped(const std::string& text) {
  return gzip(std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

/// Two pictures of 2x3 pixels.
const std::string kPictures = "\0\0\x08\x03\0\0\0\2\0\0\0\2\0\0\0\3"s + "abcdefghijkl";
const std::string kLabels = "\0\0\x08\x01\0\0\0\2\1\0"s;

std::string why_not_pictures(const TemporaryFolder& folder, const std::string& bytes) {
  write_text(folder / "pictures", bytes);
  return message_of<DataError>([&] { read_idx_images(folder / "pictures"); });
}

std::string why_not_labels(const TemporaryFolder& folder, const std::string& bytes) {
  write_text(folder / "labels", bytes);
  return message_of<DataError>([&] { read_idx_labels(folder / "labels"); });
}

void write_folder(const fs::path& folder, const std::string& pictures, const std::string& labels) {
  write_text(folder / "train-images-idx3-ubyte", pictures);
  write_text(folder / "train-labels-idx1-ubyte", labels);
}

TEST(Idx, ReadsTheFormatAsDescribed) {
  const TemporaryFolder folder;
  write_text(folder / "pictures", kPictures);
  const Images images = read_idx_images(folder / "pictures");
  EXPECT_EQ(images.shape(), (PictureShape{2, 3, 1}));
  ASSERT_EQ(images.size(), 2u);
  EXPECT_THAT(images[1], ElementsAre('g', 'h', 'i', 'j', 'k', 'l'));
  write_text(folder / "labels", kLabels);
  EXPECT_THAT(read_idx_labels(folder / "labels"), ElementsAre(1, 0));
}

TEST(Idx, ReadsWiderLabels) {
  const TemporaryFolder folder;
  write_text(folder / "short", "\0\0\x0B\x01\0\0\0\1\1\2"s);
  EXPECT_THAT(read_idx_labels(folder / "short"), ElementsAre(258));
  write_text(folder / "int", "\0\0\x0C\x01\0\0\0\2\0\0\1\0\0\0\0\7"s);
  EXPECT_THAT(read_idx_labels(folder / "int"), ElementsAre(256, 7));
}

TEST(Idx, RoundTripsWithoutLoss) {
  EXPECT_TRUE(rc::check("write, read: the same", [] {
    const TemporaryFolder folder;
    const DatasetSplits splits = any_splits(false);
    write_idx_folder(folder.path(), splits, *rc::gen::arbitrary<bool>());
    expect_same(read_idx_folder(folder.path()), splits);
  }));
}

TEST(Idx, RoundTripsMoreClassesThanAByteHolds) {
  const TemporaryFolder folder;
  std::vector<std::string> classes;
  for (int k = 0; k < 700; ++k) classes.push_back("class " + std::to_string(k));
  const DatasetSplits splits{random_dataset({1, 1, 1}, 5000, classes),
                             random_dataset({1, 1, 1}, 50, classes, 2)};
  write_idx_folder(folder.path(), splits, false);
  EXPECT_TRUE(fs::exists(folder / "train-labels-idx1-int"));
  EXPECT_EQ(read_idx_folder(folder.path()).train.labels, splits.train.labels);
}

TEST(Idx, ReadsBlocksOfPictures) {
  const TemporaryFolder folder;
  const Dataset dataset = random_dataset({4, 5, 1}, 23, {"only"});
  write_idx_images(folder / "pictures.gz", dataset.images, true);
  IdxImageReader reader(folder / "pictures.gz");
  EXPECT_EQ(reader.size(), 23u);
  EXPECT_EQ(reader.shape(), dataset.images.shape());
  Images all;
  for (Images block = reader.read(7); !block.empty(); block = reader.read(7)) {
    EXPECT_LE(block.size(), 7u);
    all.append(block);
  }
  EXPECT_TRUE(std::ranges::equal(all.pixels(), dataset.images.pixels()));
}

TEST(Idx, RefusesEveryTruncation) {
  const TemporaryFolder folder;
  for (const std::string& whole : {kPictures, gzipped(kPictures)}) {
    for (std::size_t length = 0; length < whole.size(); ++length) {
      EXPECT_THAT(why_not_pictures(folder, whole.substr(0, length)), HasSubstr("/pictures: "))
          << length;
    }
  }
  for (std::size_t length = 0; length < kLabels.size(); ++length) {
    EXPECT_THAT(why_not_labels(folder, kLabels.substr(0, length)), HasSubstr("/labels: "))
        << length;
  }
}

TEST(Idx, SurvivesEveryFlippedBit) {
  const TemporaryFolder folder;
  for (const std::string& whole : {kPictures, gzipped(kPictures)}) {
    for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
      std::string damaged = whole;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
      write_text(folder / "pictures", damaged);
      try {
        read_idx_images(folder / "pictures");
      } catch (const DataError&) {
      }
    }
  }
}

TEST(Idx, SaysWhatIsWrongWithAFile) {
  const TemporaryFolder folder;
  EXPECT_THAT(why_not_pictures(folder, ""), HasSubstr("too short for an IDX file"));
  EXPECT_THAT(why_not_pictures(folder, "PK\3\4 zip"),
              AllOf(HasSubstr("begins with bytes 50 4b 03 04"), HasSubstr("expected 00 00 08 03")));
  EXPECT_THAT(why_not_pictures(folder, kLabels), HasSubstr("(labels?)"));
  EXPECT_THAT(why_not_labels(folder, kPictures), HasSubstr("(pictures?)"));
  EXPECT_THAT(why_not_pictures(folder, kPictures + "x"),
              HasSubstr("1 bytes follow the last of 2 x 2 x 3 values"));
  EXPECT_THAT(why_not_pictures(folder, gzipped(kPictures + "x")), HasSubstr("more bytes follow"));
  EXPECT_THAT(why_not_pictures(folder, gzipped(kPictures.substr(0, 20))),
              HasSubstr("ends after 4 bytes, expected 12"));
  EXPECT_THAT(why_not_pictures(folder, "\0\0\x0D\x03\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\0"s),
              HasSubstr("IDX type 0d"));
  EXPECT_THAT(why_not_pictures(folder, "\0\0\x08\x03\0\0\0\1\0\0\0\0\0\0\0\1"s),
              HasSubstr("0 x 1 pixels"));
  EXPECT_THAT(why_not_pictures(folder, "\0\0\x08\x04\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\2ab"s),
              HasSubstr("2 channels"));
  EXPECT_THAT(why_not_labels(folder, "\0\0\x0C\x01\0\0\0\1\xFF\xFF\xFF\xFF"s),
              HasSubstr("label -1 of sample 0 is out of range"));
  EXPECT_THROW(read_idx_images(folder / "none"), FileError);
}

TEST(Idx, NeverAllocatesWhatAHeaderOnlyPromises) {
  const TemporaryFolder folder;
  // 2^32 - 1 pictures of 16384 x 16384 pixels: the product of the sizes does not fit 64 bits.
  const std::string huge = "\0\0\x08\x03\xFF\xFF\xFF\xFF\0\0\x40\0\0\0\x40\0"s + "pixels";
  EXPECT_THAT(why_not_pictures(folder, huge), HasSubstr("too short"));
  EXPECT_THAT(why_not_pictures(folder, gzipped(huge)), HasSubstr("too short"));
  EXPECT_THAT(why_not_labels(folder, "\0\0\x0C\x01\xFF\xFF\xFF\xFF\0\0\0\0"s),
              HasSubstr("too short"));
}

TEST(IdxFolder, TakesTheNamesThatPeopleHave) {
  for (const std::string test : {"t10k", "test"}) {
    for (const std::string separator : {"-", "."}) {
      for (const bool compress : {false, true}) {
        const TemporaryFolder folder;
        const auto put = [&](const std::string& name, const std::string& content) {
          write_text(folder / (name + (compress ? ".gz" : "")),
                     compress ? gzipped(content) : content);
        };
        put("train-images" + separator + "idx3-ubyte", kPictures);
        put("train-labels" + separator + "idx1-ubyte", kLabels);
        put(test + "-images" + separator + "idx3-ubyte", kPictures);
        put(test + "-labels" + separator + "idx1-ubyte", kLabels);
        const DatasetSplits splits = read_idx_folder(folder.path());
        EXPECT_EQ(splits.train.provenance.name, folder.path().filename());
        EXPECT_THAT(splits.train.classes, ElementsAre("0", "1"));
        ASSERT_TRUE(splits.test);
        EXPECT_THAT(splits.test->labels, ElementsAre(1, 0));
      }
    }
  }
}

TEST(IdxFolder, NamesTheMissingFiles) {
  const TemporaryFolder folder;
  EXPECT_FALSE(find_idx_files(folder.path()));
  write_text(folder / "train-images-idx3-ubyte", kPictures);
  write_text(folder / "t10k-labels-idx1-ubyte", kLabels);
  EXPECT_THAT(message_of<DataError>([&] { find_idx_files(folder.path()); }),
              HasSubstr("not train-labels-idx1-ubyte, t10k-images-idx3-ubyte"));
}

TEST(IdxFolder, RefusesCountsThatDisagree) {
  const TemporaryFolder folder;
  write_folder(folder.path(), kPictures, "\0\0\x08\x01\0\0\0\3\1\0\1"s);
  EXPECT_THAT(message_of<DataError>([&] { read_idx_folder(folder.path()); }),
              HasSubstr("2 pictures but 3 labels"));
}

TEST(IdxFolder, RefusesLabelsOutOfRange) {
  const TemporaryFolder folder;
  write_folder(folder.path(), kPictures, kLabels);
  write_text(folder / "dataset.json", R"({"classes": ["only"]})");
  EXPECT_THAT(message_of<DataError>([&] { read_idx_folder(folder.path()); }),
              HasSubstr("train split: label 1 of sample 0 is out of range, expected 0 to 0"));

  fs::remove(folder / "dataset.json");
  write_text(folder / "t10k-images-idx3-ubyte", kPictures);
  write_text(folder / "t10k-labels-idx1-ubyte", "\0\0\x08\x01\0\0\0\2\1\5"s);
  EXPECT_THAT(message_of<DataError>([&] { read_idx_folder(folder.path()); }),
              HasSubstr("test split: label 5 of sample 1 is out of range, expected 0 to 1"));
}

TEST(IdxFolder, RefusesATrainingSetWithoutPictures) {
  const TemporaryFolder folder;
  write_folder(folder.path(), "\0\0\x08\x03\0\0\0\0\0\0\0\2\0\0\0\3"s, "\0\0\x08\x01\0\0\0\0"s);
  EXPECT_THAT(message_of<DataError>([&] { read_idx_folder(folder.path()); }),
              HasSubstr("no training pictures"));
}

}  // namespace
}  // namespace thimble
