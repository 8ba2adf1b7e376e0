#include "data/convert.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "data/random_dataset.hpp"
#include "data/source.hpp"
#include "temporary_folder.hpp"

namespace thimble {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

DatasetSplits some() {
  DatasetSplits splits{random_dataset({5, 5, 1}, 40, {"shoe", "T-shirt/top"}),
                       random_dataset({5, 5, 1}, 10, {"shoe", "T-shirt/top"}, 2)};
  splits.test->provenance.split = "test";
  return splits;
}

std::size_t entries(const fs::path& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

class Interrupted : public Progress {
 public:
  bool stop_requested() const override { return true; }
};

TEST(Convert, EveryFormatLeadsToEveryOther) {
  const TemporaryFolder folder;
  const DatasetSplits splits = some();
  const std::vector<std::string> formats{"idx", "csv", "images"};
  for (const std::string& first : formats) {
    convert_dataset(splits, data_format(first), folder / first);
    for (const std::string& second : formats) {
      const fs::path path = folder / (first + "-" + second);
      convert_dataset(load_dataset((folder / first).string()), data_format(second), path,
                      {.compress = second == "idx"});
      expect_same(load_dataset(path.string()), splits);
    }
  }
}

TEST(Convert, MakesFoldersAboveAndTakesAnEmptyOne) {
  const TemporaryFolder folder;
  convert_dataset(some(), DataFormat::csv, folder / "deep" / "er" / "");
  EXPECT_TRUE(fs::exists(folder / "deep" / "er" / "train.csv"));
  fs::create_directories(folder / "empty");
  convert_dataset(some(), DataFormat::csv, folder / "empty");
  EXPECT_TRUE(fs::exists(folder / "empty" / "test.csv"));
}

TEST(Convert, NeverWritesOverWhatIsThere) {
  const TemporaryFolder folder;
  fs::create_directories(folder / "full");
  write_text(folder / "full" / "precious.txt", "keep me");
  EXPECT_THAT(
      message_of<UsageError>([&] { convert_dataset(some(), DataFormat::idx, folder / "full"); }),
      HasSubstr("exists and is not empty"));
  EXPECT_THAT(message_of<UsageError>([&] {
                convert_dataset(some(), DataFormat::idx, folder / "full" / "precious.txt");
              }),
              HasSubstr("is no folder"));
  EXPECT_EQ(entries(folder / "full"), 1u);
}

TEST(Convert, LeavesNothingBehindWhenItFails) {
  const TemporaryFolder folder;
  Interrupted interrupted;
  for (const DataFormat format : {DataFormat::idx, DataFormat::csv, DataFormat::images}) {
    EXPECT_THROW(convert_dataset(some(), format, folder / "out", {.progress = &interrupted}),
                 Cancelled);
    EXPECT_EQ(entries(folder.path()), 0u);
  }
  write_text(folder / "file", "");
  EXPECT_THAT(message_of<FileError>(
                  [&] { convert_dataset(some(), DataFormat::idx, folder / "file" / "out"); }),
              HasSubstr("cannot make this folder"));
}

TEST(Convert, SuggestsAFormat) {
  EXPECT_THAT(message_of<UsageError>([] { data_format("image"); }),
              HasSubstr("did you mean 'images'"));
}

}  // namespace
}  // namespace thimble
