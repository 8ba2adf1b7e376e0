#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/run_program.hpp"
#include "data/synthetic.hpp"
#include "models/recipe.hpp"

namespace thimble {
namespace {

using ::testing::HasSubstr;

TEST(Transfer, StudiesFewLabelsAndGoesOn) {
  const TemporaryFolder folder;
  auto network = make_classifier(parse_recipe(R"(
      family = "neural"
      [model]
      layers = ["conv 5 3", "relu", "global_max_pool", "flatten", "dense classes"]
      [training]
      epochs = 1
    )",
                                              "test", "small"));
  network->fit(make_synthetic({60, 0, 4, {12, 12, 1}}).train, {});
  network->save(folder / "small.safetensors");
  const std::vector<std::string> arguments = {
      "transfer",
      "--init",
      "small.safetensors",
      "--data",
      "synthetic:train=60,test=30,seed=9,height=12,width=12",
      "--labels",
      "3,2",
      "--seeds",
      "2",
      "--set",
      "training.epochs=2",
      "--set",
      "training.batch_norm_refresh=0",
      "--json",
      "figures.json",
      "--out",
      "study"};
  const Outcome first = run_thimble(folder.path(), arguments);
  ASSERT_EQ(first.status, 0) << first.err;
  EXPECT_THAT(first.out, HasSubstr(" 12/12    3 labels a class, seed 2  fine-tuned"));
  EXPECT_THAT(first.out, HasSubstr("note: synthetic pictures, drawn by Thimble"));
  EXPECT_THAT(first.out, HasSubstr("2 pictures a class\n"));
  const std::string figures = read_text(folder / "figures.json");
  EXPECT_EQ(nlohmann::json::parse(figures).at("cells").size(), 6U);
  EXPECT_EQ(read_text(folder / "study" / "study.json"), figures);

  const Outcome again = run_thimble(folder.path(), arguments);
  EXPECT_THAT(again.out, HasSubstr(" 1/12    2 labels a class, seed 1  scratch"));
  EXPECT_THAT(again.out, HasSubstr("kept from before"));
  EXPECT_EQ(read_text(folder / "figures.json"), figures);

  EXPECT_THAT(run_thimble(folder.path(), {"transfer", "--init", "nowhere"}).err,
              HasSubstr("nowhere: no such model file"));
}

}  // namespace
}  // namespace thimble
