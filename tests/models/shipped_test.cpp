#include "models/shipped.hpp"

#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error.hpp"

namespace thimble {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ShippedModels : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "thimble-shipped-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    fs::create_directories(folder_ / "models");
    fs::create_directories(folder_ / "run");
    touch("models/cnn.safetensors");
    touch("models/resnet9.safetensors");
    touch("models/README.md");
    touch("run/model.safetensors");
    setenv("THIMBLE_MODELS", (folder_ / "models").c_str(), 1);
  }

  void TearDown() override {
    unsetenv("THIMBLE_MODELS");
    fs::remove_all(folder_);
  }

  void touch(const std::string& name) { std::ofstream(folder_ / name) << "x"; }

  std::string failure(const std::string& model) {
    try {
      find_model(model);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "no error";
  }

  fs::path folder_;
};

TEST_F(ShippedModels, AreFoundByName) {
  EXPECT_EQ(shipped_model(), folder_ / "models/cnn.safetensors");
  EXPECT_EQ(shipped_model("resnet9"), folder_ / "models/resnet9.safetensors");
  EXPECT_THAT(shipped_model_names(), ElementsAre("cnn", "resnet9"));
}

TEST_F(ShippedModels, SayWhereTheyWereLookedFor) {
  try {
    shipped_model("vgg");
    FAIL();
  } catch (const FileError& error) {
    EXPECT_THAT(error.what(), HasSubstr((folder_ / "models/vgg.safetensors").string()));
    EXPECT_THAT(error.what(), HasSubstr("THIMBLE_MODELS"));
  }
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
