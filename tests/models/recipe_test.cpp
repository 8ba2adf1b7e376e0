#include "models/recipe.hpp"

#include <cmath>
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/error.hpp"
#include "models/recipe_toml.hpp"
#include "models/registry.hpp"
#include "temporary_folder.hpp"

namespace thimble {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::StartsWith;

constexpr const char* kRecipe = R"(
name = "small"
family = "neural"
description = "A \"small\" one"
[model]
layers = ["flatten", "dense 10"]
[optimizer]
learning_rate = 1e-3
clip_norm = 1
[training]
epochs = 3
)";

Recipe small() { return parse_recipe(kRecipe, "small.toml", "fallback"); }

TEST(Recipe, ReadsItsTables) {
  const Recipe recipe = small();
  EXPECT_EQ(recipe.name, "small");
  EXPECT_EQ(recipe.family, "neural");
  EXPECT_EQ(recipe.description, "A \"small\" one");
  EXPECT_EQ(recipe.settings, json::parse(R"({"model": {"layers": ["flatten", "dense 10"]},
      "optimizer": {"learning_rate": 0.001, "clip_norm": 1}, "training": {"epochs": 3}})"));
}

TEST(Recipe, TakesItsNameFromTheFileAndLeavesOutTheRun) {
  const Recipe recipe = parse_recipe("family = 'neural'\n[run]\nx = 1", "a/b.toml", "b");
  EXPECT_EQ(recipe.name, "b");
  EXPECT_TRUE(recipe.settings.empty());
}

TEST(Recipe, SaysWhereTheFileIsWrong) {
  const auto refusal = [](const char* text) {
    return message_of<DataError>([&] { parse_recipe(text, "x.toml", "x"); });
  };
  EXPECT_THAT(refusal("family = 'neural'\n[model\n"), StartsWith("x.toml, line 2, column 7: "));
  EXPECT_THAT(refusal("a = 1\na = 2\n"), StartsWith("x.toml, line 2, column "));
  EXPECT_EQ(refusal("a = 1\nb = 2020-01-01\n"),
            "x.toml, line 2, column 5: a date or time has no use here");
  EXPECT_EQ(refusal("name = 'x'"),
            "x.toml: no family; expected a line such as family = \"neural\"");
  EXPECT_EQ(refusal("family = 3"), "x.toml: family is not a text in quotes");
  EXPECT_THAT(refusal("a = \"\xff\""), StartsWith("x.toml, line 1, column "));
}

TEST(Recipe, OverridesKeepTheTypesOfToml) {
  Recipe recipe = small();
  override_setting(recipe, "optimizer.learning_rate=0.01");
  override_setting(recipe, "optimizer.name=sgd");
  override_setting(recipe, " optimizer.nesterov = true ");
  override_setting(recipe, "training.epochs=-4");
  override_setting(recipe, "model.layers=['a', \"b\"]");
  override_setting(recipe, "preprocessing.scaling=\"unit\"");
  override_setting(recipe, "model.note=a=b");
  override_setting(recipe, "model.empty=");
  EXPECT_EQ(recipe.settings.at("optimizer").at("learning_rate"), 0.01);
  EXPECT_EQ(recipe.settings.at("optimizer").at("name"), "sgd");
  EXPECT_EQ(recipe.settings.at("optimizer").at("nesterov"), true);
  EXPECT_EQ(recipe.settings.at("training").at("epochs"), -4);
  EXPECT_EQ(recipe.settings.at("model").at("layers"), json({"a", "b"}));
  EXPECT_EQ(recipe.settings.at("preprocessing").at("scaling"), "unit");
  EXPECT_EQ(recipe.settings.at("model").at("note"), "a=b");
  EXPECT_EQ(recipe.settings.at("model").at("empty"), "");
}

TEST(Recipe, OverridesCannotSmuggleInASecondKey) {
  Recipe recipe = small();
  override_setting(recipe, "training.epochs=1\nother = 2");
  EXPECT_EQ(recipe.settings.at("training").at("epochs"), "1\nother = 2");
}

TEST(Recipe, RefusesOverridesThatSetNothing) {
  const auto refusal = [](const char* assignment) {
    Recipe recipe = small();
    return message_of<UsageError>([&] { override_setting(recipe, assignment); });
  };
  EXPECT_THAT(refusal("optimizer.learning_rate"), HasSubstr("sets nothing; expected key=value"));
  EXPECT_THAT(refusal("=1"), HasSubstr("empty key"));
  EXPECT_THAT(refusal("optimizer.=1"), HasSubstr("empty key"));
  EXPECT_EQ(refusal("training.epochs.x=1"),
            "'training.epochs.x': 'training.epochs' is a value, not a table");
  EXPECT_EQ(refusal("epochs=1"), "unknown key 'epochs'; did you mean 'training.epochs'?");
}

TEST(Recipe, WrittenAsTomlItReadsBackTheSame) {
  Recipe recipe = small();
  override_setting(recipe, "a.b.c=[1, [2.5, 'x'], {y = 1e-30}]");
  override_setting(recipe, "model.text=tab\tquote\" back\\slash \x7f del");
  const Recipe again = parse_recipe(to_toml(recipe), "again", "again");
  EXPECT_EQ(again.name, recipe.name);
  EXPECT_EQ(again.family, recipe.family);
  EXPECT_EQ(again.description, recipe.description);
  EXPECT_EQ(again.settings, recipe.settings);
}

RC_GTEST_PROP(Recipe, EveryValueSurvivesToml, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::inRange<char>(1, 127));
  const auto key =
      *rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::inRange<char>(1, 127)));
  const auto real = *rc::gen::arbitrary<double>();
  const auto whole = *rc::gen::arbitrary<std::int64_t>();
  const json table = {{"text", text}, {"real", real}, {"whole", whole}, {"t", {{key, text}}}};
  RC_ASSERT(parse_toml(to_toml(table), "table") == table);
}

TEST(Recipe, KnowsTheShippedOnes) {
  setenv("THIMBLE_RECIPES", THIMBLE_SOURCE_DIR "/recipes", 1);
  EXPECT_THAT(recipe_names(), IsSupersetOf({"cnn", "keras-cnn", "mlp", "resnet9"}));
  for (const std::string& name : recipe_names()) {
    const Recipe recipe = load_recipe(name);
    EXPECT_EQ(recipe.name, name);
    EXPECT_FALSE(recipe.description.empty());
    EXPECT_NO_THROW(make_classifier(recipe)) << name;
  }
  EXPECT_EQ(message_of<UsageError>([] { load_recipe("keras-cn"); }),
            "unknown recipe 'keras-cn'; did you mean 'keras-cnn'?");
  unsetenv("THIMBLE_RECIPES");
}

TEST(Recipe, OpensFilesByPath) {
  const TemporaryFolder folder;
  write_text(folder / "mine.toml", "family = 'neural'");
  EXPECT_EQ(load_recipe((folder / "mine.toml").string()).name, "mine");
  EXPECT_THROW(load_recipe((folder / "other.toml").string()), FileError);
}

TEST(Recipe, ErrorsNameTheRecipe) {
  Recipe recipe = small();
  override_setting(recipe, "optimizer.learning_rte=1");
  EXPECT_EQ(message_of<UsageError>([&] { make_classifier(recipe); }),
            "recipe small: unknown key 'optimizer.learning_rte'; did you mean "
            "'optimizer.learning_rate'?");
  recipe.family = "neurla";
  EXPECT_EQ(message_of<UsageError>([&] { make_classifier(recipe); }),
            "recipe small: unknown family 'neurla'; did you mean 'neural'?");
}

}  // namespace
}  // namespace thimble
