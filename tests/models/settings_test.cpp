#include "models/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "temporary_folder.hpp"

namespace thimble {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;

const json kOptimizer = {
    {"name", "sgd"},      {"learning_rate", 0.1},          {"steps", 7},
    {"nesterov", true},   {"seed", 18446744073709551615u}, {"layers", {"a", "b"}},
    {"inner", {{"x", 1}}}};

std::string refusal(const json& value, auto&& read) {
  const json table = {{"key", value}};
  Settings settings(table, "optimizer");
  return message_of<UsageError>([&] { read(settings); });
}

TEST(Settings, ReadsEveryType) {
  Settings settings(kOptimizer, "optimizer");
  std::string name;
  double rate = 0;
  double steps = 0;
  int whole_steps = 0;
  bool nesterov = false;
  std::uint64_t seed = 0;
  std::vector<std::string> layers;
  settings.read("name", name);
  settings.read("learning_rate", rate);
  settings.read("steps", steps);
  settings.read("steps", whole_steps);
  settings.read("nesterov", nesterov);
  settings.read("seed", seed);
  settings.read("layers", layers);
  EXPECT_EQ(settings.table("inner").at("x"), 1);
  settings.finish();
  EXPECT_EQ(name, "sgd");
  EXPECT_EQ(rate, 0.1);
  EXPECT_EQ(steps, 7.0);
  EXPECT_EQ(whole_steps, 7);
  EXPECT_TRUE(nesterov);
  EXPECT_EQ(seed, UINT64_MAX);
  EXPECT_THAT(layers, ElementsAre("a", "b"));
}

TEST(Settings, KeepsTheDefaultOfAbsentKeys) {
  const json absent;
  Settings settings(absent, "training");
  int epochs = 12;
  std::string name = "x";
  settings.read("epochs", epochs);
  settings.read_choice("name", name, {"y"});
  EXPECT_TRUE(settings.table("inner").is_null());
  EXPECT_FALSE(settings.has("epochs"));
  settings.finish();
  EXPECT_EQ(epochs, 12);
  EXPECT_EQ(name, "x");
}

TEST(Settings, RefusesWrongTypes) {
  double number = 0;
  int whole = 0;
  std::uint64_t natural = 0;
  bool flag = false;
  std::string text;
  std::vector<std::string> texts;
  const auto read_into = [](auto& value) {
    return [&value](Settings& settings) { settings.read("key", value); };
  };
  EXPECT_EQ(refusal("fast", read_into(number)), "optimizer.key: got \"fast\", expected a number");
  EXPECT_EQ(refusal(true, read_into(number)), "optimizer.key: got true, expected a number");
  EXPECT_EQ(refusal(1.0 / 0.0, read_into(number)), "optimizer.key: got inf, expected a number");
  EXPECT_EQ(refusal(1.5, read_into(whole)), "optimizer.key: got 1.5, expected a whole number");
  EXPECT_EQ(refusal(3000000000u, read_into(whole)),
            "optimizer.key: got 3000000000, expected a whole number of at most 2147483647");
  EXPECT_EQ(refusal(-1, read_into(natural)),
            "optimizer.key: got -1, expected a whole number, 0 or more");
  EXPECT_EQ(refusal(1, read_into(flag)), "optimizer.key: got 1, expected true or false");
  EXPECT_EQ(refusal(1, read_into(text)), "optimizer.key: got 1, expected a text in quotes");
  EXPECT_EQ(refusal("a", read_into(texts)), "optimizer.key: got \"a\", expected a list of texts");
  EXPECT_EQ(refusal(json{"a", 1}, read_into(texts)),
            "optimizer.key: got 1, expected only texts in the list");
  EXPECT_EQ(refusal(1, [](Settings& settings) { settings.table("key"); }),
            "optimizer.key: got 1, expected a table, as in [optimizer.key]");
  EXPECT_EQ(message_of<UsageError>([] { Settings(json(3), "optimizer"); }),
            "optimizer: got 3, expected a table, as in [optimizer]");
}

TEST(Settings, SuggestsTheNearestChoice) {
  std::string value = "adam";
  const auto read = [&](Settings& settings) {
    settings.read_choice("key", value, {"sgd", "adam", "adamw", "rmsprop"});
  };
  EXPECT_EQ(refusal("rmspop", read), "optimizer.key: got \"rmspop\"; did you mean \"rmsprop\"?");
  EXPECT_EQ(
      refusal("lion", read),
      "optimizer.key: got \"lion\", expected one of \"sgd\", \"adam\", \"adamw\", \"rmsprop\"");
  EXPECT_EQ(value, "adam");
}

TEST(Settings, RefusesUnknownKeysAndSuggestsTheNearest) {
  const auto finish = [](const json& table, const std::string& path) {
    return message_of<UsageError>([&] {
      Settings settings(table, path);
      double rate = 0;
      double decay = 0;
      settings.read("learning_rate", rate);
      settings.read("weight_decay", decay);
      settings.finish();
    });
  };
  EXPECT_EQ(finish({{"learning_rte", 1}}, "optimizer"),
            "unknown key 'optimizer.learning_rte'; did you mean 'optimizer.learning_rate'?");
  EXPECT_EQ(finish({{"learning_rte", 1}}, ""),
            "unknown key 'learning_rte'; did you mean 'learning_rate'?");
  EXPECT_EQ(finish({{"size", 1}}, "optimizer"),
            "unknown key 'optimizer.size'; known are learning_rate, weight_decay");
}

}  // namespace
}  // namespace thimble
