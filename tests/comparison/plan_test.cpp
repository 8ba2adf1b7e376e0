#include "comparison/plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/json_difference.hpp"
#include "temporary_folder.hpp"

namespace thimble {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ComparisonPlanFile : public ::testing::Test {
 protected:
  void SetUp() override { setenv("THIMBLE_RECIPES", THIMBLE_SOURCE_DIR "/recipes", 1); }

  ComparisonRequest read(const std::string& text) {
    write_text(folder_ / "compare.toml", text);
    return read_comparison_request(folder_ / "compare.toml");
  }
  std::string refusal(const std::string& text) {
    return message_of<UsageError>([&] { read(text); });
  }

  TemporaryFolder folder_;
};

TEST_F(ComparisonPlanFile, IsRead) {
  const ComparisonRequest request = read(R"(
data = ["mnist"]
seed = 7
quick = true
[[model]]
recipe = "forest"
name = "small forest"
settings = ["model.n_estimators=5"]
[[model]]
file = "runs/a"
)");
  EXPECT_THAT(request.data, ElementsAre("mnist"));
  EXPECT_EQ(request.seed, 7u);
  EXPECT_TRUE(request.quick);
  ASSERT_EQ(request.models.size(), 2u);
  EXPECT_EQ(request.models[0].name, "small forest");
  EXPECT_THAT(request.models[0].settings, ElementsAre("model.n_estimators=5"));
  EXPECT_EQ(request.models[1].file, "runs/a");
}

TEST_F(ComparisonPlanFile, RefusesWhatItDoesNotKnow) {
  EXPECT_THAT(refusal("sed = 1"), HasSubstr("did you mean 'seed'?"));
  EXPECT_THAT(refusal("[[model]]\nrecpe = \"cnn\""), HasSubstr("model 1.recpe"));
  EXPECT_THAT(refusal("[[model]]\nname = \"a\""), HasSubstr("expected either recipe"));
  EXPECT_THAT(refusal("[model]\nrecipe = \"cnn\""), HasSubstr("[[model]]"));
  EXPECT_THAT(refusal("[[model]]\nfile = \"a\"\nsettings = [\"b=1\"]"),
              HasSubstr("none to change"));
  EXPECT_THROW(read("data = ["), DataError);
  EXPECT_THROW(read_comparison_request(folder_ / "none.toml"), FileError);
}

ComparisonRequest request_for(const std::string& recipe) {
  ComparisonRequest request;
  request.models = {{recipe, "", "", {}}};
  request.data = {"synthetic"};
  return request;
}

TEST_F(ComparisonPlanFile, BecomesAPlanWithEverySetting) {
  ComparisonRequest request = request_for("forest");
  request.models.push_back({"cnn", "", "short", {"training.epochs=3"}});
  request.seed = 9;
  const ComparisonPlan plan = make_comparison_plan(request);
  ASSERT_EQ(plan.entries.size(), 2u);
  EXPECT_EQ(plan.entries[0].name, "forest");
  EXPECT_EQ(plan.entries[0].recipe->settings.at("training").at("seed"), 9);
  EXPECT_TRUE(plan.entries[0].recipe->settings.at("model").contains("min_samples_leaf"));
  EXPECT_EQ(plan.entries[1].name, "short");
  EXPECT_EQ(plan.entries[1].recipe->settings.at("training").at("epochs"), 3);
}

TEST_F(ComparisonPlanFile, QuickCutsEpochsAndTreesDown) {
  ComparisonRequest request = request_for("boost");
  request.models.push_back({"cnn", "", "", {}});
  request.models.push_back({"mlp", "", "", {"training.epochs=2"}});
  request.quick = true;
  const ComparisonPlan plan = make_comparison_plan(request);
  EXPECT_EQ(plan.entries[0].recipe->settings.at("model").at("n_estimators"), kQuickEstimators);
  EXPECT_EQ(plan.entries[1].recipe->settings.at("training").at("epochs"), kQuickEpochs);
  EXPECT_EQ(plan.entries[2].recipe->settings.at("training").at("epochs"), 2);
}

TEST_F(ComparisonPlanFile, ComesBackFromJson) {
  ComparisonRequest request = request_for("svm");
  request.models.push_back({"keras-cnn", "", "", {}});
  const nlohmann::json written = to_json(make_comparison_plan(request));
  const nlohmann::json read_back = nlohmann::json::parse(written.dump());
  EXPECT_EQ(first_difference(to_json(comparison_plan_from_json(read_back, "plan.json")), written),
            "");
  EXPECT_THAT(message_of<DataError>([] {
                comparison_plan_from_json({{"format", 2}}, "p");
              }),
              HasSubstr("p: a comparison of format 2"));
  EXPECT_THROW(comparison_plan_from_json({{"format", 1}}, "p"), DataError);
}

TEST_F(ComparisonPlanFile, RefusesWhatCannotBeCompared) {
  EXPECT_THROW(make_comparison_plan({}), UsageError);
  ComparisonRequest request = request_for("tree");
  request.models.push_back({"tree", "", "", {"model.max_depth=3"}});
  EXPECT_THAT(message_of<UsageError>([&] { make_comparison_plan(request); }),
              HasSubstr("two of the models are called 'tree'"));
  EXPECT_THAT(message_of<UsageError>([&] { make_comparison_plan(request_for("tre")); }),
              HasSubstr("did you mean 'tree'?"));
  request = request_for("tree");
  request.models.push_back({"", "no/such/model", "", {}});
  EXPECT_THROW(make_comparison_plan(request), UsageError);
}

}  // namespace
}  // namespace thimble
