#include "data/csv.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/error.hpp"
#include "data/random_dataset.hpp"
#include "temporary_folder.hpp"

namespace thimble {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Csv : public ::testing::Test {
 protected:
  TemporaryFolder folder_;

  std::filesystem::path put(const std::string& text, const std::string& name = "some.csv") {
    write_text(folder_ / name, text);
    return folder_ / name;
  }
  /// The content as read from a file with this text.
  LabelledImages read(const std::string& text, std::size_t most = 1000) {
    CsvReader reader(put(text));
    return reader.read(most);
  }
  std::string refusal(const std::string& text) {
    return message_of<DataError>([&] { read(text); });
  }
};

TEST_F(Csv, ReadsRowsWithAndWithoutHeader) {
  for (const std::string header :
       {"", "label,pixel1,pixel2,pixel3,pixel4\n", "label,1x1,1x2,2x1,2x2\n",
        "\"label\",\"a\",\"b\",\"c\",\"d\"\n"}) {
    const LabelledImages set = read(header + "7,0,10,200,255\n0,1,2,3,4\n");
    EXPECT_EQ(set.images.shape(), (PictureShape{2, 2, 1}));
    EXPECT_THAT(set.labels, ElementsAre(7, 0));
    EXPECT_THAT(set.images.pixels(), ElementsAre(0, 10, 200, 255, 1, 2, 3, 4));
  }
}

TEST_F(Csv, DoesNotMindHowLinesEnd) {
  for (const std::string text : {"1,5\r\n2,6\r\n", "1,5\n2,6",
                                 "\xEF\xBB\xBF"
                                 "1,5\n2,6\n",
                                 "\n\n1,5\n\n2,6\n\n", " 1 ,\t5\n2, 6 \r\n",
                                 "\xEF\xBB\xBF"
                                 "label,pixel1\r\n1,5\r\n2,6"}) {
    const LabelledImages set = read(text);
    EXPECT_THAT(set.labels, ElementsAre(1, 2)) << text;
    EXPECT_THAT(set.images.pixels(), ElementsAre(5, 6)) << text;
  }
}

TEST_F(Csv, FindsTheShapeFromTheNumberOfColumns) {
  const auto shape_of = [&](std::size_t values) {
    std::string row = "0";
    for (std::size_t k = 0; k < values; ++k) row += ",9";
    return CsvReader(put(row)).shape();
  };
  EXPECT_EQ(shape_of(784), (PictureShape{28, 28, 1}));
  EXPECT_EQ(shape_of(64), (PictureShape{8, 8, 1}));
  EXPECT_EQ(shape_of(3072), (PictureShape{32, 32, 3}));
  EXPECT_EQ(shape_of(3), (PictureShape{1, 1, 3}));
  EXPECT_THAT(message_of<DataError>([&] { shape_of(785); }), HasSubstr("786 columns, expected"));
  EXPECT_THAT(message_of<DataError>([&] { shape_of(783); }),
              HasSubstr("is the label column missing?"));
  EXPECT_EQ(CsvReader(put("1,2,3"), CsvReader::Labels::required, PictureShape{1, 2, 1}).shape(),
            (PictureShape{1, 2, 1}));
}

TEST_F(Csv, TakesFilesWithoutLabelsWhereTheyAreNotNeeded) {
  const auto path = put("pixel0,pixel1,pixel2,pixel3\n1,2,3,4\n");
  CsvReader reader(path, CsvReader::Labels::optional);
  EXPECT_FALSE(reader.has_labels());
  const LabelledImages set = reader.read(10);
  EXPECT_THAT(set.images.pixels(), ElementsAre(1, 2, 3, 4));
  EXPECT_TRUE(set.labels.empty());
  EXPECT_TRUE(CsvReader(put("9,1,2,3,4\n"), CsvReader::Labels::optional).has_labels());
  // Four columns are a label and one RGB pixel, or four grey ones: the header decides.
  EXPECT_TRUE(CsvReader(put("label,r,g,b\n9,1,2,3\n"), CsvReader::Labels::optional).has_labels());
}

TEST_F(Csv, ReadsBlocksOfRows) {
  CsvReader reader(put("1,5\n2,6\n3,7\n"));
  EXPECT_THAT(reader.read(2).labels, ElementsAre(1, 2));
  EXPECT_THAT(reader.read(2).labels, ElementsAre(3));
  EXPECT_TRUE(reader.read(2).images.empty());
}

TEST_F(Csv, ReadsLinesLongerThanItsBuffer) {
  const Dataset dataset = random_dataset({700, 700, 1}, 3, {"a", "b"});
  write_csv(folder_ / "large.csv", dataset);
  const LabelledImages set = CsvReader(folder_ / "large.csv").read(1000);
  EXPECT_TRUE(std::ranges::equal(set.images.pixels(), dataset.images.pixels()));
  EXPECT_EQ(set.labels, dataset.labels);
}

TEST_F(Csv, ReadsGzip) {
  const std::string text = "1,5\n2,6\n";
  put(gzip(std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size())), "a.csv.gz");
  EXPECT_THAT(read_csv(folder_ / "a.csv.gz").train.labels, ElementsAre(1, 2));
}

TEST_F(Csv, RoundTripsWithoutLoss) {
  EXPECT_TRUE(rc::check("write, read: the same", [] {
    const TemporaryFolder folder;
    const DatasetSplits splits = any_splits(false);
    write_csv_folder(folder.path(), splits);
    expect_same(read_csv(folder.path()), splits);
  }));
}

