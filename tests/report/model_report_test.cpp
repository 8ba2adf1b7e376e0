#include "report/model_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thimble::report {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

ModelDescription small_model() {
  ModelDescription model;
  model.family = "neural";
  model.name = "small";
  model.input = {28, 28, 1};
  model.classes = {"Coat", "Bag", "Shirt"};
  model.trained_on = {"wardrobe", "train", "f00d", false};
  model.program_version = "1";
  return model;
}

std::vector<std::string> ids_of(const Report& report) {
  std::vector<std::string> ids;
  for (const Section& section : report.sections) ids.push_back(section.id);
  return ids;
}

TEST(ModelReport, ShowsWhatWasCounted) {
  ModelDescription model = small_model();
  model.temperature = 1.25;
  model.metrics["test"] = {{"accuracy", 0.8},
                           {"loss", 0.5},
                           {"samples", 100},
                           {"confusion", {{30, 0, 10}, {0, 20, 0}, {10, 0, 30}}}};
  model.metrics["validation"] = {
      {"calibration",
       {{"before", {{"expected_error", 0.06}}}, {"after", {{"expected_error", 0.01}}}}},
      {"unfamiliar", 0.03}};
  const Report report = model_report(model, "0123456789ab");
  EXPECT_THAT(ids_of(report), ElementsAre("summary", "confusion", "confused-pairs", "classes",
                                          "calibration", "limits"));
  EXPECT_THAT(report.sections[0].finding,
              AllOf(HasSubstr("Of 100 test pictures it names 80.0 % right"), HasSubstr("71.1 %")));
  EXPECT_EQ(std::get<Confusion>(report.sections[1].blocks.at(1)).counts,
            (std::vector<std::uint64_t>{30, 0, 10, 0, 20, 0, 10, 0, 30}));
  EXPECT_THAT(report.sections[2].finding, HasSubstr("Coat and Shirt are confused most, 20 times"));
  const auto& table = std::get<Table>(report.sections[3].blocks.at(1));
  ASSERT_EQ(table.rows.size(), 5u);
  EXPECT_EQ(std::get<std::string>(table.rows[1][0]), "Bag");
  EXPECT_EQ(std::get<double>(table.rows[1][3]), 1.0);
  EXPECT_DOUBLE_EQ(std::get<double>(table.rows[0][2]), 0.75);
  EXPECT_THAT(report.sections[4].finding, AllOf(HasSubstr("too sure"), HasSubstr("1.25")));
  const auto& certainty = std::get<Facts>(report.sections[4].blocks.at(0)).facts;
  ASSERT_EQ(certainty.size(), 3u);
  EXPECT_THAT(certainty[1].note, HasSubstr("6.0 % without the temperature"));
  EXPECT_EQ(to_json(report).at("sections").size(), report.sections.size());
}

TEST(ModelReport, SaysWhatAnOldFileLacks) {
  ModelDescription model = small_model();
  model.metrics["test"] = {{"accuracy", 0.9402}, {"loss", 0.25}, {"samples", 10000}};
  const Report report = model_report(model, "");
  EXPECT_THAT(ids_of(report), ElementsAre("summary", "missing", "calibration", "limits"));
  EXPECT_THAT(report.sections[0].finding,
              HasSubstr("Of 10,000 test pictures it names 94.0 % right (93.5 % to 94.5 %"));
  EXPECT_THAT(to_json(report).dump(), HasSubstr("thimble evaluate MODEL --report report.html"));
}

TEST(ModelReport, SaysWhenNothingWasMeasured) {
  ModelDescription model = small_model();
  model.trained_on.synthetic = true;
  for (const json& metrics : {json(), json::object(), json{{"test", {{"confusion", {{1}}}}}},
                              json{{"test", {{"confusion", {{0, 0, 0}, {0, 0, 0}, {0, 0, 0}}}}}},
                              json{{"test", 3}, {"validation", {{"accuracy", "high"}}}}}) {
    model.metrics = metrics;
    const Report report = model_report(model, "");
    EXPECT_EQ(report.sections[0].finding, "How good it is was never measured.") << metrics;
    EXPECT_THAT(to_json(report).dump(), HasSubstr("drawn by Thimble"));
  }
}

TEST(ModelReport, TakesValidationWhereThereWasNoTest) {
  ModelDescription model = small_model();
  model.metrics["validation"] = {{"accuracy", 0.5}};
  const Report report = model_report(model, "");
  EXPECT_EQ(report.sections[0].finding, "It names 50.0 % of its validation pictures right.");
}

}  // namespace
}  // namespace thimble::report
