#include "classical/feature_line.hpp"

#include <string>

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace thimble::classical {
namespace {

/// The message of the UsageError that reading a line as `read` does throws; "" without one.
template <class Read>
std::string error_of(const std::string& text, const Read& read) {
  try {
    FeatureLine line(text);
    read(line);
    line.finish();
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(FeatureLine, ReadsWordArgumentsAndOptions) {
  FeatureLine line("  pca 50  whiten=true share=0.5 k=3 norm=l2 ");
  EXPECT_EQ(line.word(), "pca");
  EXPECT_EQ(line.next(), "50");
  EXPECT_EQ(line.next(), std::nullopt);
  EXPECT_TRUE(line.option("whiten", false));
  EXPECT_EQ(line.option("share", 0.1, 0.0, 1.0), 0.5);
  EXPECT_EQ(line.option("k", 1, 1, 5), 3);
  EXPECT_EQ(line.option("norm", std::string("l1"), {"l1", "l2"}), "l2");
  EXPECT_EQ(line.option("absent", 7, 1, 9), 7);
  line.finish();
}

TEST(FeatureLine, KeepsBlanksWithinQuotes) {
  FeatureLine line("model:\"runs/all shoes\" name=\"a b\"  \"\" more");
  EXPECT_EQ(line.word(), "model:runs/all shoes");
  EXPECT_EQ(line.text_option("name"), "a b");
  EXPECT_EQ(line.text_option("absent"), std::nullopt);
  EXPECT_EQ(line.next(), "more");
  line.finish();
  EXPECT_THROW(FeatureLine("model:\"runs/all shoes"), UsageError);
}

TEST(FeatureLine, SaysWhatIsWrong) {
  const auto number = [](FeatureLine& line) { line.option("cell", 4, 1, 64); };
  const auto flag = [](FeatureLine& line) { line.option("signed", false); };
  EXPECT_EQ(error_of("hog cell=0", number),
            "feature step \"hog cell=0\": cell=0, expected 1 to 64");
  EXPECT_EQ(error_of("hog cell=", number),
            "feature step \"hog cell=\": cell is '', expected a whole number");
  EXPECT_EQ(
      error_of("hog cell=99999999999", number),
      "feature step \"hog cell=99999999999\": cell is '99999999999', expected a whole number");
  EXPECT_EQ(error_of("hog cel=3", number),
            "feature step \"hog cel=3\": unknown option 'cel'; did you mean 'cell'?");
  EXPECT_EQ(error_of("hog cell=3 cell=4", number),
            "feature step \"hog cell=3 cell=4\": cell is given twice");
  EXPECT_EQ(error_of("hog signed=yes", flag),
            "feature step \"hog signed=yes\": signed=yes, expected true or false");
  EXPECT_EQ(error_of("hog 3", flag), "feature step \"hog 3\": '3' is not expected");
  EXPECT_EQ(error_of("   ", flag), "feature step \"   \": the line is empty");
  const auto decimal = [](FeatureLine& line) { line.option("weight", 1.0, 0.0, 9.0); };
  for (const char* value : {"nan", "inf", "1e999", "0x1", "1,5"}) {
    EXPECT_NE(error_of(std::string("hog weight=") + value, decimal), "") << value;
  }
}

}  // namespace
}  // namespace thimble::classical
