#include "cli/predict.hpp"

#include <algorithm>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/random.hpp"
#include "cli/run_program.hpp"
#include "data/csv.hpp"
#include "data/idx.hpp"
#include "data/synthetic.hpp"
#include "evaluation/evaluation.hpp"
#include "evaluation/fake_classifier.hpp"
#include "evaluation/prediction.hpp"
#include "imaging/codec.hpp"
#include "temporary_folder.hpp"

namespace thimble::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using thimble::testing::FakeClassifier;

constexpr PictureShape kShape{4, 4, 1};
const std::vector<std::string> kClasses = {"a", "b", "c"};

Images random_images(std::size_t n) {
  Random random(n);
  Images images(kShape, n);
  for (std::uint8_t& pixel : images.pixels()) pixel = static_cast<std::uint8_t>(random.bits());
  return images;
}

struct Predicted {
  PredictReport report;
  std::string out;
  std::string notes;
};

class PredictInputs : public ::testing::Test {
 protected:
  Predicted run(PredictOptions options, const std::string& format = "csv") {
    options.format.name = format;
    std::ostringstream out, notes;
    Predicted outcome;
    outcome.report = predict_inputs(model_, options, out, notes);
    outcome.out = out.str();
    outcome.notes = notes.str();
    return outcome;
  }

  std::filesystem::path write_picture(const std::string& name, const Images& images,
                                      std::size_t i) {
    write_png(folder_ / name, Picture(images.shape(), {images[i].begin(), images[i].end()}));
    return folder_ / name;
  }

  std::filesystem::path write(const std::string& name, const std::string& text) {
    const std::filesystem::path path = folder_ / name;
    std::filesystem::create_directories(path.parent_path());
    write_text(path, text);
    return path;
  }

  TemporaryFolder folder_;
  FakeClassifier model_{kShape, kClasses};
};

TEST_F(PredictInputs, WritesARowAPictureInOrderAndInChunks) {
  const Images images = random_images(25);
  write_idx_images(folder_ / "pictures.idx", images, false);
  const Predicted outcome = run({.inputs = {folder_ / "pictures.idx"}, .chunk_size = 4});
  EXPECT_EQ(outcome.report.pictures, 25u);
  EXPECT_THAT(outcome.notes, IsEmpty());
  EXPECT_LE(model_.largest_batch, 4u);

  const Probabilities expected = model_.predict_proba(images);
  std::istringstream lines(outcome.out);
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(line, "input,index,label,probability");
  for (std::size_t i = 0; i < images.size(); ++i) {
    ASSERT_TRUE(std::getline(lines, line));
    const std::string start = (folder_ / "pictures.idx").string() + "," + std::to_string(i) + "," +
                              kClasses[predicted_class(expected[i])] + ",";
    EXPECT_TRUE(line.starts_with(start)) << line << " / " << start;
  }
  EXPECT_FALSE(std::getline(lines, line));
}

TEST_F(PredictInputs, TestTimeAugmentationChangesTheAnswer) {
  write_idx_images(folder_ / "idx", random_images(10), false);
  EXPECT_NE(run({.inputs = {folder_ / "idx"}}).out,
            run({.inputs = {folder_ / "idx"}, .flip_tta = true}).out);
}

TEST_F(PredictInputs, ReportsWhatCannotBeReadAndGoesOn) {
  const Images images = random_images(2);
  const auto first = write_picture("first.png", images, 0);
  const auto bad = write("bad.png", "no picture");
  const auto last = write_picture("last.png", images, 1);
  const Predicted outcome = run({.inputs = {first, bad, last}});
  EXPECT_EQ(outcome.report.pictures, 2u);
  EXPECT_EQ(outcome.report.failures, 1u);
  EXPECT_THAT(outcome.notes, HasSubstr(bad.string()));
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("first.png"), HasSubstr("last.png")));
  EXPECT_THAT(outcome.out, Not(HasSubstr("bad.png")));
}

TEST_F(PredictInputs, CountsRowsToReview) {
  Images images(kShape, 3);
  images[0][0] = 255;  // almost certain
  images[1][0] = 1;    // 2 : 1 : 1
  write_idx_images(folder_ / "idx", images, false);
  PredictOptions options{.inputs = {folder_ / "idx"}};
  options.format.review_below = 0.75;
  const Predicted outcome = run(options);
  EXPECT_EQ(outcome.report.to_review, 2u);
  EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 4);
  EXPECT_THAT(outcome.out, HasSubstr(",0.500000,true\n"));
}

