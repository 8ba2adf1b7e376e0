#include "nn/trainer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "base/error.hpp"
#include "base/random.hpp"

namespace thimble::nn {
namespace {

using testing::HasSubstr;

/// Two classes of 6x6 pictures: bright on the left or on the right.
class Halves : public BatchSource {
 public:
  explicit Halves(std::size_t n, std::uint64_t seed = 1) : n_(n), seed_(seed) {}
  std::size_t size() const override { return n_; }
  void fill(std::span<const std::size_t> indices, std::optional<std::uint64_t> epoch,
            std::span<std::uint8_t> pictures, std::span<std::int32_t> labels) const override {
    for (std::size_t i = 0; i < indices.size(); ++i) {
      Random random(hash_seed(seed_, indices[i], epoch.value_or(999)));
      labels[i] = static_cast<std::int32_t>(indices[i] % 2);
      for (std::size_t p = 0; p < 36; ++p) {
        const bool bright = (p % 6 < 3) == (labels[i] == 0);
        pictures[i * 36 + p] = static_cast<std::uint8_t>(random.below(bright ? 256 : 160));
      }
    }
  }

 private:
  std::size_t n_;
  std::uint64_t seed_;
};

Graph small_graph() {
  const std::vector<std::string> lines{"conv 16 3 bias=false", "batch_norm", "relu",
                                       "dropout 0.2",          "flatten",    "dense 2"};
  return Graph::parse({1, 6, 6, false}, lines);
}

const InputScaling kUnit{{1 / 255.0f}, {0.0f}};

TrainerOptions small_options() {
  TrainerOptions options;
  options.optimizer.learning_rate = 0.01;
  options.schedule.name = "one-cycle";
  options.epochs = 4;
  options.batch_size = 16;
  options.ema_decay = 0.9;
  options.batch_norm_refresh = 3;
  options.seed = 3;
  return options;
}

struct Outcome {
  ParameterValues parameters;
  std::vector<EpochRecord> history;
  std::string stopped_because;
};

Outcome train(const TrainerOptions& options, std::size_t n = 100) {
  const Halves training(n), validation(30, 2);
  Trainer trainer(small_graph(), kUnit, options, training, &validation);
  Outcome outcome;
  Progress progress;
  outcome.stopped_because =
      trainer.run(progress, {[&](const EpochRecord& r) { outcome.history.push_back(r); }, nullptr});
  outcome.parameters = trainer.result();
  return outcome;
}

void expect_same_bits(const ParameterValues& a, const ParameterValues& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQ(a[i].values.size(), b[i].values.size());
    for (std::size_t k = 0; k < a[i].values.size(); ++k) {
      ASSERT_EQ(std::bit_cast<std::uint32_t>(a[i].values[k]),
                std::bit_cast<std::uint32_t>(b[i].values[k]))
          << a[i].name << "[" << k << "]";
    }
  }
}

/// Asks to stop after a number of steps.
class StopAfter : public Progress {
 public:
  explicit StopAfter(int steps) : left_(steps) {}
  bool stop_requested() const override { return left_-- <= 0; }

