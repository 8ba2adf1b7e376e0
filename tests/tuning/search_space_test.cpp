#include "tuning/search_space.hpp"

#include <cstdlib>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "imaging/augmentation.hpp"
#include "models/neural_options.hpp"
#include "temporary_folder.hpp"

namespace thimble::tuning {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;
using testing::ThrowsMessage;

constexpr const char* kMixed = R"(
[optimizer]
learning_rate = { low = 0.01, high = 1.0, scale = "log" }
name = ["sgd", "adamw"]
momentum = { low = 0.8, high = 0.98, when = { "optimizer.name" = "sgd" } }
[training]
batch_size = { low = 32, high = 512, scale = "log", whole = true }
[augmentation]
shift_pixels = { low = 0, high = 4, step = 1 }
zoom = { low = 0.1, high = 0.5, step = 0.1 }
[model]
stage_widths = [[16, 32, 64], [32, 64, 128]]
pooling = { values = ["max", "average"], when = { "model.stage_widths" = [16, 32, 64] } }
)";

SearchSpace mixed() { return SearchSpace::parse(kMixed, "mixed.toml"); }

std::vector<std::string> keys(const SearchSpace& space) {
  std::vector<std::string> names;
  for (const Parameter& parameter : space.parameters()) names.push_back(parameter.key);
  return names;
}

TEST(SearchSpace, ReadsRangesListsAndConditions) {
  const SearchSpace space = mixed();
  // Alphabetical, but for those whose condition names a later one.
  EXPECT_THAT(keys(space),
              ElementsAre("augmentation.shift_pixels", "augmentation.zoom", "model.stage_widths",
                          "optimizer.learning_rate", "optimizer.name", "training.batch_size",
                          "model.pooling", "optimizer.momentum"));
  const Parameter& rate = space.parameter("optimizer.learning_rate");
  EXPECT_EQ(rate.kind, Parameter::Kind::real);
  EXPECT_TRUE(rate.log);
  EXPECT_EQ(rate.low, 0.01);
  EXPECT_EQ(rate.high, 1.0);
  const Parameter& momentum = space.parameter("optimizer.momentum");
  ASSERT_TRUE(momentum.condition);
  EXPECT_EQ(momentum.condition->key, "optimizer.name");
  EXPECT_THAT(momentum.condition->values, ElementsAre("sgd"));
  EXPECT_EQ(space.parameter("training.batch_size").kind, Parameter::Kind::integer);
  const Parameter& shift = space.parameter("augmentation.shift_pixels");
  EXPECT_EQ(shift.kind, Parameter::Kind::integer);
  EXPECT_EQ(shift.step, 1);
  EXPECT_EQ(space.parameter("augmentation.zoom").kind, Parameter::Kind::real);
  EXPECT_THAT(space.parameter("model.stage_widths").choices,
              ElementsAre(json({16, 32, 64}), json({32, 64, 128})));
  // A list that is one of the values is that value, not a list of values.
  EXPECT_THAT(space.parameter("model.pooling").condition->values, ElementsAre(json({16, 32, 64})));
}

TEST(SearchSpace, TakesConditionsWithoutQuotesToo) {
  const SearchSpace space = SearchSpace::parse(
      "a.name = [1, 2, 3]\nb = { low = 0.0, high = 1.0, when = { a.name = [1, 2] } }", "text");
  EXPECT_EQ(space.parameter("b").condition->key, "a.name");
  EXPECT_THAT(space.parameter("b").condition->values, ElementsAre(1, 2));
}

TEST(SearchSpace, IsWrittenAsItIsRead) {
  const SearchSpace space = mixed();
  const std::string text = space.to_toml();
  EXPECT_EQ(SearchSpace::parse(text, "text").to_toml(), text);
  EXPECT_THAT(text, HasSubstr("optimizer.learning_rate = { low = 0.01, high = 1.0, scale = "
                              "\"log\" }\n"));
  EXPECT_THAT(text, HasSubstr("training.batch_size = { low = 32, high = 512, scale = \"log\", "
                              "whole = true }\n"));
  EXPECT_THAT(text, HasSubstr("model.pooling = { values = [\"max\", \"average\"], when = { "
                              "\"model.stage_widths\" = [[16, 32, 64]] } }\n"));
}

