#include "evaluation/learning_curves.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "temporary_folder.hpp"

namespace thimble {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

json line(int epoch, double loss, double validation_loss) {
  return {{"epoch", epoch},
          {"loss", loss},
          {"accuracy", 0.5},
          {"learning_rate", 0.1},
          {"seconds", 2.0},
          {"images_per_second", 1000.0},
          {"validation_loss", validation_loss},
          {"validation_accuracy", 0.6}};
}

TEST(LearningCurves, AreTheHistorysColumns) {
  const std::vector<json> history = {line(1, 0.9, 0.8), line(2, 0.5, 0.6), line(3, 0.3, 0.6)};
  const LearningCurves curves = learning_curves(history, "history.jsonl");
  EXPECT_EQ(curves.epoch, (std::vector<double>{1, 2, 3}));
  EXPECT_EQ(curves.loss, (std::vector{0.9, 0.5, 0.3}));
  EXPECT_EQ(curves.validation_loss, (std::vector{0.8, 0.6, 0.6}));
  EXPECT_EQ(curves.learning_rate.size(), 3u);
  EXPECT_EQ(best_epoch(curves), 1u);
  EXPECT_EQ(to_json(curves).at("validation_accuracy"), json::parse("[0.6, 0.6, 0.6]"));
}

TEST(LearningCurves, DoWithoutValidation) {
  json without = line(1, 0.9, 0);
  without.erase("validation_loss");
  without.erase("validation_accuracy");
  const LearningCurves curves = learning_curves(std::vector{without}, "history.jsonl");
  EXPECT_FALSE(curves.has_validation());
  EXPECT_FALSE(best_epoch(curves));
  EXPECT_FALSE(to_json(curves).contains("validation_loss"));
  EXPECT_EQ(learning_curves({}, "history.jsonl").epochs(), 0u);
}

TEST(LearningCurves, KeepWhatDivergedAsNoNumber) {
  json diverged = line(2, 0, 0);
  diverged["loss"] = nullptr;
  diverged["validation_loss"] = nullptr;
  const LearningCurves curves =
      learning_curves(std::vector{line(1, 0.9, 0.8), diverged}, "history.jsonl");
  EXPECT_TRUE(std::isnan(curves.loss[1]));
  EXPECT_EQ(best_epoch(curves), 0u);
}

TEST(LearningCurves, NameTheLineThatIsDamaged) {
  json damaged = line(2, 0.5, 0.6);
  damaged["loss"] = "low";
  EXPECT_THAT(message_of<DataError>([&] {
                learning_curves(std::vector{line(1, 0.9, 0.8), damaged}, "runs/a/history.jsonl");
              }),
              HasSubstr("runs/a/history.jsonl, line 2: 'loss' is a string"));
  damaged.erase("loss");
  EXPECT_THAT(message_of<DataError>([&] { learning_curves(std::vector{damaged}, "h"); }),
              HasSubstr("h, line 1: no 'loss'"));
}

}  // namespace
}  // namespace thimble