TEST_F(PredictInputs, SaysWhenPicturesAreResized) {
  const Images large({8, 9, 3}, 1);
  const auto picture = write_picture("large.png", large, 0);
  const Predicted outcome = run({.inputs = {picture, picture}});
  EXPECT_THAT(outcome.notes, HasSubstr("another size (8x9 RGB) are resized to the model's 4x4"));
  EXPECT_THAT(outcome.notes, HasSubstr("2 of 2 pictures"));
}

TEST_F(PredictInputs, CutsObjectsOutOfPhotosForAModelOfCutOutPictures) {
  model_.description().style.kind = PictureStyle::Kind::cut_out;
  Images photos({40, 40, 3}, 2);
  for (std::uint8_t& value : photos.pixels()) value = 255;
  for (std::size_t i = 0; i < 40 * 10 * 3; ++i) photos[0][40 * 15 * 3 + i] = 0;  // a dark bar
  const auto bar = write_picture("bar.png", photos, 0);
  const auto blank = write_picture("blank.png", photos, 1);
  write_idx_images(folder_ / "idx", photos, false);
  const Predicted outcome = run({.inputs = {bar, blank, folder_ / "idx"}});
  EXPECT_THAT(outcome.notes, HasSubstr("not like the model's (4x4 grey) are brought to its style"));
  EXPECT_THAT(outcome.notes, HasSubstr(blank.string() + ": No object stands out"));
  EXPECT_THAT(outcome.notes, HasSubstr("2 of 4 pictures were brought to the model's style"));
  EXPECT_THAT(outcome.notes, HasSubstr("2 of 4 pictures were resized"));
}

TEST_F(PredictInputs, SaysWhenTheModelWasTrainedOnSyntheticPictures) {
  write_idx_images(folder_ / "idx", random_images(1), false);
  model_.description().trained_on.synthetic = true;
  EXPECT_THAT(run({.inputs = {folder_ / "idx"}}).notes, HasSubstr("synthetic"));
}

TEST_F(PredictInputs, FailsWhenTheOutputCannotBeWritten) {
  write_idx_images(folder_ / "idx", random_images(3), false);
  std::ofstream full("/dev/full");
  std::ostringstream notes;
  EXPECT_THROW(predict_inputs(model_, {.inputs = {folder_ / "idx"}}, full, notes), FileError);
}

class TakeModel : public ::testing::Test {
 protected:
  void SetUp() override {
    shipped_ = write("models/cnn.safetensors", "x");
    run_model_ = write("run/model.safetensors", "x");
    write("unfinished/config.toml", "x");
    write("photo.png", "x");
    setenv("THIMBLE_MODELS", (folder_ / "models").c_str(), 1);
  }
  void TearDown() override { unsetenv("THIMBLE_MODELS"); }

  std::filesystem::path write(const std::string& name, const std::string& text) {
    const std::filesystem::path path = folder_ / name;
    std::filesystem::create_directories(path.parent_path());
    write_text(path, text);
    return path;
  }

  TemporaryFolder folder_;
  std::filesystem::path shipped_;
  std::filesystem::path run_model_;
};

TEST_F(TakeModel, TakesModelsOnly) {
  std::vector<std::filesystem::path> arguments = {folder_ / "photo.png"};
  EXPECT_EQ(take_model(arguments), shipped_);
  EXPECT_EQ(arguments.size(), 1u);
  for (const std::filesystem::path& model :
       {folder_ / "run", run_model_, std::filesystem::path("cnn")}) {
    arguments = {model, folder_ / "photo.png"};
    EXPECT_EQ(take_model(arguments), model == "cnn" ? shipped_ : run_model_);
    EXPECT_THAT(arguments, ::testing::ElementsAre(folder_ / "photo.png"));
  }
}

TEST_F(TakeModel, NeverPutsTheDefaultInPlaceOfAMissingModel) {
  std::vector<std::filesystem::path> arguments = {folder_ / "missing.safetensors",
                                                  folder_ / "photo.png"};
  EXPECT_THROW(take_model(arguments), UsageError);
  arguments = {folder_ / "unfinished", folder_ / "photo.png"};
  EXPECT_THROW(take_model(arguments), UsageError);
}

TEST_F(TakeModel, NeedsSomethingToPredict) {
  std::vector<std::filesystem::path> arguments = {folder_ / "run"};
  EXPECT_THROW(take_model(arguments), UsageError);
}