TEST(SearchSpace, DrawsWithinRangesAndConditions) {
  const SearchSpace space = mixed();
  Random random(7);
  std::set<int> shifts;
  std::set<double> zooms;
  int below_a_tenth = 0;
  for (int i = 0; i < 1000; ++i) {
    const Assignment drawn = space.sample(random);
    const double rate = drawn.at("optimizer.learning_rate").get<double>();
    ASSERT_GE(rate, 0.01);
    ASSERT_LE(rate, 1.0);
    below_a_tenth += rate < 0.1 ? 1 : 0;
    ASSERT_EQ(drawn.contains("optimizer.momentum"), drawn.at("optimizer.name") == "sgd");
    ASSERT_EQ(drawn.contains("model.pooling"),
              drawn.at("model.stage_widths") == json({16, 32, 64}));
    ASSERT_TRUE(drawn.at("training.batch_size").is_number_integer());
    ASSERT_TRUE(drawn.at("augmentation.shift_pixels").is_number_integer());
    shifts.insert(drawn.at("augmentation.shift_pixels").get<int>());
    zooms.insert(drawn.at("augmentation.zoom").get<double>());
  }
  // Half of a logarithmic range is below its geometric middle: 500 +- 3 * 16.
  EXPECT_NEAR(below_a_tenth, 500, 48);
  EXPECT_THAT(shifts, ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(zooms, ElementsAre(0.1, 0.2, 0.3, 0.4, 0.5));
}

TEST(SearchSpace, KnowsWhatIsInForceDownAChain) {
  const SearchSpace space = SearchSpace::parse(R"(
    c = { values = [1, 2], when = { b = 1 } }
    b = { values = [1, 2], when = { a = true } }
    a = [true, false])",
                                               "text");
  EXPECT_THAT(keys(space), ElementsAre("a", "b", "c"));
  EXPECT_TRUE(space.active(space.parameter("c"), {{"a", true}, {"b", 1}}));
  EXPECT_FALSE(space.active(space.parameter("c"), {{"a", true}, {"b", 2}}));
  EXPECT_FALSE(space.active(space.parameter("c"), {{"a", false}, {"b", 1}}));
  // a false; a true with b 2; a true, b 1 with two of c.
  EXPECT_EQ(space.size(), 4u);
}

TEST(SearchSpace, CountsItsAssignments) {
  const auto size = [](const char* text) { return SearchSpace::parse(text, "text").size(); };
  EXPECT_EQ(size("a = [1, 2, 3]\nb = { low = 0.1, high = 0.5, step = 0.1 }"), 15u);
  EXPECT_EQ(size("a = { low = 1, high = 8, scale = \"log\", whole = true }"), 8u);
  EXPECT_EQ(size("a = { low = 1, high = 8, step = 3 }"), 3u);  // 1, 4, 7
  EXPECT_EQ(size("a = [1, 2]\nb = { low = 0.0, high = 1.0 }"), std::nullopt);
  EXPECT_EQ(size("a = [1, 2]\nb = { low = 0.0, high = 1.0, when = { a = 1 } }"), std::nullopt);
  EXPECT_EQ(size("a = { low = 0, high = 9, whole = true }\n"
                 "b = { values = [1, 2, 3], when = { a = [4, 5] } }\n"
                 "c = { values = [1, 2], when = { a = 5 } }"),
            8u + 3u + 6u);
  EXPECT_EQ(size("a = { low = 0, high = 1000000000000, whole = true }\n"
                 "b = { low = 0, high = 1000000000000, whole = true }"),
            std::nullopt);
}

TEST(SearchSpace, PutsItsValuesInARecipe) {
  Recipe recipe = parse_recipe("family = \"neural\"\n[optimizer]\nname = \"adam\"", "text", "r");
  recipe = with_settings(recipe, {{"optimizer.name", "sgd"}, {"training.batch_size", 64}});
  EXPECT_EQ(recipe.settings,
            (json{{"optimizer", {{"name", "sgd"}}}, {"training", {{"batch_size", 64}}}}));
  EXPECT_THAT(
      [&] {
        with_settings(recipe, {{"optimizer.name.x", 1}});
      },
      ThrowsMessage<UsageError>(HasSubstr("'optimizer.name' is a value, not a table")));
}

