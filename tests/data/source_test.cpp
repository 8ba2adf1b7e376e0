#include "data/source.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "data/csv.hpp"
#include "data/idx.hpp"
#include "data/image_folder.hpp"
#include "data/published.hpp"
#include "data/random_dataset.hpp"
#include "temporary_folder.hpp"

namespace thimble {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// An environment variable, set or unset, for one test.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    setenv(name, value.c_str(), 1);
  }
  ~Variable() {
    if (before_) {
      setenv(name_, before_->c_str(), 1);
    } else {
      unsetenv(name_);
    }
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

/// A machine with an empty home, standing in an empty folder.
class SourceTest : public ::testing::Test {
 protected:
  TemporaryFolder folder_;
  Variable home_{"HOME", (folder_ / "home").string()};
  Variable xdg_{"XDG_DATA_HOME", ""};
  Variable keras_{"KERAS_HOME", ""};
  Variable data_dir_{"THIMBLE_DATA_DIR", ""};
  fs::path stood_in_ = fs::current_path();

  void SetUp() override {
    fs::create_directories(folder_ / "work");
    fs::current_path(folder_ / "work");
  }
  void TearDown() override { fs::current_path(stood_in_); }

  static DatasetSplits some() {
    return {random_dataset({3, 3, 1}, 20, {"boot", "shoe"}),
            random_dataset({3, 3, 1}, 10, {"boot", "shoe"}, 2)};
  }
  /// A folder that passes for a data set as long as nobody reads it.
  fs::path put_files(const fs::path& path) {
    fs::create_directories(folder_.path() / path);
    write_idx_folder(folder_.path() / path, some(), false);
    return folder_.path() / path;
  }
};

TEST_F(SourceTest, TellsKindsOfPathsApart) {
  const DatasetSplits splits = some();
  for (const char* name : {"idx", "csv", "images"}) fs::create_directories(name);
  write_idx_folder("idx", splits, true);
  write_csv_folder("csv", splits);
  write_image_folder("images", splits);
  EXPECT_EQ(find_source("idx").kind, Source::Kind::idx_folder);
  EXPECT_EQ(find_source("csv/").kind, Source::Kind::csv);
  EXPECT_EQ(find_source("./csv/test.csv").kind, Source::Kind::csv);
  EXPECT_EQ(find_source("images").kind, Source::Kind::image_folder);
  for (const char* source : {"idx", "csv", "images"}) {
    EXPECT_EQ(load_dataset(source).test->provenance.fingerprint,
              splits.test->provenance.fingerprint);
  }
}

TEST_F(SourceTest, SaysWhyAPathIsNoSource) {
  fs::create_directories("empty");
  write_text("notes.txt", "words");
  EXPECT_THAT(message_of<DataError>([] { find_source("empty"); }),
              HasSubstr("empty: nothing in this folder that Thimble reads"));
  EXPECT_THAT(message_of<DataError>([] { find_source("notes.txt"); }),
              HasSubstr("notes.txt: cannot tell what this file is"));
  EXPECT_THAT(message_of<UsageError>([] { find_source("no/such/folder"); }),
              HasSubstr("'no/such/folder': no such file or folder"));
  EXPECT_THAT(message_of<UsageError>([] { find_source("fashion-mnits"); }),
              HasSubstr("did you mean 'fashion-mnist'"));
  EXPECT_THROW(find_source(""), UsageError);
}

TEST_F(SourceTest, DrawsSyntheticDataByItsParameters) {
  const DatasetSplits splits =
      load_dataset("synthetic:seed=7,train=20,test=10,height=16,width=12,channels=3");
  EXPECT_EQ(splits.train.size(), 20u);
  EXPECT_EQ(splits.test->size(), 10u);
  EXPECT_EQ(splits.train.images.shape(), (PictureShape{16, 12, 3}));
  EXPECT_TRUE(splits.train.provenance.synthetic);
  EXPECT_NE(load_dataset("synthetic:seed=8,train=20,test=0").train.provenance.fingerprint,
            load_dataset("synthetic:seed=7,train=20,test=0").train.provenance.fingerprint);
  EXPECT_THAT(message_of<UsageError>([] { load_dataset("synthetic:sed=7"); }),
              HasSubstr("did you mean 'seed'"));
  EXPECT_THAT(message_of<UsageError>([] { load_dataset("synthetic:seed=x"); }),
              HasSubstr("seed: got 'x', expected a whole number"));
  EXPECT_THROW(load_dataset("synthetic:train"), UsageError);
  EXPECT_THROW(load_dataset("synthetic:train=0"), UsageError);
}

TEST_F(SourceTest, SyntheticDataStaysSyntheticWhenConverted) {
  fs::create_directories("copy");
  write_idx_folder("copy", load_dataset("synthetic:train=20,test=10"), false);
  EXPECT_TRUE(load_dataset("copy").test->provenance.synthetic);
}

TEST_F(SourceTest, LooksForNamesInOrder) {
  const std::vector<fs::path> places{"../shared/data/fashion-mnist",  // joined with the work folder
                                     "home/data/FashionMNIST/raw",
                                     "work/data/FashionMNIST/raw",
                                     "home/.keras/datasets/fashion-mnist",
                                     "home/.local/share/thimble/fashion-mnist",
                                     "environment/FashionMNIST/raw",
                                     "environment/fashion-mnist",
                                     "option/fashion-mnist"};
  const Variable environment("THIMBLE_DATA_DIR", (folder_ / "environment").string());
  const SourceOptions options{.data_dir = folder_ / "option"};
  for (const fs::path& place : places) {
    const fs::path put = put_files(place.is_relative() && place.string().starts_with("..")
                                       ? fs::path("shared/data/fashion-mnist")
                                       : place);
    const Source found = find_source("fashion-mnist", options);
    EXPECT_TRUE(fs::equivalent(found.path, put)) << place;
    EXPECT_TRUE(found.published);
  }
}

TEST_F(SourceTest, PassesOverFoldersThatAreNotWhole) {
  fs::remove(put_files("environment/mnist") / "train-labels-idx1-ubyte");
  const fs::path whole = put_files("home/.local/share/thimble/mnist");
  const Variable environment("THIMBLE_DATA_DIR", (folder_ / "environment").string());
  EXPECT_EQ(find_source("mnist").path, whole);
}

TEST_F(SourceTest, SaysWhereItLookedAndWhatToDo) {
  EXPECT_THAT(message_of<FileError>([] { find_source("fashion-mnist"); }),
              AllOf(HasSubstr(".keras/datasets/fashion-mnist"), HasSubstr("shared/data"),
                    HasSubstr("thimble data fetch fashion-mnist"), HasSubstr("--data synthetic")));
}

TEST_F(SourceTest, RefusesOtherContentUnderAPublishedName) {
  put_files("option/fashion-mnist");
  put_files("option/mnist");
  const SourceOptions options{.data_dir = folder_ / "option"};
  EXPECT_THAT(message_of<DataError>([&] { load_dataset("fashion-mnist", options); }),
              AllOf(HasSubstr("the training set is not the published fashion-mnist"),
                    HasSubstr("before 31 August 2017"), HasSubstr("thimble data fetch")));
  EXPECT_THAT(message_of<DataError>([&] { load_dataset("mnist", options); }),
              Not(HasSubstr("August")));
  EXPECT_NO_THROW(load_dataset((folder_ / "option/fashion-mnist").string()));
}

/// The published data, if it is on this machine.
class PublishedData : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    const fs::path shared = fs::path(THIMBLE_SOURCE_DIR) / ".." / "shared" / "data";
    try {
      source_ = find_source(GetParam(), {.data_dir = shared});
    } catch (const FileError&) {
      GTEST_SKIP() << GetParam() << " is not on this machine";
    }
  }
  Source source_;
};

