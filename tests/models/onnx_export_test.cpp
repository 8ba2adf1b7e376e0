#include "models/onnx_export.hpp"

#include <algorithm>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "data/synthetic.hpp"
#include "models/neural.hpp"
#include "models/registry.hpp"
#include "onnx/session.hpp"
#include "onnx_checker.hpp"
#include "temporary_folder.hpp"

namespace thimble {
namespace {

using testing::HasSubstr;

constexpr float kTolerance = 1e-4F;

/// Pictures of all classes but the third, so that every family has one without samples.
Dataset pictures(const PictureShape& shape, std::size_t count) {
  const Dataset all = make_synthetic({count, 0, 1, shape}).train;
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all.labels[i] != 2) kept.push_back(i);
  }
  return all.select(kept);
}

Recipe recipe_of(const std::string& family, const std::vector<std::string>& settings) {
  Recipe recipe = parse_recipe("family = \"" + family + "\"", "test", family);
  for (const std::string& setting : settings) override_setting(recipe, setting);
  return recipe;
}

std::unique_ptr<Classifier> trained(const Recipe& recipe, const Dataset& data) {
  auto classifier = make_classifier(recipe);
  classifier->fit(data, {});
  return classifier;
}

/// What ONNX Runtime makes of the file; nothing where there is no runtime.
std::optional<std::vector<float>> runtime_answers(const std::string& bytes, const Images& images) {
  const PictureShape shape = images.shape();
  const std::vector<std::int64_t> extents = {static_cast<std::int64_t>(images.size()), shape.height,
                                             shape.width, shape.channels};
  const std::vector<std::string> wanted = {"probabilities"};
  try {
    const onnx::Session session(std::as_bytes(std::span(bytes)), "exported", 1);
    return session.run(images.pixels(), extents, wanted).at(0).floats;
  } catch (const FileError&) {
    return std::nullopt;
  }
}

/// The exported model passes ONNX's checker and answers as the model itself.
void expect_same_answers(const Classifier& model, const Images& images,
                         const OnnxOptions& options = {}) {
  const std::string bytes = export_onnx(model, options);
  EXPECT_EQ(onnx_checker_says(bytes), "");
  const auto answers = runtime_answers(bytes, images);
  if (!answers) return;
  const Probabilities expected = model.predict_proba(images);
  ASSERT_EQ(answers->size(), expected.values().size());
  for (std::size_t i = 0; i < images.size(); ++i) {
    const auto row = std::span(*answers).subspan(i * expected.classes(), expected.classes());
    EXPECT_EQ(std::ranges::max_element(row) - row.begin(),
              std::ranges::max_element(expected[i]) - expected[i].begin())
        << i;
    for (std::size_t c = 0; c < row.size(); ++c) ASSERT_NEAR(row[c], expected[i][c], kTolerance);
  }
}

struct Case {
  const char* name;
  const char* family;
  std::vector<std::string> settings;
  PictureShape shape = {12, 10, 1};
};

std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.name; }

class OnnxExport : public testing::TestWithParam<Case> {};

TEST_P(OnnxExport, AnswersAsTheModel) {
  const Case& c = GetParam();
  const Dataset data = pictures(c.shape, 80);
  expect_same_answers(*trained(recipe_of(c.family, c.settings), data), data.images);
}

const Case kClassical[] = {
    {"Logistic", "logistic", {"model.max_iter=20"}},
    {"LogisticOfStandardized", "logistic", {R"(features.steps=["standardize"])"}},
    {"LinearSvmOfColours", "linear-svm", {"model.max_iter=20"}, {8, 9, 3}},
    {"NearestCentroid", "nearest-centroid", {}},
    {"NearestCentroidOfRawPixels", "nearest-centroid", {"features.steps=[]"}},
    {"GaussianNaiveBayes", "naive-bayes", {"model.var_smoothing=0.01"}},
    {"MultinomialNaiveBayes", "naive-bayes", {"model.variant=multinomial"}},
    {"BernoulliNaiveBayes", "naive-bayes", {"model.variant=bernoulli", "model.binarize=0.2"}},
    {"Knn", "knn", {}},
    {"KnnByDistance", "knn", {"model.weights=distance"}},
    {"KnnOfFloats", "knn", {R"(features.steps=["pca 8"])", "model.n_neighbors=3"}},
    {"KnnOfFloatsByDistance",
     "knn",
     {R"(features.steps=["pca 0.9 whiten=true"])", "model.weights=distance"}},
    // Too long for distances in int32.
    {"KnnOfLargePictures", "knn", {}, {75, 74, 3}},
    {"SvmOfLargePictures", "svm", {}, {75, 74, 3}},
    {"Tree", "tree", {}},
    {"Forest", "forest", {"model.n_estimators=7", "model.min_samples_leaf=2"}},
    {"ExtraTreesOfFloats",
     "extra-trees",
     {"model.n_estimators=5", R"(features.steps=["pixels weight=2"])"}},
    {"Boost", "boost", {"model.n_estimators=3"}},
    {"BoostOfFloats", "boost", {"model.n_estimators=3", R"(features.steps=["pca 6"])"}},
    {"SvmByVotes", "svm", {}},
    {"SvmProbabilities", "svm", {"model.probability=true"}},
    {"SvmLinear", "svm", {"model.kernel=linear"}},
    {"SvmPolynomial", "svm", {"model.kernel=poly", "model.coef0=0.5"}},
    {"SvmSigmoid", "svm", {"model.kernel=sigmoid", "model.gamma=0.01"}},
    {"SvmOfFloats", "svm", {R"(features.steps=["scale 1/255", "pca 12", "normalize"])"}},
};