TEST(Parameter, HasPlacesThatLeadBack) {
  const SearchSpace space = mixed();
  for (const Parameter& parameter : space.parameters()) {
    const bool choice = parameter.kind == Parameter::Kind::choice;
    for (int i = 0; i <= 40; ++i) {
      const double place = choice ? i % 2 : i / 40.0;
      const json value = from_unit(parameter, place);
      EXPECT_EQ(from_unit(parameter, to_unit(parameter, value)), value) << parameter.key;
      if (const auto part = cell(parameter, place)) {
        EXPECT_LE(part->first, place + 1e-12) << parameter.key;
        EXPECT_GE(part->second, place - 1e-12) << parameter.key;
      }
    }
  }
  const Parameter& shift = space.parameter("augmentation.shift_pixels");
  EXPECT_NEAR(to_unit(shift, 1), 0.3, 1e-12);  // the second of five cells
  EXPECT_NEAR(to_unit(shift, 100), 0.9, 1e-12);
  EXPECT_EQ(from_unit(shift, 0.41), 2);
  const Parameter& rate = space.parameter("optimizer.learning_rate");
  EXPECT_NEAR(to_unit(rate, 0.1), 0.5, 1e-12);
  EXPECT_EQ(from_unit(rate, 0.5), 0.1);
  EXPECT_EQ(to_unit(rate, 5), 1);
  EXPECT_EQ(value_count(rate), std::nullopt);
  EXPECT_EQ(value_count(space.parameter("training.batch_size")), 481u);
}

TEST(Parameter, KeepsFewDigitsAndTheRange) {
  Parameter parameter{.key = "x", .low = 1e-7, .high = 3e-3, .log = true};
  EXPECT_EQ(from_unit(parameter, 0), 1e-7);
  EXPECT_EQ(from_unit(parameter, 1), 3e-3);
  EXPECT_LE(from_unit(parameter, 0.4321).dump().size(), 13u);
  parameter = {.key = "x", .low = 0.8, .high = 0.98};
  EXPECT_EQ(from_unit(parameter, 1.0 / 3), 0.86);
  parameter = {.key = "x", .low = 1e6, .high = 9e6};
  EXPECT_EQ(from_unit(parameter, 1.0 / 3), 3666667.0);
}

TEST(Parameter, RefusesValuesOfTheWrongKind) {
  const SearchSpace space = mixed();
  EXPECT_THAT([&] { to_unit(space.parameter("optimizer.name"), "adagrad"); },
              ThrowsMessage<UsageError>(
                  "optimizer.name: \"adagrad\" is none of its values [\"sgd\", \"adamw\"]"));
  EXPECT_THAT([&] { to_unit(space.parameter("augmentation.zoom"), "much"); },
              ThrowsMessage<UsageError>(
                  "augmentation.zoom: got \"much\", expected a number from 0.1 to 0.5"));
}

