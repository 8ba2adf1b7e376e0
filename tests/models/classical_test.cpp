// What every classical family must do, whichever it is.

#include "models/classical.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/random.hpp"
#include "data/synthetic.hpp"
#include "models/registry.hpp"
#include "nn/threads.hpp"
#include "temporary_folder.hpp"

namespace thimble {
namespace {

using nn::WithThreads;
using testing::HasSubstr;

constexpr std::uint64_t kLargestFile = 100'000'000;  // bytes

std::vector<std::string> classical_families() {
  std::vector<std::string> names;
  for (const Family& family : families()) {
    if (family.name != "neural") names.emplace_back(family.name);
  }
  return names;
}

/// Some families have settings without which a test would take long.
Recipe recipe_of(const std::string& family, const std::vector<std::string>& settings = {}) {
  Recipe recipe = parse_recipe("family = \"" + family + "\"", "test", family);
  if (family == "forest" || family == "extra-trees" || family == "boost") {
    override_setting(recipe, "model.n_estimators=12");
  }
  for (const std::string& setting : settings) override_setting(recipe, setting);
  return recipe;
}

std::unique_ptr<Classifier> trained(const Recipe& recipe, const Dataset& data) {
  auto classifier = make_classifier(recipe);
  classifier->fit(data, {});
  return classifier;
}

double accuracy(const Classifier& model, const Dataset& data) {
  const Probabilities p = model.predict_proba(data.images);
  std::size_t right = 0;
  for (std::size_t i = 0; i < data.size(); ++i) {
    right += std::ranges::max_element(p[i]) - p[i].begin() == data.labels[i];
  }
  return static_cast<double>(right) / static_cast<double>(data.size());
}

void expect_distributions(const Probabilities& p) {
  for (std::size_t i = 0; i < p.size(); ++i) {
    double sum = 0;
    for (const float value : p[i]) {
      EXPECT_GE(value, 0);
      sum += value;
    }
    ASSERT_NEAR(sum, 1, 1e-5) << "row " << i;
  }
}

const DatasetSplits& garments() {
  static const DatasetSplits splits = make_synthetic({400, 100, 5, {14, 14, 1}});
  return splits;
}

/// Pictures of random bytes around a level that depends on the class.
Dataset blobs(std::size_t n, PictureShape shape, const std::vector<std::int32_t>& labels,
              std::size_t classes) {
  Dataset data;
  data.images = Images(shape, n);
  for (std::size_t c = 0; c < classes; ++c) data.classes.push_back("class" + std::to_string(c));
  Random random(3);
  for (std::size_t i = 0; i < n; ++i) {
    data.labels.push_back(labels[i % labels.size()]);
    const auto level = static_cast<std::size_t>(data.labels.back());
    auto picture = data.images[i];
    for (std::size_t j = 0; j < picture.size(); ++j) {
      const bool bright = (mix64(level * 1000 + j) & 1) != 0;
      picture[j] = static_cast<std::uint8_t>((bright ? 150 : 30) + random.below(80));
    }
  }
  data.provenance.name = "blobs";
  return data;
}

class Classical : public testing::TestWithParam<std::string> {
 protected:
  TemporaryFolder folder_;
};

TEST_P(Classical, LearnsAndComesBackFromItsFile) {
  const auto model = trained(recipe_of(GetParam()), garments().train);
  EXPECT_GT(accuracy(*model, *garments().test), 0.5);
  EXPECT_EQ(model->description().family, GetParam());
  EXPECT_THAT(model->summary(), HasSubstr("features    scale 1/255; 196 a picture\n"));

  const auto path = folder_ / "model.safetensors";
  model->save(path);
  const auto loaded = load_classifier(path);
  const auto before = model->predict_proba(garments().test->images);
  const auto after = loaded->predict_proba(garments().test->images);
  expect_distributions(before);
  EXPECT_TRUE(std::ranges::equal(before.values(), after.values()));
  EXPECT_EQ(loaded->summary(), model->summary());
  EXPECT_EQ(loaded->description().recipe, model->description().recipe);
  const auto again = folder_ / "again.safetensors";
  loaded->save(again);
  EXPECT_EQ(read_file(path, kLargestFile), read_file(again, kLargestFile));
}

TEST_P(Classical, TheSameBytesForAnyNumberOfThreadsAndBatch) {
  std::set<std::string> files;
  std::set<std::vector<float>> predictions;
  for (const int threads : {1, 2, 5}) {
    const WithThreads scope(threads);
    const auto model = trained(recipe_of(GetParam()), garments().train);
    model->save(folder_ / "model.safetensors");
    files.insert(read_file(folder_ / "model.safetensors", kLargestFile));
    const auto p = model->predict_proba(garments().test->images);
    predictions.insert({p.values().begin(), p.values().end()});
    const std::vector<std::size_t> one = {7};
    const auto alone = model->predict_proba(garments().test->images.select(one));
    for (std::size_t c = 0; c < alone.classes(); ++c) EXPECT_NEAR(alone[0][c], p[7][c], 1e-5);
  }
  EXPECT_EQ(files.size(), 1);
  EXPECT_EQ(predictions.size(), 1);
}

TEST_P(Classical, TakesAnyFeatureSteps) {
  for (const char* steps :
       {R"(features.steps=[])", R"(features.steps=["standardize"])",
        R"(features.steps=["scale", "pca 12"])", R"(features.steps=["hog cell=4", "scale"])"}) {
    const std::string override = steps;
    if (override.find("hog") != std::string::npos && GetParam() == "naive-bayes") continue;
    const auto model = trained(recipe_of(GetParam(), {steps}), garments().train);
    EXPECT_GT(accuracy(*model, *garments().test), 0.45) << steps;
    model->save(folder_ / "model.safetensors");
    const auto loaded = load_classifier(folder_ / "model.safetensors");
    const auto before = model->predict_proba(garments().test->images);
    EXPECT_TRUE(std::ranges::equal(before.values(),
                                   loaded->predict_proba(garments().test->images).values()))
        << steps;
  }
}

TEST_P(Classical, AClassWithoutSamplesGetsNoProbability) {
  const Dataset data = blobs(60, {6, 6, 1}, {0, 1, 3, 4}, 6);
  const auto model = trained(recipe_of(GetParam()), data);
  EXPECT_GT(accuracy(*model, data), 0.9);
  const auto p = model->predict_proba(data.images);
  expect_distributions(p);
  for (std::size_t i = 0; i < p.size(); ++i) {
    EXPECT_LT(p[i][2], 1e-3);
    EXPECT_LT(p[i][5], 1e-3);
  }
}

TEST_P(Classical, TwoClassesAndManyAndColours) {
  for (const auto& [classes, shape] : {std::pair{std::size_t{2}, PictureShape{5, 7, 3}},
                                       {std::size_t{62}, PictureShape{9, 4, 1}}}) {
    std::vector<std::int32_t> labels(classes);
    for (std::size_t c = 0; c < classes; ++c) labels[c] = static_cast<std::int32_t>(c);
    const Dataset data = blobs(10 * classes, shape, labels, classes);
    const auto model = trained(recipe_of(GetParam()), data);
    expect_distributions(model->predict_proba(data.images));
    EXPECT_GT(accuracy(*model, data), 0.8) << classes;
  }
}

TEST_P(Classical, OneSampleAClass) {
  const Dataset data = blobs(6, {6, 6, 1}, {0, 1, 2, 3, 4, 5}, 6);
  std::vector<std::string> settings;
  if (GetParam() == "knn") settings.emplace_back("model.n_neighbors=1");
  const auto model = trained(recipe_of(GetParam(), settings), data);
  expect_distributions(model->predict_proba(data.images));
}

TEST_P(Classical, ConstantAndDuplicatePicturesWithDifferentLabels) {
  Dataset data = blobs(40, {6, 6, 1}, {0, 1}, 2);
  for (std::size_t i = 0; i < data.size(); ++i) {
    auto picture = data.images[i];
    if (i >= 20) std::ranges::copy(data.images[i - 19], picture.begin());
    picture[0] = 9;
    picture[35] = 255;
  }
  const auto model = trained(recipe_of(GetParam()), data);
  expect_distributions(model->predict_proba(data.images));

  std::ranges::fill(data.images.pixels(), 7);  // nothing to tell them apart by
  const auto blind = trained(recipe_of(GetParam()), data);
  const auto p = blind->predict_proba(data.images);
  expect_distributions(p);
  EXPECT_TRUE(std::ranges::equal(p[0], p[39]));
}

TEST_P(Classical, RefusesWhatItCannotUse) {
  EXPECT_THROW(make_classifier(recipe_of(GetParam(), {"model.nonsense=1"})), UsageError);
  EXPECT_THROW(make_classifier(recipe_of(GetParam(), {"training.epochs=3"})), UsageError);
  EXPECT_THROW(make_classifier(recipe_of(GetParam(), {R"(features.steps=["scael"])"})), UsageError);
  const auto model = make_classifier(recipe_of(GetParam()));
  EXPECT_THROW(model->predict_proba(garments().test->images), UsageError);
  EXPECT_THROW(model->fit(garments().train.select({}), {}), DataError);
  model->fit(garments().train, {});
  EXPECT_THROW(model->predict_proba(Images({9, 9, 1}, 2)), ShapeError);
  EXPECT_EQ(model->predict_proba(Images({14, 14, 1}, 0)).size(), 0);
}

TEST_P(Classical, AStopLeavesTheModelAsItWas) {
  class Stop : public Progress {
   public:
    bool stop_requested() const override { return true; }
  };
  const auto model = trained(recipe_of(GetParam()), garments().train);
  const auto before = model->predict_proba(garments().test->images);
  Stop stop;
  FitOptions options;
  options.progress = &stop;
  options.run_folder = folder_ / "run";
  EXPECT_THROW(model->fit(blobs(60, {6, 6, 1}, {0, 1}, 2), options), Cancelled);
  EXPECT_TRUE(
      std::ranges::equal(before.values(), model->predict_proba(garments().test->images).values()));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "run"));
}

