#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/run_program.hpp"

namespace thimble {
namespace {

using ::testing::HasSubstr;

TEST(ModelCommand, ShowsARun) {
  const TemporaryFolder folder;
  const Outcome trained =
      run_thimble(folder.path(), {"train", "--recipe", "keras-cnn", "--data",
                                  "synthetic:train=100,test=20", "--epochs", "1", "--out", "run"});
  ASSERT_EQ(trained.status, 0) << trained.err;
  const Outcome shown = run_thimble(folder.path(), {"model", "show", "run"});
  ASSERT_EQ(shown.status, 0) << shown.err;
  EXPECT_THAT(shown.out, HasSubstr("name        keras-cnn\n"));
  EXPECT_THAT(shown.out, HasSubstr("input       28x28 grey\n"));
  EXPECT_THAT(shown.out, HasSubstr("synthetic pictures, drawn by Thimble"));
  EXPECT_THAT(shown.out, HasSubstr("Ankle boot"));
  EXPECT_THAT(shown.out, HasSubstr("225,034"));  // parameters, as Keras counts them
  const nlohmann::json json =
      nlohmann::json::parse(run_thimble(folder.path(), {"model", "show", "run", "--json"}).out);
  EXPECT_EQ(json.at("classes").size(), 10u);
  EXPECT_EQ(json.at("file"), "run/model.safetensors");
  EXPECT_EQ(json.at("style").at("kind"), "cut_out");
  EXPECT_EQ(json.at("metrics").at("test").at("confusion").size(), 10u);
  EXPECT_THAT(shown.out, HasSubstr("; tells unfamiliar pictures\n"));

  // What training fitted at its end, fitted again, is the same.
  const std::string data = "synthetic:train=100,test=20";
  const Outcome again = run_thimble(
      folder.path(), {"model", "calibrate", "run", "--data", data, "--out", "again.safetensors"});
  ASSERT_EQ(again.status, 0) << again.err;
  EXPECT_EQ(read_text(folder / "again.safetensors"), read_text(folder / "run/model.safetensors"));
  const Outcome other = run_thimble(
      folder.path(), {"model", "calibrate", "run", "--data", "synthetic:train=90,test=20"});
  EXPECT_EQ(other.status, 2);
  EXPECT_THAT(other.err, HasSubstr("is not the data that the model 'keras-cnn' was trained on"));
}

TEST(ModelCommand, ListsTheRecipes) {
  const TemporaryFolder folder;
  const Outcome outcome = run_thimble(folder.path(), {"model", "list"});
  EXPECT_EQ(outcome.status, 0);
  for (const char* recipe : {"cnn", "keras-cnn", "mlp", "resnet9"}) {
    EXPECT_THAT(outcome.out, HasSubstr(std::string("\n  ") + recipe + "  "));
  }
}

TEST(ModelCommand, RefusesDamagedModels) {
  const TemporaryFolder folder;
  const Outcome trained =
      run_thimble(folder.path(), {"train", "--recipe", "mlp", "--data",
                                  "synthetic:train=50,test=20", "--epochs", "1", "--out", "run"});
  ASSERT_EQ(trained.status, 0) << trained.err;
  const std::string whole = read_text(folder / "run/model.safetensors");
  write_text(folder / "cut.safetensors", whole.substr(0, whole.size() / 2));
  const Outcome outcome = run_thimble(folder.path(), {"model", "show", "cut.safetensors"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("cut.safetensors: "));
  EXPECT_THAT(outcome.err, HasSubstr("is it cut short?"));
  EXPECT_EQ(run_thimble(folder.path(), {"model", "show", "nothing"}).status, 2);
}

}  // namespace
}  // namespace thimble
