#include "models/neural.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <numeric>
#include <thread>
#include <vector>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/parallel.hpp"
#include "data/synthetic.hpp"
#include "models/neural_data.hpp"
#include "models/run_folder.hpp"
#include "temporary_folder.hpp"

namespace thimble {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

class Neural : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("thimble-neural-" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  static Recipe recipe(const std::vector<std::string>& overrides = {}) {
    Recipe recipe = parse_recipe(R"(
      name = "small"
      family = "neural"
      description = "for tests"
      [model]
      layers = ["conv 16 3", "relu", "max_pool 2", "flatten", "dropout 0.1", "dense classes"]
      [augmentation]
      horizontal_flip = 0.5
      [optimizer]
      name = "adam"
      learning_rate = 0.003
      [training]
      epochs = 3
      batch_size = 32
    )",
                                 "test", "small");
    for (const auto& assignment : overrides) override_setting(recipe, assignment);
    return recipe;
  }

  static const DatasetSplits& data() {
    static const DatasetSplits splits = make_synthetic({600, 200, 5, {16, 16, 1}});
    return splits;
  }

  static double accuracy(const Classifier& model, const Dataset& dataset) {
    const Probabilities p = model.predict_proba(dataset.images);
    std::size_t right = 0;
    for (std::size_t i = 0; i < dataset.size(); ++i) {
      const auto row = p[i];
      right += std::ranges::max_element(row) - row.begin() == dataset.labels[i];
    }
    return static_cast<double>(right) / static_cast<double>(dataset.size());
  }

  fs::path folder_;
};

TEST_F(Neural, LearnsPredictsAndComesBackFromItsFile) {
  NeuralClassifier model(recipe());
  FitOptions options;
  options.validation = &*data().test;
  const FitReport report = model.fit(data().train, options);
  EXPECT_EQ(report.stopped_because, "all 3 epochs done");
  EXPECT_GT(accuracy(model, *data().test), 0.5);

  model.save(folder_ / "model.safetensors");
  const auto loaded = load_classifier(folder_ / "model.safetensors");
  EXPECT_EQ(loaded->description().classes, data().train.classes);
  EXPECT_TRUE(loaded->description().trained_on.synthetic);
  EXPECT_EQ(loaded->description().trained_on.fingerprint, data().train.provenance.fingerprint);
  const auto before = model.predict_proba(data().test->images);
  const auto after = loaded->predict_proba(data().test->images);
  EXPECT_TRUE(std::ranges::equal(before.values(), after.values()));
  EXPECT_THAT(loaded->summary(), HasSubstr("conv1"));

  loaded->save(folder_ / "again.safetensors");
  EXPECT_EQ(read_file(folder_ / "again.safetensors"), read_file(folder_ / "model.safetensors"));
}

TEST_F(Neural, ProbabilitiesSumToOneInBatchesOfAnySize) {
  NeuralClassifier model(recipe({"training.epochs=1", "training.precision=fp32"}));
  (void)model.fit(data().train, {});
  const auto whole = model.predict_proba(data().test->images);
  for (const std::size_t n : {0u, 1u, 2u, 16u, 17u}) {
    std::vector<std::size_t> first(n);
    for (std::size_t i = 0; i < n; ++i) first[i] = i;
    const auto some = model.predict_proba(data().test->images.select(first));
    ASSERT_EQ(some.size(), n);
    for (std::size_t i = 0; i < n; ++i) {
      float sum = 0;
      for (std::size_t c = 0; c < 10; ++c) {
        EXPECT_NEAR(some[i][c], whole[i][c], 1e-5);
        sum += some[i][c];
      }
      EXPECT_NEAR(sum, 1, 1e-5);
    }
  }
}

