#include "cli/prediction_writer.hpp"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <nlohmann/json.hpp>

#include "base/error.hpp"

namespace thimble::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::vector<std::string> kClasses = {"Coat", "Bag, large", "Shirt"};

Probabilities two_rows() {
  Probabilities probabilities(2, 3);
  probabilities[0][0] = 0.25f;
  probabilities[0][1] = 0.7f;
  probabilities[0][2] = 0.05f;
  probabilities[1][0] = 0.9f;
  probabilities[1][1] = 0.1f;
  return probabilities;
}

const std::vector<PictureOrigin> kOrigins = {{"a \"b\".png", std::nullopt}, {"rows.csv", 17}};

std::string written(const PredictionFormat& format,
                    const std::vector<PictureOrigin>& origins = kOrigins) {
  std::ostringstream out;
  make_prediction_writer(format, kClasses, out)->write(origins, two_rows());
  return out.str();
}

TEST(PredictionWriter, Csv) {
  EXPECT_EQ(written({.name = "csv"}),
            "input,index,label,probability\n"
            "\"a \"\"b\"\".png\",,\"Bag, large\",0.700000\n"
            "rows.csv,17,Coat,0.900000\n");
  EXPECT_EQ(written({.name = "csv", .top = 2, .review_below = 0.8}),
            "input,index,label,probability,label_2,probability_2,review\n"
            "\"a \"\"b\"\".png\",,\"Bag, large\",0.700000,Coat,0.250000,true\n"
            "rows.csv,17,Coat,0.900000,\"Bag, large\",0.100000,false\n");
}

TEST(PredictionWriter, JsonLines) {
  EXPECT_EQ(written({.name = "jsonl"}),
            "{\"input\":\"a \\\"b\\\".png\",\"label\":\"Bag, large\",\"probability\":0.7}\n"
            "{\"input\":\"rows.csv\",\"index\":17,\"label\":\"Coat\",\"probability\":0.9}\n");
  const std::string text = written({.name = "jsonl", .top = 9, .review_below = 0.8});
  const auto first = nlohmann::json::parse(text.substr(0, text.find('\n')));
  EXPECT_EQ(first.at("top").size(), 3u);
  EXPECT_EQ(first.at("top").at(1).at("label"), "Coat");
  EXPECT_EQ(first.at("review"), true);
}

TEST(PredictionWriter, JsonLinesSurviveNamesThatAreNotUtf8) {
  const std::string text = written({.name = "jsonl"}, {{"bad\xff\xfe.png", {}}, {"\n", {}}});
  std::istringstream lines(text);
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    EXPECT_TRUE(nlohmann::json::accept(line)) << line;
  }
  EXPECT_EQ(count, 2);
}

TEST(PredictionWriter, Table) {
  EXPECT_EQ(written({.name = "table", .top = 2, .review_below = 0.8}),
            "input            label            %  2.               %\n"
            "a \"b\".png        Bag, large   70.00  Coat         25.00  review\n"
            "rows.csv #17     Coat         90.00  Bag, large   10.00\n");
}

TEST(PredictionWriter, TheHeaderComesOnce) {
  std::ostringstream out;
  const auto writer = make_prediction_writer({.name = "csv"}, kClasses, out);
  writer->write(kOrigins, two_rows());
  writer->write(kOrigins, two_rows());
  const std::string text = out.str();
  EXPECT_EQ(text.find("input,"), text.rfind("input,"));
}

TEST(PredictionWriter, RefusesOtherFormats) {
  std::ostringstream out;
  EXPECT_THROW(make_prediction_writer({.name = "xml"}, kClasses, out), UsageError);
}

TEST(NeedsReview, IsStrict) {
  const std::vector<float> row = {0.5f, 0.5f};
  EXPECT_FALSE(needs_review(row, {}));
  EXPECT_FALSE(needs_review(row, {.review_below = 0.5}));
  EXPECT_TRUE(needs_review(row, {.review_below = 0.51}));
}

// One record of RFC 4180, or nothing if the text does not begin with one.
std::vector<std::string> parse_record(const std::string& text) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
      fields.back() += '"', ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && c == ',') {
      fields.emplace_back();
    } else if (!quoted && c == '\n') {
      break;
    } else {
      fields.back() += c;
    }
  }
  return fields;
}

RC_GTEST_PROP(PredictionWriter, CsvQuotingIsLossless, ()) {
  const auto name =
      *rc::gen::container<std::string>(rc::gen::elementOf(std::string("a\",\n\r ;é")));
  std::ostringstream out;
  make_prediction_writer({.name = "csv"}, kClasses, out)
      ->write({{name, {}}, {"b", {}}}, two_rows());
  const std::string text = out.str();
  const auto fields = parse_record(text.substr(text.find('\n') + 1));
  RC_ASSERT(fields.size() == 4u);
  RC_ASSERT(fields[0] == name);
}

}  // namespace
}  // namespace thimble::cli
