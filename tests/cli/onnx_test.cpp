// ONNX files where a command takes a model.

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/run_program.hpp"
#include "imaging/codec.hpp"
#include "onnx/onnx_files.hpp"

namespace thimble {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using thimble::testing::onnx_bytes;
using thimble::testing::onnx_file;

constexpr const char* kData = "synthetic:seed=7,train=200,test=100,height=14,width=14";

class OnnxFile : public ::testing::Test {
 protected:
  Outcome run(const std::vector<std::string>& arguments) const {
    return run_thimble(folder_.path(), arguments);
  }

  TemporaryFolder folder_;
};

TEST_F(OnnxFile, IsTakenLikeTheModelThatItWasExportedFrom) {
  THIMBLE_SKIP_WITHOUT_ONNX_RUNTIME();
  ASSERT_EQ(run({"train", "--recipe", "naive-bayes", "--data", kData, "--out", "run"}).status, 0);
  ASSERT_EQ(run({"export", "run", "--out", "model.onnx"}).status, 0);

  const auto evaluated = [&](const std::string& model) {
    const Outcome outcome = run({"evaluate", model, "--data", kData, "--json", "figures.json"});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return json::parse(read_text(folder_ / "figures.json"));
  };
  const json exported = evaluated("model.onnx");
  EXPECT_EQ(exported.at("accuracy"), evaluated("run").at("accuracy"));
  EXPECT_EQ(exported.at("model").at("family"), "onnx");
  EXPECT_EQ(exported.at("model").at("name"), "naive-bayes");

  const Outcome show = run({"model", "show", "model.onnx"});
  EXPECT_THAT(show.out, AllOf(HasSubstr("family      onnx"), HasSubstr("made by     thimble "),
                              HasSubstr("runtime     ONNX Runtime "), HasSubstr("opset")));
  const Outcome compared = run({"compare", "run", "model.onnx", "--data", kData, "--out",
                                "compared", "--json", "compared.json"});
  ASSERT_EQ(compared.status, 0) << compared.err;
  const json models = json::parse(read_text(folder_ / "compared.json"))["data"][0]["models"];
  ASSERT_EQ(models.size(), 2u);
  EXPECT_EQ(models[0].at("accuracy"), models[1].at("accuracy"));
}

TEST_F(OnnxFile, NamesThePicturesClasses) {
  THIMBLE_SKIP_WITHOUT_ONNX_RUNTIME();
  write_png(folder_ / "black.png", Picture({2, 2, 3}, std::vector<std::uint8_t>(12, 0)));
  const Outcome predicted = run({"predict", onnx_file("channels_last"), "black.png"});
  ASSERT_EQ(predicted.status, 0) << predicted.err;
  EXPECT_THAT(predicted.out, HasSubstr("ape"));

  fs::create_directory(folder_ / "models");
  fs::copy(onnx_file("exported"), folder_ / "models/toy.onnx");
  setenv("THIMBLE_MODELS", (folder_ / "models").c_str(), 1);
  EXPECT_THAT(run({"model", "list"}).out, HasSubstr("toy  toys, train split; test accuracy 50.00"));
  unsetenv("THIMBLE_MODELS");
}

TEST_F(OnnxFile, IsNotCalibrated) {
  const Outcome outcome = run({"model", "calibrate", onnx_file("exported")});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("calibrate the model it was exported from"));
}

TEST_F(OnnxFile, IsRefusedWhereItIsNone) {
  write_text(folder_ / "text.onnx", "Not a model.\n");
  write_text(folder_ / "cut.onnx", onnx_bytes("exported").substr(0, 500));
  for (const std::string file : {"text.onnx", "cut.onnx"}) {
    const Outcome outcome = run({"evaluate", file, "--data", kData});
    EXPECT_EQ(outcome.status, 1);
    EXPECT_THAT(outcome.err, HasSubstr(": " + file + ": not an ONNX file"));
  }
  EXPECT_EQ(run({"predict", "missing.onnx", "x.png"}).status, 2);
}

TEST_F(OnnxFile, NeedsTheRuntime) {
  const char* before = std::getenv("THIMBLE_ONNXRUNTIME");
  const std::string kept = before == nullptr ? "" : before;
  setenv("THIMBLE_ONNXRUNTIME", "/nonexistent", 1);
  const Outcome outcome = run({"predict", onnx_file("exported"), "x.png"});
  if (before == nullptr) {
    unsetenv("THIMBLE_ONNXRUNTIME");
  } else {
    setenv("THIMBLE_ONNXRUNTIME", kept.c_str(), 1);
  }
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("ONNX Runtime, which runs ONNX files"),
                                 HasSubstr("/nonexistent"), HasSubstr("THIMBLE_ONNXRUNTIME")));
}

}  // namespace
}  // namespace thimble