 private:
  mutable int left_;
};

TEST(Trainer, LearnsAndTellsHow) {
  const Outcome outcome = train(small_options());
  ASSERT_EQ(outcome.history.size(), 4u);
  EXPECT_EQ(outcome.stopped_because, "all 4 epochs done");
  EXPECT_LT(outcome.history.back().loss, 0.5 * outcome.history.front().loss);
  EXPECT_GT(*outcome.history.back().validation_accuracy, 0.9);
  EXPECT_EQ(outcome.history.back().epoch, 4);
}

TEST(Trainer, TheSameSeedGivesTheSameBits) {
  const Outcome a = train(small_options());
  const Outcome b = train(small_options());
  expect_same_bits(a.parameters, b.parameters);
  TrainerOptions other = small_options();
  other.seed = 4;
  EXPECT_NE(train(other).parameters[0].values, a.parameters[0].values);
}

TEST(Trainer, StoppedAnywhereItGoesOnToTheSameBits) {
  for (const auto* optimizer : {"sgd", "rmsprop", "adam", "adamw"}) {
    TrainerOptions options = small_options();
    options.optimizer.name = optimizer;
    options.schedule.name = "reduce-on-plateau";
    options.schedule.patience = 0;
    const Outcome whole = train(options);
    // 7 steps an epoch: inside the first, on the border, inside a later one.
    for (const int steps : {1, 7, 17}) {
      const Halves training(100), validation(30, 2);
      std::optional<TrainerState> kept;
      {
        Trainer trainer(small_graph(), kUnit, options, training, &validation);
        StopAfter progress(steps);
        EXPECT_THROW((void)trainer.run(progress, {nullptr, [&] { kept = trainer.state(); }}),
                     Cancelled);
      }
      ASSERT_TRUE(kept);
      // Through text and back, as in a file.
      kept->values = nlohmann::json::parse(kept->values.dump());
      Trainer trainer(small_graph(), kUnit, options, training, &validation);
      trainer.restore(*kept);
      Progress progress;
      std::vector<EpochRecord> rest;
      (void)trainer.run(progress, {[&](const EpochRecord& r) { rest.push_back(r); }, nullptr});
      expect_same_bits(trainer.result(), whole.parameters);
      EXPECT_EQ(rest.back().loss, whole.history.back().loss);
      EXPECT_EQ(rest.back().validation_loss, whole.history.back().validation_loss);
    }
  }
}

/// A network of three stages that starts from given weights, its first two frozen at first.
TrainerOptions fine_tuning_options(const Graph& graph) {
  TrainerOptions options = small_options();
  options.fine_tuning.initial = initial_parameters(graph, 77);
  options.fine_tuning.initial.resize(12);  // all but the head's
  const Stages stages = stages_of(graph);
  options.fine_tuning.first_trained_layers = unfreezing_order(stages, 2);
  options.fine_tuning.head_layer = stages.head;
  options.fine_tuning.backbone_lr_scale = 0.5;
  options.optimizer.weight_decay = 0.01;
  return options;
}

Graph staged_graph() {
  const std::vector<std::string> lines{"conv 8 3 bias=false pad=1",
                                       "batch_norm",
                                       "relu",
                                       "max_pool 2",
                                       "conv 8 3 bias=false pad=1",
                                       "batch_norm",
                                       "relu",
                                       "max_pool 2",
                                       "conv 8 1",
                                       "relu",
                                       "flatten",
                                       "dropout 0.2",
                                       "dense 2"};
  return Graph::parse({1, 6, 6, false}, lines);
}

TEST(FineTuning, WhatIsFrozenKeepsItsBitsUntilItsTurn) {
  const Graph graph = staged_graph();
  TrainerOptions options = fine_tuning_options(graph);
  const ParameterValues& initial = options.fine_tuning.initial;
  ASSERT_EQ(initial.back().name, "conv3.bias");
  options.fine_tuning.unfreeze_epochs = 1;
  options.keep_best = false;
  const Halves training(100);
  Trainer trainer(graph, kUnit, options, training, nullptr);
  Progress progress;
  int epoch = 0;
  (void)trainer.run(progress, {[&](const EpochRecord&) {
                                 const TrainerState state = trainer.state();
                                 for (std::size_t i = 0; i < initial.size(); ++i) {
                                   // Five arrays a stage with batch norm.
                                   const int stage = static_cast<int>(i) / 5;
                                   const auto now = std::ranges::find(
                                       state.arrays, "parameters/" + initial[i].name,
                                       &NamedArray::name);
                                   ASSERT_NE(now, state.arrays.end());
                                   EXPECT_EQ(now->values == initial[i].values, epoch + stage < 2)
                                       << initial[i].name << " after epoch " << epoch;
                                 }
                                 ++epoch;
                               },
                               nullptr, nullptr});
  EXPECT_EQ(epoch, 4);
}

TEST(FineTuning, AFrozenBackboneStaysThroughAveragingAndTheRefresh) {
  const Graph graph = staged_graph();
  TrainerOptions options = fine_tuning_options(graph);
  const Halves training(60);
  Trainer trainer(graph, kUnit, options, training, nullptr);
  Progress progress;
  (void)trainer.run(progress, {});
  const ParameterValues& initial = options.fine_tuning.initial;
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(trainer.result()[i].values, initial[i].values) << initial[i].name;
  }
  EXPECT_NE(trainer.result()[10].values, initial[10].values);
}

TEST(FineTuning, StoppedAnywhereItGoesOnToTheSameBits) {
  const Graph graph = staged_graph();
  for (const auto* optimizer : {"sgd", "adamw"}) {
    TrainerOptions options = fine_tuning_options(graph);
    options.fine_tuning.unfreeze_epochs = 1;
    options.optimizer.name = optimizer;
    const Halves training(100), validation(30, 2);
    Trainer whole(graph, kUnit, options, training, &validation);
    Progress progress;
    (void)whole.run(progress, {});
    // 7 steps an epoch: on the border at which a stage joins, and inside of epochs.
    for (const int steps : {3, 7, 10, 14, 25}) {
      std::optional<TrainerState> kept;
      {
        Trainer trainer(graph, kUnit, options, training, &validation);
        StopAfter stop(steps);
        EXPECT_THROW((void)trainer.run(stop, {nullptr, [&] { kept = trainer.state(); }, nullptr}),
                     Cancelled);
      }
      kept->values = nlohmann::json::parse(kept->values.dump());
      Trainer trainer(graph, kUnit, options, training, &validation);
      trainer.restore(*kept);
      (void)trainer.run(progress, {});
      expect_same_bits(trainer.result(), whole.result());
    }
  }
}

