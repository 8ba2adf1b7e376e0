// What the trainer adds to the bare primitives: the same network, once as steps on one batch that
// stays in place (forward, loss, backward, optimizer), once as whole epochs (shuffling, gathering,
// augmentation as the recipe has it, learning-rate schedule, running figures).

#include <benchmark/benchmark.h>

#include <span>
#include <string>

#include "base/random.hpp"
#include "data/dataset.hpp"
#include "models/neural_data.hpp"
#include "models/neural_options.hpp"
#include "models/recipe.hpp"
#include "nn/trainer.hpp"
#include "nn/training_network.hpp"
#include "nn/zoo.hpp"

namespace {

using namespace thimble;

constexpr PictureShape kShape{28, 28, 1};
constexpr int kClasses = 10;
constexpr std::size_t kSamples = 12'800;

Dataset noise() {
  Dataset dataset;
  dataset.images = Images(kShape, kSamples);
  Random random(1);
  for (auto& pixel : dataset.images.pixels()) pixel = static_cast<std::uint8_t>(random.bits());
  for (std::size_t i = 0; i < kSamples; ++i) {
    dataset.labels.push_back(static_cast<std::int32_t>(random.below(kClasses)));
  }
  for (int i = 0; i < kClasses; ++i) dataset.classes.push_back(std::to_string(i));
  return dataset;
}

nn::Graph graph_of(const std::string& recipe) {
  return nn::Graph::parse({1, 28, 28, false}, nn::architecture_lines(recipe), kClasses);
}

void bare_steps(benchmark::State& state, const std::string& recipe) {
  const NeuralOptions options = read_neural_options(load_recipe(recipe));
  nn::TrainingNetwork network(graph_of(recipe), {{1 / 255.0f}, {0.0f}},
                              {.batch_size = options.trainer.batch_size, .seed = 1});
  const auto optimizer = nn::make_optimizer(options.trainer.optimizer, network.weights().size());
  Random random(1);
  for (auto& pixel : network.input()) pixel = static_cast<std::uint8_t>(random.bits());
  for (auto& label : network.labels()) label = static_cast<std::int32_t>(random.below(kClasses));
  std::uint64_t step = 0;
  for (auto _ : state) {
    (void)network.forward_backward({options.trainer.label_smoothing, {}}, step++);
    optimizer->step(network.weights(), network.gradients(), network.decays(), 1e-5);
    network.weights_changed();
  }
  state.SetItemsProcessed(state.iterations() * options.trainer.batch_size);
}

void whole_epochs(benchmark::State& state, const std::string& recipe) {
  NeuralOptions options = read_neural_options(load_recipe(recipe));
  options.trainer.epochs = 1'000'000;
  options.trainer.optimizer.learning_rate = 1e-5;
  const Dataset dataset = noise();
  const Augmentation augmentation(options.augmentation, kShape, 1, 128);
  const DatasetSource source(dataset, options.augmentation.any() ? &augmentation : nullptr);
  nn::Trainer trainer(graph_of(recipe), {{1 / 255.0f}, {0.0f}}, options.trainer, source, nullptr);

  // One epoch an iteration: the trainer is stopped at each epoch's end and goes on with the next.
  class OneEpoch : public Progress {
   public:
    bool stop_requested() const override { return stop; }
    bool stop = false;
  } progress;
  for (auto _ : state) {
    progress.stop = false;
    try {
      (void)trainer.run(progress, {[&](const nn::EpochRecord&) { progress.stop = true; }, nullptr});
    } catch (const std::exception&) {
      // Cancelled: the epoch is over.
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kSamples));
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  for (const std::string recipe : {"keras-cnn", "cnn", "resnet9"}) {
    benchmark::RegisterBenchmark(("bare/" + recipe).c_str(),
                                 [recipe](benchmark::State& s) { bare_steps(s, recipe); })
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
    benchmark::RegisterBenchmark(("trainer/" + recipe).c_str(),
                                 [recipe](benchmark::State& s) { whole_epochs(s, recipe); })
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