TEST_F(Neural, ThreadsAndBatchesDoNotChangeAnAnswer) {
  NeuralClassifier model(recipe({"training.epochs=1"}));
  (void)model.fit(data().train, {});
  const Images& pictures = data().test->images;
  const Probabilities whole = model.predict_proba(pictures);
  // Without AVX-512, oneDNN adds up in another order for some sizes.
  const float tolerance = nn::resolve(nn::Precision::automatic) == nn::Precision::bf16 ? 0 : 1e-5f;
  std::vector<std::jthread> threads;
  for (std::size_t t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      const SerialScope serial;
      std::size_t size = 1 + t;
      for (std::size_t first = 0; first < pictures.size(); first += size, size = size % 37 + 1) {
        std::vector<std::size_t> some(std::min(size, pictures.size() - first));
        std::iota(some.begin(), some.end(), first);
        const Probabilities answers = model.predict_proba(pictures.select(some));
        for (std::size_t i = 0; i < some.size(); ++i) {
          for (std::size_t c = 0; c < 10; ++c) {
            EXPECT_NEAR(answers[i][c], whole[first + i][c], tolerance) << some.size();
          }
        }
      }
    });
  }
}

/// Stops after a number of questions, one a step.
class StopAfter : public Progress {
 public:
  explicit StopAfter(int steps) : left_(steps) {}
  bool stop_requested() const override { return left_-- <= 0; }

 private:
  mutable int left_;
};

TEST_F(Neural, AnInterruptedRunEndsInTheSameFile) {
  const auto fit = [&](const char* name, int stop_after) {
    FitOptions options;
    options.validation = &*data().test;
    options.run_folder = folder_ / name;
    StopAfter progress(stop_after);
    options.progress = &progress;
    NeuralClassifier model(recipe());
    try {
      (void)model.fit(data().train, options);
    } catch (const Cancelled&) {
      options.resume = true;
      options.progress = nullptr;
      NeuralClassifier again(recipe());
      (void)again.fit(data().train, options);
      again.save(RunPaths(options.run_folder).model());
      return;
    }
    model.save(RunPaths(options.run_folder).model());
  };
  fit("whole", 1'000'000);
  fit("stopped", 25);
  const RunPaths whole(folder_ / "whole"), stopped(folder_ / "stopped");
  EXPECT_EQ(read_file(whole.model()), read_file(stopped.model()));
  EXPECT_EQ(read_file(whole.best()), read_file(stopped.best()));
  const auto history = read_history(stopped.history());
  ASSERT_EQ(history.size(), 3u);
  EXPECT_EQ(history[2].at("loss"), read_history(whole.history())[2].at("loss"));
  EXPECT_EQ(history[2].at("epoch"), 3);
}

TEST_F(Neural, EndsAfterTheEpochThatItsCallerSays) {
  FitOptions options;
  options.validation = &*data().test;
  options.run_folder = folder_ / "run";
  std::vector<int> told;
  options.epoch_done = [&](const EpochFigures& figures) {
    told.push_back(figures.epoch);
    EXPECT_TRUE(figures.validation_accuracy);
    return figures.epoch < 2;
  };
  NeuralClassifier model(recipe());
  EXPECT_EQ(model.fit(data().train, options).stopped_because, "stopped after epoch 2 of 3");
  EXPECT_EQ(told, (std::vector{1, 2}));
  EXPECT_GT(accuracy(model, *data().test), 0.2);

  // The checkpoint knows that it is over.
  options.resume = true;
  NeuralClassifier again(recipe());
  EXPECT_EQ(again.fit(data().train, options).stopped_because, "stopped after epoch 2 of 3");
  EXPECT_EQ(told.size(), 2u);
  EXPECT_EQ(accuracy(again, *data().test), accuracy(model, *data().test));
}

TEST_F(Neural, RefusesARunFolderInUseAndOtherSettings) {
  FitOptions options;
  options.run_folder = folder_ / "run";
  (void)NeuralClassifier(recipe({"training.epochs=1"})).fit(data().train, options);
  EXPECT_THROW((void)NeuralClassifier(recipe({"training.epochs=1"})).fit(data().train, options),
               UsageError);
  options.resume = true;
  EXPECT_THROW((void)NeuralClassifier(recipe({"training.epochs=2"})).fit(data().train, options),
               UsageError);
}

