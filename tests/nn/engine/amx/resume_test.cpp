// Trainings on AMX: stopped anywhere they go on to the same bits.

#include <gtest/gtest.h>

#include <optional>

#include "base/error.hpp"
#include "naive.hpp"
#include "networks.hpp"
#include "nn/threads.hpp"
#include "nn/trainer.hpp"

namespace thimble::nn::amx {
namespace {

constexpr int kSize = 12;
constexpr std::size_t kPicture = kSize * kSize;

/// Pictures of stripes, whose classes are the directions.
class Stripes : public BatchSource {
 public:
  explicit Stripes(std::size_t n) : n_(n) {}
  std::size_t size() const override { return n_; }
  void fill(std::span<const std::size_t> indices, std::optional<std::uint64_t> epoch,
            std::span<std::uint8_t> pictures, std::span<std::int32_t> labels) const override {
    for (std::size_t i = 0; i < indices.size(); ++i) {
      Random random(hash_seed(5, indices[i], epoch.value_or(999)));
      labels[i] = static_cast<std::int32_t>(indices[i] % 2);
      for (std::size_t p = 0; p < kPicture; ++p) {
        const std::size_t along = labels[i] == 0 ? p % kSize : p / kSize;
        pictures[i * kPicture + p] =
            static_cast<std::uint8_t>(random.below(along % 4 < 2 ? 256 : 160));
      }
    }
  }

 private:
  std::size_t n_;
};

/// Everything that a product's tail can be, dropout, and a head.
Graph graph_of_all() {
  const std::vector<std::string> lines{"conv 16 3 pad=1 bias=false",
                                       "max_pool 2",
                                       "batch_norm",
                                       "relu",
                                       "mark a",
                                       "conv 16 3 pad=1 bias=false",
                                       "batch_norm",
                                       "relu",
                                       "add a",
                                       "conv 40 3",
                                       "relu",
                                       "max_pool 2",
                                       "dropout 0.3",
                                       "flatten",
                                       "dense 20",
                                       "relu",
                                       "dense 2"};
  return Graph::parse({1, kSize, kSize, false}, lines);
}

TrainerOptions options() {
  TrainerOptions all;
  all.optimizer.name = "adamw";
  all.optimizer.learning_rate = 0.005;
  all.epochs = 3;
  all.batch_size = 40;
  all.ema_decay = 0.9;
  all.batch_norm_refresh = 3;
  all.precision = Precision::bf16;
  all.seed = 3;
  return all;
}

const InputScaling kUnit{{1 / 255.0f}, {0.0f}};
constexpr std::size_t kSamples = 180;  // five steps an epoch

/// Asks to stop after a number of steps.
class StopAfter : public Progress {
 public:
  explicit StopAfter(int steps) : left_(steps) {}
  bool stop_requested() const override { return left_-- <= 0; }

 private:
  mutable int left_;
};

class AmxTrainer : public AmxTest, public testing::WithParamInterface<int> {};

TEST_P(AmxTrainer, StoppedAnywhereItGoesOnToTheSameBits) {
  const WithThreads with(GetParam());
  const Stripes training(kSamples), validation(50);
  Progress progress;
  Trainer whole(graph_of_all(), kUnit, options(), training, &validation);
  double accuracy = 0;
  (void)whole.run(progress,
                  {[&](const EpochRecord& r) { accuracy = *r.validation_accuracy; }, nullptr});
  EXPECT_GT(accuracy, 0.8);
  for (const int steps : {1, 5, 8, 13}) {
    std::optional<TrainerState> kept;
    {
      Trainer trainer(graph_of_all(), kUnit, options(), training, &validation);
      StopAfter stop(steps);
      EXPECT_THROW((void)trainer.run(stop, {nullptr, [&] { kept = trainer.state(); }}), Cancelled);
    }
    ASSERT_TRUE(kept);
    Trainer trainer(graph_of_all(), kUnit, options(), training, &validation);
    trainer.restore(*kept);
    (void)trainer.run(progress, {});
    ASSERT_EQ(trainer.result().size(), whole.result().size());
    for (std::size_t i = 0; i < whole.result().size(); ++i) {
      EXPECT_EQ(trainer.result()[i].values, whole.result()[i].values)
          << whole.result()[i].name << ", stopped after " << steps;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Threads, AmxTrainer, testing::Values(1, 2, 3));

}  // namespace
}  // namespace thimble::nn::amx
