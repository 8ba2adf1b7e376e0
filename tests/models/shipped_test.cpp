#include "models/shipped.hpp"

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "temporary_folder.hpp"

namespace thimble {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ShippedModels : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder_ / "models");
    fs::create_directories(folder_ / "run");
    touch("models/cnn.safetensors");
    touch("models/resnet9.safetensors");
    touch("models/README.md");
    touch("run/model.safetensors");
    setenv("THIMBLE_MODELS", (folder_ / "models").c_str(), 1);
  }

  void TearDown() override { unsetenv("THIMBLE_MODELS"); }

  void touch(const std::string& name) { write_text(folder_ / name, "x"); }

  static std::string failure(const std::string& model) {
    return message_of<UsageError>([&] { find_model(model); });
  }

  TemporaryFolder folder_;
};

TEST_F(ShippedModels, AreFoundByName) {
  EXPECT_EQ(shipped_model(), folder_ / "models/cnn.safetensors");
  EXPECT_EQ(shipped_model("resnet9"), folder_ / "models/resnet9.safetensors");
  EXPECT_THAT(shipped_model_names(), ElementsAre("cnn", "resnet9"));
}

TEST_F(ShippedModels, MayBeOnnxFiles) {
  touch("models/cnn.onnx");
  touch("models/other.onnx");
  EXPECT_EQ(shipped_model("other"), folder_ / "models/other.onnx");
  EXPECT_EQ(find_model("other"), folder_ / "models/other.onnx");
  EXPECT_EQ(find_model("cnn"), folder_ / "models/cnn.safetensors");
  EXPECT_THAT(shipped_model_names(), ElementsAre("cnn", "other", "resnet9"));
  EXPECT_TRUE(is_model(folder_ / "models/other.onnx"));
  EXPECT_FALSE(is_model(folder_ / "models/missing.onnx"));
  EXPECT_TRUE(has_model_name("missing.onnx"));
}

TEST_F(ShippedModels, SayWhereTheyWereLookedFor) {
  EXPECT_THAT(
      message_of<FileError>([] { shipped_model("vgg"); }),
      AllOf(HasSubstr((folder_ / "models/vgg.safetensors").string()), HasSubstr("THIMBLE_MODELS")));
  setenv("THIMBLE_MODELS", (folder_ / "nowhere").c_str(), 1);
  EXPECT_THROW(shipped_model(), FileError);
  EXPECT_TRUE(shipped_model_names().empty());
}

TEST_F(ShippedModels, FindModelTakesFilesRunsAndNames) {
  EXPECT_EQ(find_model((folder_ / "run").string()), folder_ / "run/model.safetensors");
  EXPECT_EQ(find_model((folder_ / "models/cnn.safetensors").string()),
            folder_ / "models/cnn.safetensors");
  EXPECT_EQ(find_model("resnet9"), folder_ / "models/resnet9.safetensors");
  EXPECT_THAT(failure((folder_ / "models").string()), HasSubstr("holds no model.safetensors"));
  EXPECT_THAT(failure("vgg"), HasSubstr("(cnn, resnet9)"));
  EXPECT_THAT(failure(""), HasSubstr("no such model"));
  EXPECT_THAT(failure("../models/cnn"), HasSubstr("no such model"));
}

TEST_F(ShippedModels, IsModelTellsModelsFromPictures) {
  EXPECT_TRUE(is_model(folder_ / "run"));
  EXPECT_TRUE(is_model(folder_ / "models/cnn.safetensors"));
  EXPECT_FALSE(is_model(folder_ / "models"));
  EXPECT_FALSE(is_model(folder_ / "models/README.md"));
  EXPECT_FALSE(is_model(folder_ / "nowhere.safetensors"));
}

}  // namespace
}  // namespace thimble