TEST_F(Neural, RefusesPicturesOfAnotherSize) {
  NeuralClassifier model(recipe({"training.epochs=1"}));
  (void)model.fit(data().train, {});
  try {
    (void)model.predict_proba(Images({28, 28, 1}, 2));
    FAIL() << "no error";
  } catch (const ShapeError& error) {
    EXPECT_THAT(error.what(), HasSubstr("28x28"));
    EXPECT_THAT(error.what(), HasSubstr("16x16"));
  }
}

TEST_F(Neural, RefusesDataThatDoesNotSuit) {
  Dataset one_class = data().train;
  one_class.classes.resize(1);
  std::ranges::fill(one_class.labels, 0);
  EXPECT_THROW((void)NeuralClassifier(recipe()).fit(one_class, {}), DataError);
  Dataset empty = data().train.select({});
  EXPECT_THROW((void)NeuralClassifier(recipe()).fit(empty, {}), DataError);
  // The tutorial network's second convolution does not fit into 4x4 pictures.
  const DatasetSplits tiny = make_synthetic({20, 0, 1, {8, 8, 1}});
  Recipe deep = recipe({"model.layers=[\"conv 4 3\", \"max_pool 2\", \"conv 4 5\"]"});
  EXPECT_THROW((void)NeuralClassifier(deep).fit(tiny.train, {}), UsageError);
  Recipe headless = recipe({"model.layers=[\"conv 4 3\", \"relu\"]"});
  EXPECT_THROW((void)NeuralClassifier(headless).fit(tiny.train, {}), UsageError);
}

TEST_F(Neural, UntrainedItSaysSo) {
  const NeuralClassifier model(recipe());
  EXPECT_THROW((void)model.predict_proba(Images({16, 16, 1}, 1)), UsageError);
}