TEST(FineTuning, WithNothingFrozenItIsPlainTraining) {
  TrainerOptions options = small_options();
  const Outcome plain = train(options);
  options.fine_tuning.first_trained_layers = {0};
  options.fine_tuning.head_layer = stages_of(small_graph()).head;
  options.fine_tuning.unfreeze_epochs = 2;
  expect_same_bits(train(options).parameters, plain.parameters);
}

TEST(Trainer, VisitsEverySampleEachEpoch) {
  class Counting : public Halves {
   public:
    using Halves::Halves;
    void fill(std::span<const std::size_t> indices, std::optional<std::uint64_t> epoch,
              std::span<std::uint8_t> pictures, std::span<std::int32_t> labels) const override {
      for (const auto i : indices) ++seen[i];
      Halves::fill(indices, epoch, pictures, labels);
    }
    mutable std::vector<int> seen = std::vector<int>(101);
  };
  const Counting training(101);
  TrainerOptions options = small_options();
  options.epochs = 2;
  options.batch_norm_refresh = 0;
  Trainer trainer(small_graph(), kUnit, options, training, nullptr);
  Progress progress;
  (void)trainer.run(progress, {});
  int total = 0;
  for (const int count : training.seen) {
    EXPECT_GE(count, 2);
    total += count;
  }
  EXPECT_EQ(total, 2 * 7 * 16);
}

TEST(Trainer, StopsEarlyAndKeepsTheBest) {
  TrainerOptions options = small_options();
  options.epochs = 50;
  options.early_stopping_patience = 2;
  options.keep_best = true;
  options.ema_decay = 0;
  options.batch_norm_refresh = 0;
  options.schedule.name = "constant";
  options.optimizer.learning_rate = 0.05;
  const Halves training(60), validation(30, 2);
  Trainer trainer(small_graph(), kUnit, options, training, &validation);
  Progress progress;
  std::vector<EpochRecord> history;
  const std::string why =
      trainer.run(progress, {[&](const EpochRecord& r) { history.push_back(r); }, nullptr});
  ASSERT_LT(history.size(), 50u);
  EXPECT_THAT(why, HasSubstr("no better for 2 epochs"));
  EXPECT_EQ(trainer.best_epoch(), static_cast<int>(history.size()) - 2);
  expect_same_bits(trainer.result(), trainer.best());
}

TEST(Trainer, ALossThatIsNoNumberNamesTheRemedy) {
  TrainerOptions options = small_options();
  options.optimizer.name = "sgd";
  options.optimizer.learning_rate = 1e30;
  options.schedule.name = "constant";
  try {
    (void)train(options);
    FAIL() << "no error";
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr("optimizer.learning_rate"));
  }
}

TEST(Trainer, RefusesWhatCannotBe) {
  const Halves training(10), none(0);
  const auto make = [&](const TrainerOptions& options, const BatchSource& source) {
    Trainer trainer(small_graph(), kUnit, options, source, nullptr);
  };
  TrainerOptions options = small_options();
  EXPECT_THROW(make(options, none), DataError);
  options.batch_size = 0;
  EXPECT_THROW(make(options, training), UsageError);
  options = small_options();
  options.early_stopping_patience = 3;
  EXPECT_THROW(make(options, training), UsageError);
  options = small_options();
  options.keep_best = true;
  EXPECT_THROW(make(options, training), UsageError);
}

TEST(Trainer, RefusesAStateOfAnotherNetwork) {
  const Halves training(40);
  Trainer trainer(small_graph(), kUnit, small_options(), training, nullptr);
  TrainerState state = trainer.state();
  const std::vector<std::string> lines{"flatten", "dense 2"};
  Trainer other(Graph::parse({1, 6, 6, false}, lines), kUnit, small_options(), training, nullptr);
  EXPECT_THROW(other.restore(state), DataError);
  state.values.erase("epoch");
  EXPECT_THROW(trainer.restore(state), DataError);
}

}  // namespace
}  // namespace thimble::nn