TEST_F(Csv, NamesLineAndColumnOfWhatIsWrong) {
  const std::string good = "label,a,b,c,d\n1,2,3,4,5\n";
  EXPECT_THAT(refusal(good + "1,2,3\n"),
              HasSubstr("some.csv, line 3: 2 values, expected 4 after the label"));
  EXPECT_THAT(refusal(good + "1,2,3,4,5,6\n"), HasSubstr("line 3: 5 values, expected 4"));
  EXPECT_THAT(refusal(good + "1\n"), HasSubstr("line 3: 0 values, expected 4"));
  EXPECT_THAT(refusal(good + "1,2,abc,4,5\n"),
              HasSubstr("line 3, column 3: 'abc', expected a whole number from 0 to 255"));
  EXPECT_THAT(refusal(good + "1,2,3.5,4,5\n"), HasSubstr("column 3: '3.5'"));
  EXPECT_THAT(refusal(good + "1,2,-3,4,5\n"), HasSubstr("column 3: '-3'"));
  EXPECT_THAT(refusal(good + "1,2,3 3,4,5\n"), HasSubstr("column 3: '3 3'"));
  EXPECT_THAT(refusal(good + "1,2,3\r,4,5\n"), HasSubstr("column 3: '3?'"));
  EXPECT_THAT(refusal(good + "1,2,,4,5\n"), HasSubstr("column 3: no value"));
  EXPECT_THAT(refusal(good + "1,2,3,4,256\n"),
              HasSubstr("line 3, column 5: value 256 is over 255"));
  EXPECT_THAT(refusal(good + "1,2,3,4,99999999999999999999999\n"), HasSubstr("is over 255"));
  EXPECT_THAT(refusal(good + "shirt,2,3,4,5\n"),
              HasSubstr("column 1: 'shirt', expected a whole number from 0 to 65535"));
  EXPECT_THAT(refusal(good + "65536,2,3,4,5\n"), HasSubstr("label 65536 is over 65535"));
  EXPECT_THAT(refusal(good + "-1,2,3,4,5\n"), HasSubstr("'-1'"));
  EXPECT_THAT(refusal(good + std::string("1,2,\0,4,5\n", 10)), HasSubstr("column 3: '?'"));
}

TEST_F(Csv, RefusesFilesThatHoldNoRows) {
  EXPECT_THAT(refusal(""), HasSubstr("some.csv: empty"));
  EXPECT_THAT(refusal("\n \n"), HasSubstr("empty"));
  EXPECT_THAT(refusal("just words\n"), HasSubstr("1 column, expected a label"));
  EXPECT_THAT(message_of<DataError>([&] { read_csv(put("label,pixel1\n")); }),
              HasSubstr("no training pictures"));
  EXPECT_THROW(read_csv(folder_ / "none.csv"), FileError);
}

TEST_F(Csv, NeverCrashesOnDamagedText) {
  const std::string whole = "label,a,b,c,d\n1,2,3,4,5\n0,255,0,17,8\n";
  for (std::size_t length = 0; length < whole.size(); ++length) {
    try {
      read(whole.substr(0, length));
    } catch (const DataError&) {
    }
  }
  EXPECT_TRUE(rc::check("any change is read or refused", [&] {
    std::string text = whole;
    text[*rc::gen::inRange<std::size_t>(0, text.size())] = *rc::gen::arbitrary<char>();
    text.insert(*rc::gen::inRange<std::size_t>(0, text.size()), *rc::gen::arbitrary<std::string>());
    try {
      const LabelledImages set = read(text);
      RC_ASSERT(set.labels.size() == set.images.size());
    } catch (const DataError&) {
    }
  }));
}

TEST_F(Csv, FindsTheFilesOfAFolder) {
  EXPECT_FALSE(find_csv_files(folder_.path()));
  put("1,5\n0,2\n", "fashion-mnist_train.csv");
  put("1,9\n", "fashion-mnist_test.csv");
  put("nothing to do with it", "notes.csv");
  const DatasetSplits splits = read_csv(folder_.path());
  EXPECT_EQ(splits.train.size(), 2u);
  EXPECT_EQ(splits.train.provenance.split, "train");
  ASSERT_TRUE(splits.test);
  EXPECT_THAT(splits.test->images.pixels(), ElementsAre(9));
  EXPECT_EQ(splits.train.classes.size(), 10u);
  EXPECT_EQ(splits.train.classes[9], "Ankle boot");

  put("1,5\n", "train.csv");
  EXPECT_THAT(message_of<DataError>([&] { find_csv_files(folder_.path()); }),
              AllOf(HasSubstr("fashion-mnist_train.csv and train.csv"), HasSubstr("train set")));
}

TEST_F(Csv, OneFileIsEverythingThereIs) {
  const DatasetSplits splits = read_csv(put("1,5\n3,2\n", "shoes.csv"));
  EXPECT_EQ(splits.train.provenance.split, "all");
  EXPECT_EQ(splits.train.provenance.name, "shoes");
  EXPECT_THAT(splits.train.classes, ElementsAre("0", "1", "2", "3"));
  EXPECT_FALSE(splits.test);
}

TEST_F(Csv, RefusesLabelsThatTheTrainingSetHasNot) {
  put("1,5\n0,2\n", "train.csv");
  put("2,9\n", "test.csv");
  EXPECT_THAT(message_of<DataError>([&] { read_csv(folder_.path()); }),
              HasSubstr("test split: label 2 of sample 0 is out of range, expected 0 to 1"));
}

}  // namespace
}  // namespace thimble
