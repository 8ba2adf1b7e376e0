#include "models/network_step.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "data/synthetic.hpp"
#include "models/embedding.hpp"
#include "models/recipe.hpp"
#include "nn/threads.hpp"
#include "temporary_folder.hpp"

namespace thimble {
namespace {

using nn::WithThreads;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;
namespace fs = std::filesystem;

const DatasetSplits& garments() {
  static const DatasetSplits splits = make_synthetic({120, 40, 5, {12, 12, 1}});
  return splits;
}

class NetworkStep : public testing::Test {
 protected:
  NetworkStep() : path_(folder_ / "a network.safetensors") {
    auto network = make_classifier(parse_recipe(R"(
        family = "neural"
        [model]
        layers = ["conv 6 3", "relu", "max_pool 2", "flatten", "dense 16", "relu", "dense classes"]
        [training]
        epochs = 1
        batch_size = 32
      )",
                                                "test", "small"));
    network->fit(garments().train, {});
    network->save(path_);
  }

  /// A recipe with these feature steps, as TOML writes the list.
  static Recipe recipe(const std::string& steps, const std::string& family = "logistic") {
    return parse_recipe("family = \"" + family + "\"\n[features]\nsteps = " + steps, "test", "on");
  }
  std::string step(const std::string& options = "") const {
    return "'model:\"" + path_.string() + "\"" + options + "'";
  }
  static std::string message(const Recipe& recipe) {
    return message_of<Error>([&] { make_classifier(recipe)->fit(garments().train, {}); });
  }

  TemporaryFolder folder_;
  fs::path path_;
};

TEST_F(NetworkStep, TravelsInsideTheModelFile) {
  for (const std::string family : {"logistic", "svm", "knn"}) {
    const auto model = make_classifier(recipe("[" + step() + ", 'standardize']", family));
    model->fit(garments().train, {});
    EXPECT_THAT(model->summary(), HasSubstr("; 16 a picture\n"));
    const fs::path file = folder_ / (family + ".safetensors");
    model->save(file);
    const auto before = model->predict_proba(garments().test->images);

    fs::rename(path_, folder_ / "away");
    const auto loaded = load_classifier(file);
    const auto after = loaded->predict_proba(garments().test->images);
    EXPECT_TRUE(std::ranges::equal(before.values(), after.values()));
    EXPECT_EQ(loaded->description().recipe, model->description().recipe);
    loaded->save(folder_ / "again");
    EXPECT_EQ(read_text(file), read_text(folder_ / "again"));
    loaded->fit(garments().train, {});
    fs::rename(folder_ / "away", path_);
  }
}

TEST_F(NetworkStep, GivesTheEmbeddingWhateverTheNumberOfThreads) {
  // The nearest centroid of a single picture a class is that picture's features.
  const Embedder embedder(*load_classifier(path_));
  const auto file_of = [&](int threads) {
    const WithThreads with(threads);
    const auto model = make_classifier(recipe("[" + step(" weight=2") + "]", "knn"));
    model->fit(garments().train, {});
    model->save(folder_ / "knn");
    return load_model_file(folder_ / "knn");
  };
  const ModelFile one = file_of(1);
  const ModelFile two = file_of(2);
  const auto expected = embedder.embed(garments().train.images);
  bool found = false;
  for (const auto& [name, tensor] : one.tensors) {
    EXPECT_EQ(tensor.data, two.tensors.at(name).data) << name;
    if (tensor.shape != std::vector<std::int64_t>{120, 16}) continue;
    found = true;
    const auto values = tensor.as<float>();
    for (std::size_t i = 0; i < values.size(); ++i) {
      ASSERT_NEAR(values[i], 2 * expected[i], 1e-2 * (1 + std::abs(expected[i])));
    }
  }
  EXPECT_TRUE(found);
}

TEST_F(NetworkStep, RecordsThePathAndTheHash) {
  const auto model = make_classifier(recipe("[" + step() + ", 'pixels weight=0.5', 'pca 5']"));
  const auto lines =
      model->description().recipe.at("features").at("steps").get<std::vector<std::string>>();
  EXPECT_THAT(lines[0], MatchesRegex("model:\".*/a network.safetensors\" sha256=[0-9a-f]+ "
                                     "weight=1"));
  EXPECT_EQ(lines[1], "pixels weight=0.5");

  // The recipe that a run keeps means this network and no other.
  Recipe again = recipe("[]");
  again.settings = model->description().recipe;
  EXPECT_NO_THROW(make_classifier(again));
  write_text(path_, read_text(path_) + " ");
  EXPECT_THROW(make_classifier(again), DataError);
  fs::remove(path_);
  EXPECT_THROW(make_classifier(again), UsageError);
}

TEST_F(NetworkStep, RefusesAnotherFileThanTheRecipes) {
  EXPECT_THAT(message(recipe("[" + step(" sha256=0123") + "]")),
              HasSubstr("the model is another by now, with SHA-256"));
}

TEST_F(NetworkStep, SaysWhatIsWrong) {
  EXPECT_THAT(message(recipe("['model:']")), HasSubstr("the model's name is missing"));
  EXPECT_THAT(message(recipe("['model:nowhere']")),
              HasSubstr("nowhere: no such model file or run folder"));
  EXPECT_THAT(message(recipe("['model:\"nowhere']")), HasSubstr("a quote is not closed"));
  EXPECT_THAT(message(recipe("[" + step(" weigth=1") + "]")), HasSubstr("did you mean 'weight'?"));
  EXPECT_THAT(message(recipe("['pca 3', " + step() + "]")), HasSubstr("it has to come first"));

  const auto logistic = make_classifier(recipe("['scale']"));
  logistic->fit(garments().train, {});
  logistic->save(folder_ / "logistic");
  EXPECT_THAT(message(recipe("['model:" + (folder_ / "logistic").string() + "']")),
              HasSubstr("logistic: a model of family 'logistic'; only neural networks"));

  const auto on_small = make_classifier(recipe("[" + step() + "]"));
  const DatasetSplits small = make_synthetic({30, 0, 1, {10, 10, 1}});
  EXPECT_THAT(message_of<UsageError>([&] { on_small->fit(small.train, {}); }),
              HasSubstr("the network takes pictures of 12x12 grey, these are 10x10 grey"));
}

TEST_F(NetworkStep, DamagedFilesAreRefused) {
  const auto model = make_classifier(recipe("[" + step() + "]"));
  model->fit(garments().train, {});
  model->save(folder_ / "model");
  const ModelFile good = load_model_file(folder_ / "model");
  const auto problem = [&](const auto& damage) {
    ModelFile file = good;
    damage(file);
    save_model_file(folder_ / "bad", file);
    return message_of<DataError>([&] { load_classifier(folder_ / "bad"); });
  };
  EXPECT_THAT(problem([](ModelFile& file) { file.metadata.erase("thimble.networks"); }),
              HasSubstr("its network is missing in the model file"));
  EXPECT_THAT(problem([](ModelFile& file) { file.metadata["thimble.networks"] = "[{}]"; }),
              HasSubstr("its thimble.networks cannot be read"));
  EXPECT_THAT(problem([](ModelFile& file) { file.tensors.erase("network.0.conv1.weight"); }),
              HasSubstr("bad: network 0: tensor conv1.weight is missing"));
}

}  // namespace
}  // namespace thimble