TEST(SearchSpace, NamesWhatIsWrong) {
  const std::vector<std::pair<const char*, const char*>> wrong = {
      {"", "no parameter to search; expected one such as optimizer.learning_rate = "},
      {"[model]", "no parameter to search"},
      {"a.b = 3", "a.b: got 3, expected a range { low = 0.1, high = 1.0 } or a list of values"},
      {"a = { low = 1, high = 1 }", "a: low is 1 and high 1, expected low to be the smaller"},
      {"a = { low = 2.5, high = 1 }", "a: low is 2.5 and high 1, expected low to be the smaller"},
      {"a = { low = 0, high = inf }", "a: the range from 0 to inf has no end"},
      {"a = { low = nan, high = 1 }", "a: the range from nan to 1 has no end"},
      {"a = { low = 0, high = 1, scale = \"log\" }",
       "a: low is 0, and only numbers above 0 have a logarithm"},
      {"a = { low = 1, high = 2, scale = \"loog\" }",
       "a: scale is \"loog\", expected \"linear\" or \"log\""},
      {"a = { low = 0.5, high = 2, whole = true }", "a: low is 0.5, expected a whole number"},
      {"a = { low = 1, high = 2.5, whole = true }", "a: high is 2.5, expected a whole number"},
      {"a = { low = 1, high = 9, step = 1.5, whole = true }",
       "a: step is 1.5, expected a whole number"},
      {"a = { low = 1, high = 1e300, whole = true }", "a: high is 1e+300, expected a whole number"},
      {"a = { low = 1, high = 2, whole = 1 }", "a: whole is 1, expected true or false"},
      {"a = { low = 1, high = 2, step = 0 }", "a: step is 0, expected more than 0"},
      {"a = { low = 1, high = 2, step = -1 }", "a: step is -1, expected more than 0"},
      {"a = { low = 1, high = 2, step = 5 }", "a: step is 5, more than from 1 to 2"},
      {"a = { low = 1, high = 2, step = 1e-300 }", "a: step is 1e-300, too small for the range"},
      {"a = { low = 1, high = 9, step = 1, scale = \"log\" }",
       "a: a logarithmic scale has no step"},
      {"a = { low = 1 }", "a: no high; expected a range"},
      {"a = { low = \"1\", high = 2 }", "a: low is \"1\", expected a number"},
      {"a = { low = 1, hihg = 2 }", "a: unknown key 'hihg'; did you mean 'high'?"},
      {"a = []", "a: the list of values is empty"},
      {"a = { values = 3 }", "a: values is 3, expected a list"},
      {"a = { values = [1, 2], low = 1 }", "a: unknown key 'low'"},
      {"a = [1, 2, 1.0]", "a: the value 1.0 is listed twice"},
      {"a = [{ x = 1 }]", "a: a value is { x = 1 }, expected a text, number, boolean or list"},
      {"a = [1, 2]\nb = { values = [1], when = { c = 1 } }", "b: its condition: unknown parameter"},
      {"aa = [1, 2]\nb = { values = [1], when = { ab = 1 } }",
       "b: its condition: unknown parameter 'ab'"},
      {"a = [1, 2]\nb = { values = [1], when = { a = 3 } }",
       "b: its condition: 3 is no value of a"},
      {"a = [1, 2]\nb = { values = [1], when = { a = [] } }", "b: its condition names no value"},
      {"a = { low = 0.0, high = 1.0 }\nb = { values = [1], when = { a = 0.5 } }",
       "b: its condition names a, whose values are not counted; expected a list, whole numbers or "
       "a step"},
      {"a = { low = 0, high = 4, step = 2 }\nb = { values = [1], when = { a = 3 } }",
       "b: its condition: 3 is no value of a"},
      {"a = [1]\nc = [1]\nb = { values = [1], when = { a = 1, c = 1 } }",
       "b: when is { a = 1, c = 1 }, expected one key with its value"},
      {"b = { values = [1], when = 3 }", "b: when is 3, expected one key with its value"},
      {"a = { values = [1], when = { b = 1 } }\nb = { values = [1], when = { c = 1 } }\n"
       "c = { values = [1], when = { b = 1 } }",
       "conditions go in a circle: "},
      {"a = { values = [1], when = { a = 1 } }", "conditions go in a circle: a -> a"},
      {"a.b = [1]\n\"a.b\" = [2]", "a.b: given twice"},
      {"a = [1]\n\"a.b\" = [2]", "a.b: 'a' has values of its own, so it is no table"},
      {"\"\" = [1]", "'' is no key; expected one such as optimizer.learning_rate"},
  };
  for (const auto& [text, message] : wrong) {
    EXPECT_THAT([&text = text] { SearchSpace::parse(text, "space.toml"); },
                ThrowsMessage<UsageError>(StartsWith(std::string("space.toml: ") + message)))
        << text;
  }
  EXPECT_THAT([] { SearchSpace::parse("a = [1\nb = 2", "space.toml"); },
              ThrowsMessage<DataError>(StartsWith("space.toml, line 2, column 1: ")));
  EXPECT_THAT([] { mixed().parameter("optimizer.nam"); },
              ThrowsMessage<UsageError>(HasSubstr("did you mean 'optimizer.name'?")));
}

TEST(SearchSpace, IsLoadedByNameOrPath) {
  setenv("THIMBLE_RECIPES", THIMBLE_SOURCE_DIR "/recipes", 1);
  EXPECT_THAT(search_space_names(),
              testing::IsSupersetOf({"boost", "cnn", "forest", "knn", "mlp", "svm"}));
  EXPECT_EQ(load_search_space("svm").parameters().size(), 2u);
  EXPECT_THAT([] { load_search_space("svn"); },
              ThrowsMessage<UsageError>(HasSubstr(
                  "no search space for the recipe 'svn'; name a .toml file; there are spaces for "
                  "boost, cnn, forest, knn, mlp, svm")));
  const TemporaryFolder folder;
  EXPECT_THROW(load_search_space((folder / "none.toml").string()), FileError);
  write_text(folder / "own.toml", "a = [1, 2]");
  EXPECT_EQ(load_search_space((folder / "own.toml").string()).size(), 2u);
}

TEST(ShippedSpaces, AreAcceptedByTheirRecipes) {
  setenv("THIMBLE_RECIPES", THIMBLE_SOURCE_DIR "/recipes", 1);
  for (const std::string& name : search_space_names()) {
    const SearchSpace space = load_search_space(name);
    const Recipe recipe = load_recipe(name);
    Random random(3);
    for (int i = 0; i < 20; ++i) {
      const Assignment drawn = space.sample(random);
      const Recipe changed = with_settings(recipe, drawn);
      EXPECT_NO_THROW(make_classifier(changed)) << name << json(drawn).dump();
      if (recipe.family != "neural") continue;
      // Judged by the pictures, so only when a training begins.
      EXPECT_NO_THROW(Augmentation(read_neural_options(changed).augmentation, {28, 28, 1}, 1, 0))
          << name << json(drawn).dump();
    }
  }
}

}  // namespace
}  // namespace thimble::tuning
