#include "base/text.hpp"

#include <limits>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace thimble {
namespace {

const std::vector<std::string> kKeys{"epochs", "batch_size", "learning_rate", "seed"};

TEST(Text, NearestFindsSlipsOfTheHand) {
  EXPECT_EQ(nearest("epoch", kKeys), "epochs");
  EXPECT_EQ(nearest("Epochs", kKeys), "epochs");
  EXPECT_EQ(nearest("bacth_size", kKeys), "batch_size");
  EXPECT_EQ(nearest("learning-rate", kKeys), "learning_rate");
  EXPECT_EQ(nearest("momentum", kKeys), "");
  EXPECT_EQ(nearest("", kKeys), "");
  EXPECT_EQ(nearest("x", {}), "");
}

TEST(Text, NearestTakesTheSwapOfTwoLettersForOneSlip) {
  const std::vector<std::string> names{"sgd"};
  EXPECT_EQ(nearest("sdg", names), "sgd");
  EXPECT_EQ(nearest("dgs", names), "");
}

RC_GTEST_PROP(Text, NearestFindsAKeyWithOneLetterMissing, ()) {
  const auto key = *rc::gen::elementOf(kKeys);
  const auto place = *rc::gen::inRange<std::size_t>(0, key.size());
  std::string slip = key;
  slip.erase(place, 1);
  RC_ASSERT(nearest(slip, kKeys) == key);
}

TEST(Text, UnknownNameSuggestsOrLists) {
  EXPECT_EQ(unknown_name("recipe key", "epoch", kKeys),
            "unknown recipe key 'epoch'; did you mean 'epochs'?");
  EXPECT_EQ(unknown_name("recipe key", "zebra", kKeys),
            "unknown recipe key 'zebra'; known: epochs, batch_size, learning_rate, seed");
  EXPECT_EQ(unknown_name("recipe key", "zebra", {}), "unknown recipe key 'zebra'");
}

TEST(Text, FormatsBytesWithThreeDigits) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(980), "980 B");
  EXPECT_EQ(format_bytes(1000), "1.00 kB");
  EXPECT_EQ(format_bytes(9994), "9.99 kB");
  EXPECT_EQ(format_bytes(9996), "10.0 kB");
  EXPECT_EQ(format_bytes(30'878'645), "30.9 MB");
  EXPECT_EQ(format_bytes(99'960), "100 kB");
  EXPECT_EQ(format_bytes(999'499), "999 kB");
  EXPECT_EQ(format_bytes(999'500), "1.00 MB");
  EXPECT_EQ(format_bytes(std::numeric_limits<std::uint64_t>::max()), "18.4 EB");
}

TEST(Text, FormatsDurations) {
  EXPECT_EQ(format_duration(0.84), "0.8 s");
  EXPECT_EQ(format_duration(9.97), "10 s");
  EXPECT_EQ(format_duration(42.2), "42 s");
  EXPECT_EQ(format_duration(59.7), "1 min 00 s");
  EXPECT_EQ(format_duration(187), "3 min 07 s");
  EXPECT_EQ(format_duration(3599.8), "1 h 00 min");
  EXPECT_EQ(format_duration(7500), "2 h 05 min");
  EXPECT_EQ(format_duration(-1), "0.0 s");
  EXPECT_EQ(format_duration(std::numeric_limits<double>::quiet_NaN()), "0.0 s");
}

RC_GTEST_PROP(Text, FormatCountKeepsTheDigits, (std::uint64_t count)) {
  std::string text = format_count(count);
  RC_ASSERT(text.front() != ',');
  std::erase(text, ',');
  RC_ASSERT(text == std::to_string(count));
}

TEST(Text, FormatsCounts) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(60'000), "60,000");
  EXPECT_EQ(format_count(1'234'567), "1,234,567");
}

RC_GTEST_PROP(Text, SplitPiecesJoinToTheText, (const std::string& text)) {
  std::string joined;
  const auto pieces = split(text, ',');
  for (std::size_t i = 0; i < pieces.size(); ++i) joined += (i == 0 ? "" : ",") + pieces[i];
  RC_ASSERT(joined == text);
}

TEST(Text, SplitKeepsEmptyPieces) {
  EXPECT_EQ(split("a,,b,", ','), (std::vector<std::string>{"a", "", "b", ""}));
  EXPECT_EQ(split("", ','), std::vector<std::string>{""});
}

TEST(Text, TrimsAndLowers) {
  EXPECT_EQ(trim(" \ta b\r\n"), "a b");
  EXPECT_EQ(trim(" \n"), "");
  EXPECT_EQ(to_lower("Ankle BOOT 7"), "ankle boot 7");
}

TEST(Text, FileNamesKeepLettersAndDigits) {
  EXPECT_EQ(file_name_for("CNN, 5 epochs"), "cnn-5-epochs");
  EXPECT_EQ(file_name_for("synthetic:seed=7"), "synthetic-seed-7");
  EXPECT_EQ(file_name_for("../.."), "model");
}

}  // namespace
}  // namespace thimble