TEST_F(Neural, UnknownSettingsSuggestTheNearest) {
  const auto message = [](const std::string& assignment) -> std::string {
    try {
      NeuralClassifier model(recipe({assignment}));
    } catch (const UsageError& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_THAT(message("optimizer.learning_rte=0.1"), HasSubstr("learning_rate"));
  EXPECT_THAT(message("training.epoch=3"), HasSubstr("epochs"));
  EXPECT_THAT(message("optimiser.name=sgd"), HasSubstr("optimizer"));
  EXPECT_THAT(message("optimizer.name=adamm"), HasSubstr("adam"));
  EXPECT_THAT(message("training.precision=fp16"), HasSubstr("bf16"));
  EXPECT_THAT(message("training.validation_fraction=1.5"), HasSubstr("validation_fraction"));
  EXPECT_THAT(message("training.epochs=0"), HasSubstr("epochs"));
  EXPECT_THAT(message("model.architecture=cnn"), HasSubstr("layers"));
}

TEST_F(Neural, VariesAnArchitectureByKeys) {
  Recipe recipe = parse_recipe("family = \"neural\"\n[model]\narchitecture = \"cnn\"", "test", "t");
  const auto model_table = [](const Recipe& from) {
    return to_json(read_neural_options(from)).at("model");
  };
  EXPECT_EQ(model_table(recipe), nlohmann::json::parse(R"({
      "architecture": "cnn", "stage_widths": [16, 32, 64, 128], "stage_depth": [2, 1, 1, 2],
      "pooling": "max", "global_pooling": "max", "activation": "relu"})"));

  for (const char* setting : {"model.stage_widths=[8, 16]", "model.stage_depth=2",
                              "model.pooling=avg", "model.activation=gelu", "training.epochs=1"}) {
    override_setting(recipe, setting);
  }
  const auto spelled_out = model_table(recipe);
  EXPECT_EQ(spelled_out.at("stage_depth"), (nlohmann::json{2, 2}));
  Recipe again = recipe;
  again.settings["model"] = spelled_out;
  EXPECT_EQ(model_table(again), spelled_out);

  NeuralClassifier model(recipe);
  (void)model.fit(data().train, {});
  EXPECT_THAT(model.graph().lines(), testing::Contains("gelu"));
  EXPECT_EQ(model.graph().layer(1).output().channels, 8);
  model.save(folder_ / "varied.safetensors");
  EXPECT_EQ(load_classifier(folder_ / "varied.safetensors")->description().recipe.at("model"),
            spelled_out);

  const auto message = [&](const std::string& assignment) -> std::string {
    Recipe wrong = recipe;
    override_setting(wrong, assignment);
    return message_of<UsageError>([&] { NeuralClassifier refused(wrong); });
  };
  EXPECT_EQ(message("model.hidden=[5]"),
            "model.hidden: architecture cnn does not have it; it has stage_widths, stage_depth, "
            "pooling, global_pooling, activation");
  EXPECT_THAT(message("model.stage_width=[5]"), HasSubstr("stage_widths"));
  EXPECT_EQ(message("model.stage_widths=wide"),
            "model.stage_widths: got \"wide\", expected a list of whole numbers");
  EXPECT_EQ(message("model.pooling=mean"), "model.pooling: \"mean\", expected \"max\" or \"avg\"");
  Recipe layers = Neural::recipe({"model.pooling=max"});
  EXPECT_THAT(message_of<UsageError>([&] { NeuralClassifier refused(layers); }),
              HasSubstr("`architecture` only"));
}

TEST_F(Neural, ColourPicturesAndClassWeights) {
  const DatasetSplits colour = make_synthetic({300, 50, 2, {16, 12, 3}});
  NeuralClassifier model(recipe({"training.class_weights=balanced", "training.epochs=2"}));
  (void)model.fit(colour.train, {});
  EXPECT_EQ(model.predict_proba(colour.test->images).size(), 50u);
}

TEST_F(Neural, ALyingFileIsRefused) {
  NeuralClassifier model(recipe({"training.epochs=1"}));
  (void)model.fit(data().train, {});
  const fs::path path = folder_ / "model.safetensors";
  model.save(path);
  ModelFile file = load_model_file(path);
  const auto refused = [&](const ModelFile& changed) {
    save_model_file(path, changed);
    EXPECT_THROW((void)load_classifier(path), DataError);
  };
  ModelFile changed = file;
  changed.tensors.erase("conv1.weight");
  refused(changed);
  changed = file;
  changed.tensors["conv1.weight"] = Tensor::from(std::vector<float>(3), {3});
  refused(changed);
  changed = file;
  changed.metadata["thimble.network"] = "{\"layers\":[\"conv 99999 99\"]}";
  refused(changed);
  changed = file;
  changed.metadata.erase("thimble.network");
  refused(changed);
}

TEST(NeuralData, StatisticsAndWeights) {
  Dataset dataset;
  dataset.images = Images({1, 2, 1}, std::vector<std::uint8_t>{0, 255, 255, 255, 0, 0});
  dataset.labels = {0, 0, 1};
  dataset.classes = {"a", "b", "c"};
  const PixelStatistics statistics = pixel_statistics(dataset.images);
  EXPECT_DOUBLE_EQ(statistics.mean[0], 0.5);
  EXPECT_DOUBLE_EQ(statistics.deviation[0], 0.5);
  const auto scaling = input_scaling("standardize", statistics);
  EXPECT_FLOAT_EQ(255 * scaling.scale[0] + scaling.shift[0], 1.0f);
  EXPECT_FLOAT_EQ(scaling.shift[0], -1.0f);
  EXPECT_EQ(balanced_class_weights(dataset), (std::vector<float>{0.5f, 1.0f, 0.0f}));
}

}  // namespace
}  // namespace thimble