TEST_P(Classical, TamperedFilesAreRefused) {
  const auto model = trained(recipe_of(GetParam()), blobs(60, {6, 6, 1}, {0, 1, 2}, 3));
  const auto path = folder_ / "model.safetensors";
  model->save(path);
  const ModelFile whole = load_model_file(path);
  const Images pictures({6, 6, 1}, 3);
  Random random(1);
  // Loads, or says what is wrong; what loads predicts without harm.
  const auto attempt = [&](const ModelFile& file) {
    std::unique_ptr<Classifier> loaded;
    try {
      loaded = find_family(GetParam()).load(file, "tampered");
    } catch (const DataError& error) {
      EXPECT_THAT(error.what(), HasSubstr("tampered"));
      return false;
    }
    try {
      (void)loaded->predict_proba(pictures);
    } catch (const Error&) {
      return false;
    }
    return true;
  };
  EXPECT_TRUE(attempt(whole));
  for (const auto& [name, tensor] : whole.tensors) {
    ModelFile file = whole;
    file.tensors.erase(name);
    EXPECT_FALSE(attempt(file)) << "without " << name;
    if (tensor.data.empty()) continue;
    file = whole;
    Tensor& shorter = file.tensors.at(name);
    shorter.data.resize(shorter.data.size() - element_size(shorter.type));
    shorter.shape = {static_cast<std::int64_t>(shorter.data.size() / element_size(shorter.type))};
    // A forest with a tree less is a forest, and as many trees may be more rounds of fewer classes.
    if (attempt(file)) {
      EXPECT_THAT(name, testing::AnyOf("trees.root", "boost.classes"));
    }
    file = whole;
    file.tensors.at(name).type = tensor.type == TensorType::f32 ? TensorType::i32 : TensorType::f32;
    if (element_size(tensor.type) == 4) {
      EXPECT_FALSE(attempt(file)) << "other type " << name;
    }
    for (int i = 0; i < 40; ++i) {
      file = whole;
      auto& bytes = file.tensors.at(name).data;
      for (int j = 0; j < 4; ++j) {
        bytes[random.below(bytes.size())] = static_cast<std::byte>(random.below(256));
      }
      attempt(file);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Families, Classical, testing::ValuesIn(classical_families()),
                         [](const auto& family) {
                           std::string name = family.param;
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace thimble
