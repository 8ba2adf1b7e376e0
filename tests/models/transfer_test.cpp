#include "models/transfer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/random.hpp"
#include "data/synthetic.hpp"
#include "models/neural.hpp"
#include "models/run_folder.hpp"
#include "nn/inference_network.hpp"

namespace thimble {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

constexpr PictureShape kGrey{12, 12, 1};

/// A network with random weights that can be started from.
InitialNetwork network(const PictureShape& input, std::vector<std::string> layers) {
  InitialNetwork initial;
  initial.source = "before";
  initial.input = input;
  initial.layers = std::move(layers);
  for (int c = 0; c < input.channels; ++c) {
    // The same mean pixel in all channels, other deviations.
    const float scale = 0.01f * static_cast<float>(c + 1);
    initial.scaling.scale.push_back(scale);
    initial.scaling.shift.push_back(-100 * scale);
  }
  const nn::Graph graph =
      nn::Graph::parse({input.channels, input.height, input.width, false}, initial.layers);
  initial.parameters = nn::initial_parameters(graph, 5);
  initial.classes = {"a", "b", "c"};
  return initial;
}

const std::vector<std::string> kPooled{"conv 8 3 pad=1",  "batch_norm",     "relu",
                                       "max_pool 2",      "conv 8 3 pad=1", "relu",
                                       "global_max_pool", "flatten",        "dense 3"};
const std::vector<std::string> kFlat{"flatten", "dense 16", "relu", "dense 3"};

/// The answers to pictures, float32.
std::vector<float> logits(const nn::Graph& graph, const nn::InputScaling& scaling,
                          const nn::ParameterValues& values,
                          const std::vector<std::uint8_t>& pictures, int n) {
  nn::InferenceNetwork network(graph, scaling, n, nn::Precision::fp32, values);
  std::ranges::copy(pictures, network.input().begin());
  const auto answers = network.run();
  return {answers.begin(), answers.end()};
}

/// Grey pictures, the same in every channel.
std::vector<std::uint8_t> grey_pictures(int n, int pixels, int channels) {
  Random random(3);
  std::vector<std::uint8_t> all;
  for (int i = 0; i < n * pixels; ++i) {
    all.insert(all.end(), static_cast<std::size_t>(channels),
               static_cast<std::uint8_t>(random.below(256)));
  }
  return all;
}

TEST(Transfer, GreyAndColourAnswerAlikeToGreyPictures) {
  for (const auto& layers : {kPooled, kFlat}) {
    for (const auto& [from, to] : std::vector<std::pair<int, int>>{{1, 3}, {3, 1}, {3, 3}}) {
      const InitialNetwork initial = network({12, 12, from}, layers);
      const TransferredNetwork there = transfer(initial, {}, {12, 12, to}, initial.classes);
      const auto before = logits(nn::Graph::parse({from, 12, 12, false}, layers), initial.scaling,
                                 initial.parameters, grey_pictures(5, 144, from), 5);
      const auto after =
          logits(there.graph, there.scaling, there.tuning.initial, grey_pictures(5, 144, to), 5);
      for (std::size_t i = 0; i < before.size(); ++i) EXPECT_NEAR(after[i], before[i], 2e-5);
    }
  }
}

TEST(Transfer, OtherClassesGetAFreshHead) {
  const InitialNetwork initial = network(kGrey, kPooled);
  const std::vector<std::string> classes{"x", "y", "z", "w"};
  const TransferredNetwork there = transfer(initial, {}, {20, 17, 1}, classes);
  EXPECT_EQ(there.graph.output().size(), 4);
  EXPECT_EQ(there.graph.input(), (nn::Shape{1, 20, 17, false}));
  ASSERT_EQ(there.tuning.initial.size(), initial.parameters.size() - 2);
  EXPECT_EQ(there.tuning.initial.back().name, "conv2.bias");
  EXPECT_THAT(there.summary, HasSubstr("a new head for 4 classes"));
  EXPECT_THAT(there.summary, HasSubstr("nothing is frozen"));
  EXPECT_THAT(transfer(initial, {}, kGrey, {"b", "a", "c"}).summary, HasSubstr("new head"));
  EXPECT_THAT(transfer(initial, {}, kGrey, initial.classes).summary, HasSubstr("head is kept"));
}

TEST(Transfer, FreezesStages) {
  const InitialNetwork initial = network(kGrey, kPooled);
  const auto first = [&](const std::string& freeze) {
    return transfer(initial, {.freeze = freeze}, kGrey, {"x", "y"}).tuning.first_trained_layers;
  };
  EXPECT_TRUE(first("none").empty());
  const nn::Graph graph = nn::Graph::parse({1, 12, 12, false}, kPooled);
  const nn::Stages stages = nn::stages_of(graph);
  EXPECT_EQ(first("1"), (std::vector<int>{stages.first_layers[1], 0}));
  EXPECT_EQ(first("2"), first("backbone"));
  EXPECT_EQ(first("backbone").front(), stages.head);
  EXPECT_THAT(transfer(initial, {.freeze = "1"}, kGrey, {"x", "y"}).summary,
              HasSubstr("1 stage is frozen, 96 of 698 parameters"));
}

std::string refusal(const InitialNetwork& initial, const TransferOptions& options,
                    const PictureShape& input) {
  try {
    (void)transfer(initial, options, input, {"x", "y"});
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Transfer, SaysWhatDoesNotFit) {
  EXPECT_EQ(
      refusal(network(kGrey, kFlat), {}, {14, 12, 1}),
      "transfer.init: the network of before was trained on pictures of 12x12 grey and does "
      "not take pictures of 14x12 grey: flatten1 would get 1x14x12, it took 1x12x12; resize the "
      "pictures, or start from a network with global pooling");
  EXPECT_THAT(refusal(network(kGrey, kFlat), {}, {24, 6, 1}), HasSubstr("1x24x6"));
  EXPECT_THAT(refusal(network(kGrey, kPooled), {}, {1, 1, 1}), HasSubstr("max_pool 2"));
  EXPECT_THAT(refusal(network({12, 12, 3}, kPooled), {}, {12, 12, 4}),
              HasSubstr("4 channels cannot be made of 3"));
  EXPECT_THAT(refusal(network(kGrey, kPooled), {.freeze = "3"}, kGrey),
              HasSubstr("has 2 stages before its head; expected \"none\", \"backbone\" or a stage "
                        "from 1 to 2"));
  EXPECT_THAT(refusal(network(kGrey, kPooled), {.freeze = "body"}, kGrey), HasSubstr("\"body\""));
  EXPECT_THAT(refusal(network(kGrey, {"flatten", "dense 3"}), {.freeze = "backbone"}, kGrey),
              HasSubstr("has 0 stages before its head; expected \"none\""));
  EXPECT_THAT(refusal(network({12, 12, 2}, {"conv 4 3 groups=2", "flatten", "dense 3"}), {}, kGrey),
              HasSubstr("groups"));
}

/// Trains in a folder of its own.
class TransferredModel : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("thimble-transfer-" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    NeuralClassifier before(recipe({}));
    (void)before.fit(make_synthetic({200, 0, 5, {12, 12, 1}}).train, {});
    before.save(init());
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path init() const { return folder_ / "before.safetensors"; }

  static Recipe recipe(const std::vector<std::string>& overrides) {
    Recipe recipe = parse_recipe(R"(
      family = "neural"
      [model]
      layers = ["conv 8 3 pad=1", "batch_norm", "relu", "max_pool 2", "conv 8 3", "relu",
                "global_max_pool", "flatten", "dense classes"]
      [optimizer]
      name = "sgd"
      learning_rate = 0.05
      weight_decay = 0.001
      [training]
      epochs = 2
      batch_size = 32
      batch_norm_refresh = 2
    )",
                                 "test", "small");
    for (const auto& assignment : overrides) override_setting(recipe, assignment);
    return recipe;
  }
  Recipe starting(const std::vector<std::string>& overrides = {}) const {
    std::vector<std::string> all{"transfer.init=" + init().string()};
    all.insert(all.end(), overrides.begin(), overrides.end());
    return recipe(all);
  }
  static Dataset other_data() {
    Dataset data = make_synthetic({150, 0, 9, {16, 14, 3}}).train;
    for (auto& name : data.classes) name += " too";
    return data;
  }
  static std::string message(const Recipe& recipe) {
    try {
      (void)make_classifier(recipe);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  fs::path folder_;
};

TEST_F(TransferredModel, NeedsTheInitialOneNoMore) {
  NeuralClassifier model(
      starting({"transfer.freeze=backbone", "model.layers=[\"dense classes\"]"}));
  EXPECT_EQ(model.description().recipe.at("model").at("layers").back(), "dense classes bias=true");
  (void)model.fit(other_data(), {});
  const auto before = load_classifier(init());
  const auto& frozen = dynamic_cast<const NeuralClassifier&>(*before).network().parameters();
  const auto& parameters = model.network().parameters();
  // The first convolution was adapted to three channels.
  for (std::size_t i = 1; i + 2 < frozen.size(); ++i) {
    EXPECT_EQ(parameters[i].values, frozen[i].values) << frozen[i].name;
  }
  model.save(folder_ / "after.safetensors");
  fs::remove(init());
  const auto loaded = load_classifier(folder_ / "after.safetensors");
  EXPECT_EQ(loaded->description().recipe, model.description().recipe);
  EXPECT_EQ(loaded->description().recipe.at("transfer").at("init_sha256").get<std::string>().size(),
            64u);
  const Images pictures = other_data().images;
  EXPECT_TRUE(std::ranges::equal(loaded->predict_proba(pictures).values(),
                                 model.predict_proba(pictures).values()));
}

TEST_F(TransferredModel, TheSameClassesBeginWithTheSameAnswers) {
  const Dataset data = make_synthetic({200, 0, 6, {12, 12, 1}}).train;
  NeuralClassifier model(starting({"optimizer.learning_rate=1e-12", "training.epochs=1",
                                   "training.batch_norm_refresh=0", "transfer.freeze=1"}));
  (void)model.fit(data, {});
  const auto before = load_classifier(init());
  const Probabilities now = model.predict_proba(data.images);
  const Probabilities then = before->predict_proba(data.images);
  EXPECT_TRUE(std::ranges::equal(now.values(), then.values()));
}

TEST_F(TransferredModel, ARunGoesOnWithTheSameInitialModelOnly) {
  FitOptions options;
  options.run_folder = folder_ / "run";
  const Dataset data = other_data();
  (void)NeuralClassifier(starting({"transfer.freeze=1", "transfer.unfreeze_epochs=1"}))
      .fit(data, options);
  const Recipe config = load_recipe(RunPaths(options.run_folder).config().string());
  options.resume = true;
  EXPECT_NO_THROW((void)NeuralClassifier(config).fit(data, options));
  NeuralClassifier other(recipe({"training.seed=2"}));
  (void)other.fit(make_synthetic({50, 0, 5, {12, 12, 1}}).train, {});
  other.save(init());
  EXPECT_THAT(message(config), HasSubstr("transfer.init_sha256"));
  // Named anew, it is still not the run's.
  const Recipe anew = starting({"transfer.freeze=1", "transfer.unfreeze_epochs=1"});
  EXPECT_THROW((void)NeuralClassifier(anew).fit(data, options), UsageError);
}

TEST_F(TransferredModel, RefusesWhatCannotBeStartedFrom) {
  EXPECT_THAT(message(recipe({"transfer.init=nowhere"})), HasSubstr("nowhere: no such model"));
  Recipe nearest = parse_recipe("family = \"nearest-centroid\"", "test", "centroids");
  const auto centroids = make_classifier(nearest);
  (void)centroids->fit(make_synthetic({50, 0, 5, {12, 12, 1}}).train, {});
  centroids->save(init());
  EXPECT_THAT(message(starting()), HasSubstr("it is a model of family 'nearest-centroid'"));
  write_file(init(), std::string("PK\x03\x04 as torch.save() writes"));
  EXPECT_THAT(message(starting()), HasSubstr("a PyTorch checkpoint"));
  EXPECT_THAT(message(recipe({"transfer.freeze=backbone"})),
              HasSubstr("transfer.freeze: \"backbone\" without transfer.init"));
  EXPECT_THAT(message(recipe({"transfer.freeze=2"})), HasSubstr("\"2\" without transfer.init"));
}

TEST_F(TransferredModel, RefusesSettingsThatCannotBe) {
  EXPECT_THAT(message(starting({"transfer.freeze=9"})), HasSubstr("has 2 stages"));
  EXPECT_THAT(message(starting({"transfer.unfreeze_epochs=2"})), HasSubstr("nothing to unfreeze"));
  EXPECT_THAT(message(starting({"transfer.freeze=1", "transfer.unfreeze_epochs=-1"})),
              HasSubstr("0 or more"));
  EXPECT_THAT(message(starting({"optimizer.backbone_lr_scale=0"})), HasSubstr("transfer.freeze"));
  EXPECT_THAT(message(starting({"transfer.freze=1"})), HasSubstr("transfer.freeze"));
}

}  // namespace
}  // namespace thimble