TEST_P(PublishedData, IsWhatWasPublished) {
  const PublishedDataset& published = *find_published(GetParam());
  const DatasetSplits splits = load_source(source_);
  EXPECT_TRUE(is_published(splits));
  EXPECT_EQ(splits.train.size(), 60'000u);
  ASSERT_TRUE(splits.test);
  EXPECT_EQ(splits.test->size(), 10'000u);
  EXPECT_EQ(splits.train.images.shape(), (PictureShape{28, 28, 1}));
  EXPECT_EQ(splits.train.classes, published.classes);
  EXPECT_EQ(splits.train.provenance.name, GetParam());
  EXPECT_EQ(content_digest(splits.train), published.train_content);
  EXPECT_EQ(content_digest(*splits.test), published.test_content);
  if (GetParam() == "fashion-mnist") {
    EXPECT_EQ(splits.train.class_counts(), std::vector<std::size_t>(10, 6000));
    EXPECT_EQ(splits.test->class_counts(), std::vector<std::size_t>(10, 1000));
  }
}

TEST_P(PublishedData, IsKnownByItsContentAlone) {
  const DatasetSplits splits = load_dataset(source_.path.string());
  EXPECT_EQ(splits.train.provenance.name, GetParam());
  EXPECT_EQ(splits.train.classes, find_published(GetParam())->classes);
}

TEST_P(PublishedData, AnAlteredTestSetIsRefused) {
  const TemporaryFolder folder;
  DatasetSplits splits = load_source(source_);
  splits.test->images.pixels()[1234] ^= 1;
  fs::create_directories(folder / GetParam());
  write_idx_folder(folder / GetParam(), splits, false);
  EXPECT_THAT(message_of<DataError>([&] { load_dataset(GetParam(), {.data_dir = folder.path()}); }),
              HasSubstr("the test set is not the published " + GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Names, PublishedData, ::testing::Values("fashion-mnist", "mnist"));

}  // namespace
}  // namespace thimble
