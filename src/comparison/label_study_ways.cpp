#include "comparison/label_study_ways.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "models/transfer.hpp"

namespace thimble {
namespace {

using nlohmann::json;

constexpr std::size_t kBatch = 50;
/// Every training takes as many steps, or more where these would be fewer epochs. With 300 instead,
/// one from nothing is a point worse at 10 labels a class than with 600.
constexpr std::size_t kSteps = 1000;
constexpr std::size_t kFewestEpochs = 30;

/// What the networks have in common, as a recipe's text.
constexpr char kNetwork[] = R"(
family = "neural"
[augmentation]
rotation_degrees = 10.0
zoom = 0.1
shift_pixels = 2
[optimizer]
name = "sgd"
momentum = 0.9
nesterov = true
weight_decay = 5e-4
[schedule]
name = "one-cycle"
rise_fraction = 0.2
final_fraction = 0.0
[training]
label_smoothing = 0.1
validation_fraction = 0.0
keep = "last"
batch_norm_refresh = 40
)";

/// The best of 0.02, 0.05 and 0.1 for fine-tuning: digits are so far from garments that the whole
/// network has to move as far as one from nothing does.
constexpr double kLearningRate = 0.1;

constexpr char kHead[] = R"(
family = "logistic"
[model]
C = 0.1
)";

Recipe network_recipe(const std::string& name, std::size_t samples) {
  Recipe recipe = parse_recipe(kNetwork, name, name);
  const std::size_t batch = std::min(samples, kBatch);
  const std::size_t steps_an_epoch = (samples + batch - 1) / batch;
  recipe.settings["optimizer"]["learning_rate"] = kLearningRate;
  recipe.settings["training"]["batch_size"] = batch;
  recipe.settings["training"]["epochs"] = std::max(kFewestEpochs, kSteps / steps_an_epoch);
  return recipe;
}

void apply(Recipe& recipe, const std::vector<std::string>& settings) {
  for (const std::string& setting : settings) override_setting(recipe, setting);
}

}  // namespace

std::vector<LabelStudyRecipe> label_study_ways(const std::string& init, std::size_t samples,
                                               const std::vector<std::string>& settings) {
  Recipe scratch = network_recipe("scratch", samples);
  scratch.settings["model"]["layers"] = transferred_layers(load_initial_network(init));
  apply(scratch, settings);

  Recipe head = parse_recipe(kHead, "head", "head");
  head.settings["features"]["steps"] = json{fmt::format("model:\"{}\"", init), "standardize"};

  Recipe tuned = network_recipe("fine-tuned", samples);
  tuned.settings["transfer"]["init"] = init;
  apply(tuned, settings);

  std::vector<LabelStudyRecipe> ways;
  ways.push_back(
      {{"scratch", "From nothing",
        "The same layers with random weights, learned from the labelled pictures, turned, "
        "zoomed and shifted a little"},
       std::move(scratch)});
  ways.push_back({{"head", "Head only",
                   "The trained network as it is; logistic regression learned on its embeddings of "
                   "the labelled pictures"},
                  std::move(head)});
  ways.push_back({{"fine-tuned", "Fine-tuned",
                   "The trained network with a new head, all of it learned on from the labelled "
                   "pictures, varied as those of the first way"},
                  std::move(tuned)});
  return ways;
}

}  // namespace thimble
