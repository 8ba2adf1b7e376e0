// Gradients against finite differences of the loss, for whole networks of every kind of layer.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/random.hpp"
#include "nn/loss.hpp"
#include "nn/training_network.hpp"
#include "nn/zoo.hpp"

namespace thimble::nn {
namespace {

class FiniteDifferences {
 public:
  FiniteDifferences(Shape input, const std::vector<std::string>& lines, int first_trained_layer = 0)
      : graph_(Graph::parse(input, lines, kClasses)),
        network_(graph_,
                 {std::vector<float>(static_cast<std::size_t>(input.channels), 1),
                  std::vector<float>(static_cast<std::size_t>(input.channels), 0)},
                 {.batch_size = kBatch,
                  .precision = Precision::fp32,
                  .seed = 1,
                  .first_trained_layer = first_trained_layer}) {
    Random random(11);
    input_.resize(static_cast<std::size_t>(kBatch * input.size()));
    for (float& v : input_) v = static_cast<float>(random.normal());
    for (int i = 0; i < kBatch; ++i) labels_.push_back(i % kClasses);
  }

  double loss() {
    network_.forward(input_, 5);
    return cross_entropy(network_.output(), labels_, kClasses, {}, {}).loss;
  }

  /// Largest difference between d loss / d weight and its central difference, over random weights
  /// of each parameter, relative to the largest gradient of that parameter.
  double worst() {
    network_.forward(input_, 5);
    std::vector<float> gradient(network_.output().size());
    (void)cross_entropy(network_.output(), labels_, kClasses, {}, gradient);
    network_.backward(gradient);
    const auto analytic = network_.to_declared(network_.gradients());
    Random random(12);
    double worst = 0;
    for (const auto& array : analytic) {
      double largest = 1e-3;
      for (const float g : array.values) largest = std::max(largest, std::abs(double{g}));
      for (int k = 0; k < 6; ++k) {
        const std::size_t at = random.below(array.values.size());
        worst = std::max(worst, std::abs(difference(array.name, at) - array.values[at]) / largest);
      }
    }
    return worst;
  }

 private:
  static constexpr int kClasses = 4;
  static constexpr int kBatch = 6;

  double difference(const std::string& name, std::size_t at) {
    constexpr float kStep = 4e-3f;
    const ParameterValues before = network_.parameters();
    double losses[2];
    for (int side = 0; side < 2; ++side) {
      ParameterValues values = before;
      std::ranges::find(values, name, &NamedArray::name)->values[at] += side == 0 ? kStep : -kStep;
      network_.set_parameters(values);
      losses[side] = loss();
    }
    network_.set_parameters(before);
    return (losses[0] - losses[1]) / (2.0 * kStep);
  }

  Graph graph_;
  TrainingNetwork network_;
  std::vector<float> input_;
  std::vector<std::int32_t> labels_;
};

// fp32 losses differ in the seventh digit, which the division by the step makes the fourth or
// fifth; kinks of ReLU and max pooling within the step add to that.
constexpr double kTolerance = 0.02;

TEST(Gradient, SmoothLayersAgreeWithFiniteDifferences) {
  EXPECT_LT(
      FiniteDifferences({3, 7, 6, false},
                        {"conv 6 3 pad=1 stride=2", "gelu", "conv 8 3x2 groups=2", "batch_norm",
                         "gelu", "dropout 0.3", "flatten", "dense 9", "gelu", "dense classes"})
          .worst(),
      kTolerance);
}

TEST(Gradient, PoolsAndResidualsAgreeWithFiniteDifferences) {
  EXPECT_LT(FiniteDifferences({2, 8, 8, false}, {"conv 16 3 pad=1", "gelu", "avg_pool 2", "mark a",
                                                 "conv 16 3 pad=1", "batch_norm", "gelu", "add a",
                                                 "global_avg_pool", "flatten", "dense classes"})
                .worst(),
            kTolerance);
}

TEST(Gradient, ABranchReadTwiceGetsBothGradients) {
  EXPECT_LT(FiniteDifferences({2, 6, 6, false},
                              {"conv 8 3", "gelu", "mark a", "conv 8 1", "mark b", "from a",
                               "conv 8 1 bias=false", "add b", "add a", "flatten", "dense classes"})
                .worst(),
            kTolerance);
}

TEST(Gradient, BehindFrozenLayers) {
  // Frozen batch norm and dropout let values through as in prediction.
  EXPECT_LT(FiniteDifferences({2, 8, 8, false},
                              {"conv 16 3 pad=1",
                               "batch_norm",
                               "gelu",
                               "dropout 0.5",
                               "mark a",
                               "conv 16 3 pad=1",
                               "gelu",
                               "conv 16 3 pad=1",
                               "max_pool 2",
                               "batch_norm",
                               "relu",
                               "mark b",
                               "from a",
                               "conv 16 1 stride=2",
                               "add b",
                               "conv 8 3 pad=1",
                               "batch_norm",
                               "gelu",
                               "dropout 0.3",
                               "flatten",
                               "dense 9",
                               "gelu",
                               "dense classes"},
                              13)
                .worst(),
            kTolerance);
}

TEST(Gradient, BatchNormBehindFlattenAndDense) {
  EXPECT_LT(FiniteDifferences({2, 5, 5, false}, {"conv 5 2", "flatten", "batch_norm", "dense 12",
                                                 "batch_norm", "gelu", "dense classes"})
                .worst(),
            kTolerance);
}

}  // namespace
}  // namespace thimble::nn