// The whole way: a run trained by the program, asked by the program.
class PredictCommand : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder;
    const Outcome trained = run_thimble(
        folder_->path(), {"train", "--recipe", "mlp", "--data", "synthetic:train=100,test=20",
                          "--epochs", "1", "--out", "run"});
    ASSERT_EQ(trained.status, 0) << trained.err;
    const Dataset data = *make_synthetic({.train = 10, .test = 30}).test;
    write_idx_images(*folder_ / "pictures.gz", data.images, true);
    write_csv(*folder_ / "pictures.csv", data);
    std::filesystem::create_directories(*folder_ / "pictures/deep");
    for (std::size_t i = 0; i < data.size(); ++i) {
      const std::string name = std::string(i < 15 ? "pictures/" : "pictures/deep/") +
                               static_cast<char>('a' + i % 15) + ".png";
      write_png(*folder_ / name,
                Picture(data.images.shape(), {data.images[i].begin(), data.images[i].end()}));
    }
    std::filesystem::create_directories(*folder_ / "models");
    std::filesystem::copy_file(*folder_ / "run/model.safetensors",
                               *folder_ / "models/cnn.safetensors");
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }

  static Outcome predict(const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"predict"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_thimble(folder_->path(), arguments);
  }
  // The labels of CSV rows.
  static std::vector<std::string> labels(const std::string& csv) {
    std::vector<std::string> found;
    std::istringstream lines(csv);
    for (std::string line; std::getline(lines, line);) {
      std::istringstream fields(line);
      for (int i = 0; i < 3; ++i) std::getline(fields, line, ',');
      found.push_back(line);
    }
    return found;
  }

  static inline TemporaryFolder* folder_ = nullptr;
};

TEST_F(PredictCommand, AnswersAlikeWhereverThePicturesLie) {
  const Outcome idx = predict({"run", "pictures.gz", "--format", "csv"});
  ASSERT_EQ(idx.status, 0) << idx.err;
  EXPECT_EQ(std::count(idx.out.begin(), idx.out.end(), '\n'), 31);
  EXPECT_THAT(idx.err, AllOf(HasSubstr("30 pictures"), HasSubstr("synthetic")));
  const Outcome csv = predict({"run", "pictures.csv", "--format", "csv"});
  ASSERT_EQ(csv.status, 0) << csv.err;
  EXPECT_EQ(labels(csv.out), labels(idx.out));
  const Outcome folder = predict({"run", "pictures", "--format", "csv"});
  ASSERT_EQ(folder.status, 0) << folder.err;
  EXPECT_EQ(std::count(folder.out.begin(), folder.out.end(), '\n'), 31);
  EXPECT_THAT(folder.out, AllOf(HasSubstr("pictures/a.png,,"), HasSubstr("pictures/deep/o.png,,")));
}

TEST_F(PredictCommand, TakesTheShippedModelWhereNoneIsNamed) {
  setenv("THIMBLE_MODELS", (*folder_ / "models").c_str(), 1);
  const Outcome shipped = predict({"pictures/a.png", "--format", "jsonl", "--top", "3"});
  unsetenv("THIMBLE_MODELS");
  ASSERT_EQ(shipped.status, 0) << shipped.err;
  EXPECT_EQ(shipped.out, predict({"run", "pictures/a.png", "--format", "jsonl", "--top", "3"}).out);
  const auto row = nlohmann::json::parse(shipped.out);
  EXPECT_EQ(row.at("top").size(), 3u);
}

TEST_F(PredictCommand, FlagsRowsForReviewAndCountsThem) {
  const Outcome all = predict({"run", "pictures.gz", "--review-below", "1", "--format", "csv"});
  ASSERT_EQ(all.status, 0) << all.err;
  EXPECT_THAT(all.out, AllOf(HasSubstr(",review\n"), HasSubstr(",true\n")));
  EXPECT_THAT(all.out, Not(HasSubstr("false")));
  EXPECT_THAT(all.err, HasSubstr("30 to review (100.0 %, below 1)"));
}

TEST_F(PredictCommand, ExitsWithOneWhereAnInputCannotBeRead) {
  write_text(*folder_ / "broken.png", "\x89PNG and no more");
  const Outcome outcome = predict({"run", "pictures/a.png", "broken.png", "pictures/b.png"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("pictures/a.png"), HasSubstr("pictures/b.png")));
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr("broken.png: "), HasSubstr("1 input could not be read")));
}

TEST_F(PredictCommand, ToldWrongExitsWithTwo) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{},
                                             {"run"},
                                             {"missing.safetensors", "pictures/a.png"},
                                             {"run", "pictures/a.png", "--format", "xml"},
                                             {"run", "pictures/a.png", "--top", "0"},
                                             {"run", "pictures/a.png", "--review-below", "7"}}) {
    EXPECT_EQ(predict(arguments).status, 2) << ::testing::PrintToString(arguments);
  }
}

}  // namespace
}  // namespace thimble::cli
