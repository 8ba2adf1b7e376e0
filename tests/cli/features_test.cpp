#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/run_program.hpp"
#include "data/synthetic.hpp"
#include "imaging/codec.hpp"
#include "models/embedding.hpp"
#include "models/recipe.hpp"

namespace thimble {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr PictureShape kShape{12, 12, 1};
constexpr char kData[] = "synthetic:train=30,test=11,seed=4,height=12,width=12";
constexpr std::size_t kHeaderBytes = 128;

class Features : public ::testing::Test {
 protected:
  Features() {
    model_ = make_classifier(parse_recipe(R"(
        family = "neural"
        [model]
        layers = ["conv 5 3", "relu", "global_max_pool", "flatten", "dense classes"]
        [training]
        epochs = 1
        precision = "fp32"
      )",
                                          "test", "small"));
    model_->fit(splits_.train, {});
    model_->save(folder_ / "small.safetensors");
  }

  Outcome features(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"features", "small.safetensors"});
    return run_thimble(folder_.path(), arguments);
  }
  std::vector<float> values(const std::string& name) const {
    const std::string content = read_text(folder_ / name);
    std::vector<float> values((content.size() - kHeaderBytes) / sizeof(float));
    std::memcpy(values.data(), content.data() + kHeaderBytes, values.size() * sizeof(float));
    return values;
  }

  TemporaryFolder folder_;
  DatasetSplits splits_ = make_synthetic({30, 11, 4, kShape});
  std::unique_ptr<Classifier> model_;
};

TEST_F(Features, OfADataSetWithItsLabels) {
  const Outcome outcome =
      features({kData, "--split", "test", "--out", "x.npy", "--labels", "y.npy"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("features   x.npy: float32 [11, 5], rows: 11 test\n"));
  EXPECT_THAT(outcome.out, HasSubstr("labels     y.npy: int64 [11]\n"));
  EXPECT_THAT(outcome.out, HasSubstr("classes    0 T-shirt/top, 1 Trouser"));
  EXPECT_EQ(values("x.npy"), Embedder(*model_).embed(splits_.test->images));
  const std::string labels = read_text(folder_ / "y.npy");
  ASSERT_EQ(labels.size(), kHeaderBytes + 11 * 8);
  for (std::size_t i = 0; i < 11; ++i) {
    EXPECT_EQ(labels[kHeaderBytes + 8 * i], static_cast<char>(splits_.test->labels[i]));
  }
  const Outcome all = features({kData});
  EXPECT_THAT(all.out, HasSubstr("features.npy: float32 [41, 5], rows: 30 train, 11 test\n"));
}

TEST_F(Features, OfPicturesWithTheirNames) {
  std::filesystem::create_directory(folder_ / "some");
  for (const std::string name : {"some/a.png", "some/b, c.png"}) {
    const auto picture = splits_.train.images[name == "some/a.png" ? 0 : 1];
    write_png(folder_ / name, Picture(kShape, {picture.begin(), picture.end()}));
  }
  const Outcome outcome = features({"some", "some/a.png", "--names", "names.csv"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("features.npy: float32 [3, 5]\n"));
  EXPECT_EQ(read_text(folder_ / "names.csv"),
            "input,index\nsome/a.png,\n\"some/b, c.png\",\nsome/a.png,\n");

  write_text(folder_ / "bad.png", "no picture");
  const Outcome damaged = features({"some/a.png", "bad.png"});
  EXPECT_EQ(damaged.status, 1);
  EXPECT_THAT(damaged.err, HasSubstr("bad.png"));
  EXPECT_THAT(damaged.err, HasSubstr("1 inputs could not be read"));
  EXPECT_EQ(values("features.npy").size(), 5U);
}

TEST_F(Features, SaysWhatIsWrong) {
  const auto message = [&](const std::vector<std::string>& arguments, int status) {
    const Outcome outcome = features(arguments);
    EXPECT_EQ(outcome.status, status) << outcome.err;
    EXPECT_THAT(outcome.out, IsEmpty());
    return outcome.err;
  };
  EXPECT_THAT(message({"synthetic:train=30,test=0,height=14"}, 1),
              HasSubstr("its pictures are 14x28 grey, expected 12x12 grey"));
  EXPECT_THAT(message({"synthetic:train=30,test=0,height=12,width=12", "--split", "test"}, 2),
              HasSubstr("it has no test split"));
  EXPECT_THAT(message({"nowhere"}, 2), HasSubstr("unknown data set 'nowhere'"));
  EXPECT_THAT(message({kData, "--names", "names.csv"}, 2), HasSubstr("is a data set"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "features.npy"));

  auto other = make_classifier(parse_recipe("family = \"nearest-centroid\"", "test", "other"));
  other->fit(splits_.train, {});
  other->save(folder_ / "small.safetensors");
  EXPECT_THAT(message({kData}, 2), HasSubstr("only neural networks have embeddings"));
}

}  // namespace
}  // namespace thimble