INSTANTIATE_TEST_SUITE_P(Classical, OnnxExport, testing::ValuesIn(kClassical),
                         [](const auto& tested) { return tested.param.name; });

const Case kHog[] = {
    {"Default", "logistic", {R"(features.steps=["hog cell=4"])", "model.max_iter=20"}},
    {"SignedRoots",
     "logistic",
     {R"(features.steps=["hog cell=3 block=1 orientations=8 signed=true norm=l1sqrt"])",
      "model.max_iter=20"}},
    {"OfColoursBesidePixels",
     "logistic",
     {R"(features.steps=["hog cell=5 stride=2 norm=l2 sqrt=true weight=0.5", "pixels"])",
      "model.max_iter=20"},
     {16, 18, 3}},
    {"OneOrientation",
     "logistic",
     {R"(features.steps=["hog cell=4 orientations=1"])", "model.max_iter=20"}},
    {"WithoutInterpolation",
     "logistic",
     {R"(features.steps=["hog cell=4 orientations=7 interpolate=false"])", "model.max_iter=20"}},
};

INSTANTIATE_TEST_SUITE_P(Hog, OnnxExport, testing::ValuesIn(kHog),
                         [](const auto& tested) { return tested.param.name; });

Recipe network(const char* layers, const std::string& precision = "fp32") {
  return recipe_of("neural", {std::string("model.layers=") + layers, "training.epochs=1",
                              "training.batch_size=16", "training.precision=" + precision});
}

constexpr const char* kEveryLayer =
    R"(["conv 8 3 pad=1 bias=false", "batch_norm", "relu", "mark a",
        "conv 8 3x1 pad=1x0 groups=2", "gelu", "dropout 0.2", "add a", "batch_norm",
        "max_pool 3 stride=2 pad=1", "avg_pool 3 stride=2 pad=1", "conv 12 1 stride=1", "relu",
        "flatten", "dense 16 bias=false", "batch_norm", "relu", "dense classes"])";

TEST(OnnxNetwork, EveryLayer) {
  const Dataset data = pictures({14, 11, 3}, 60);
  const auto model = trained(network(kEveryLayer), data);
  expect_same_answers(*model, data.images);
  expect_same_answers(*model, data.images, {.keep_batch_norm = true});
}

TEST(OnnxNetwork, GlobalPooling) {
  const Dataset data = pictures({10, 10, 1}, 40);
  for (const char* kind : {"global_avg_pool", "global_max_pool"}) {
    const std::string layers =
        std::string(R"(["conv 8 3", ")") + kind + R"(", "flatten", "dense classes"])";
    expect_same_answers(*trained(network(layers.c_str()), data), data.images);
  }
}

TEST(OnnxNetwork, KeptBatchNormsAreNodesOfTheirOwn) {
  const Dataset data = pictures({8, 8, 1}, 40);
  const auto model =
      trained(network(R"(["conv 4 3", "batch_norm", "relu", "flatten", "dense classes"])"), data);
  EXPECT_THAT(export_onnx(*model), Not(HasSubstr("BatchNormalization")));
  EXPECT_THAT(export_onnx(*model, {.keep_batch_norm = true}), HasSubstr("BatchNormalization"));
}

TEST(OnnxNetwork, GivesFeaturesToOtherModels) {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "network.safetensors").string();
  const Dataset data = pictures({9, 8, 1}, 40);
  trained(network(R"(["conv 4 3", "relu", "flatten", "dense 6", "relu", "dense classes"])"), data)
      ->save(file);
  const std::string steps = R"(features.steps=["model:)" + file + R"( weight=0.5", "pixels"])";
  expect_same_answers(*trained(recipe_of("logistic", {steps, "model.max_iter=20"}), data),
                      data.images);
}

TEST(OnnxExported, CarriesClassesAndDescription) {
  const Dataset data = pictures({8, 8, 1}, 40);
  const auto model = trained(recipe_of("nearest-centroid", {}), data);
  const std::string bytes = export_onnx(*model);
  EXPECT_THAT(bytes, HasSubstr("thimble.classes"));
  EXPECT_THAT(bytes, HasSubstr(nlohmann::json(data.classes).dump()));
  EXPECT_THAT(bytes, HasSubstr("thimble.description"));
  EXPECT_EQ(bytes, export_onnx(*model));
}

TEST(OnnxExported, KnowsOneClassOnly) {
  Dataset data = pictures({8, 8, 1}, 20);
  std::ranges::fill(data.labels, 1);
  for (const char* family : {"boost", "tree", "knn", "naive-bayes"}) {
    expect_same_answers(*trained(recipe_of(family, {}), data), data.images);
  }
}

TEST(OnnxExported, GivesTheLikeliestClassesToo) {
  const Dataset data = pictures({8, 8, 1}, 40);
  const auto model = trained(recipe_of("nearest-centroid", {}), data);
  const std::string bytes = export_onnx(*model, {.top = 3});
  EXPECT_EQ(onnx_checker_says(bytes), "");
  EXPECT_THAT(bytes, AllOf(HasSubstr("top_classes"), HasSubstr("top_probabilities")));
  EXPECT_THROW(export_onnx(*model, {.top = 11}), UsageError);
}

TEST(OnnxExported, RefusesModelsThatAreNotTrained) {
  EXPECT_THROW(export_onnx(*make_classifier(recipe_of("knn", {}))), UsageError);
  EXPECT_THROW(export_onnx(*make_classifier(recipe_of("neural", {}))), UsageError);
}

}  // namespace
}  // namespace thimble
