// Gradients of every registered kind of layer.

#include <bit>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>

#include "cases.hpp"

namespace thimble::nn {
namespace {

/// Numbers that are the same in bf16.
std::vector<float> normal_numbers(std::size_t n, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> numbers(n);
  for (float& v : numbers) {
    const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(random.normal()));
    v = std::bit_cast<float>(bits & 0xffff0000u);
  }
  return numbers;
}

/// A network whose loss is sum_i g_i y_i with fixed random g, and its gradients.
class Gradients {
 public:
  Gradients(const Graph& graph, Precision precision, bool input_gradient, int batch = kBatch)
      : network_(training_network(graph, precision, input_gradient, batch)),
        parameters_(network_.parameters()),
        input_(normal_numbers(static_cast<std::size_t>(batch * graph.input().size()), 6)),
        weights_(normal_numbers(network_.output().size(), 7)) {}

  /// By backpropagation: one array a trained parameter, and "input" if it was asked for.
  std::map<std::string, std::vector<float>> computed() {
    middle_ = loss();
    network_.backward(weights_);
    std::map<std::string, std::vector<float>> all;
    for (const auto& array : network_.to_declared(network_.gradients())) {
      all[array.name] = array.values;
    }
    const std::span<const float> input = network_.input_gradient();
    if (!input.empty()) all["input"] = {input.begin(), input.end()};
    return all;
  }

  /// d loss / d one number by a central difference; nothing where the loss has a kink nearby. After
  /// computed().
  /// @param scale  of the gradient
  std::optional<double> measured(const std::string& name, std::size_t at, double scale) {
    std::optional<double> before;
    for (const float step : {8e-3f, 2e-3f, 5e-4f}) {
      const double left = (middle_ - moved(name, at, -step)) / step;
      const double right = (moved(name, at, step) - middle_) / step;
      const double slope = (left + right) / 2;
      // A step alone may reach kinks on both sides that make up for each other.
      const bool is_smooth = std::abs(right - left) <= kTolerance * scale;
      if (is_smooth && before && std::abs(slope - *before) <= kTolerance * scale / 2) return slope;
      before = is_smooth ? std::optional(slope) : std::nullopt;
    }
    return std::nullopt;
  }

  // fp32 losses differ in the seventh digit, which the division by the step makes the fourth.
  static constexpr double kTolerance = 0.01;

 private:
  static constexpr std::uint64_t kStep = 5;

  double loss() {
    network_.forward(input_, kStep);
    const std::span<const float> y = network_.output();
    return std::inner_product(y.begin(), y.end(), weights_.begin(), 0.0, std::plus<>(),
                              [](double a, double b) { return a * b; });
  }

  /// The loss with one number changed.
  double moved(const std::string& name, std::size_t at, float by) {
    const bool is_input = name == "input";
    std::vector<float>& values =
        is_input ? input_ : std::ranges::find(parameters_, name, &NamedArray::name)->values;
    const float before = std::exchange(values[at], values[at] + by);
    if (!is_input) network_.set_parameters(parameters_);
    const double result = loss();
    values[at] = before;
    if (!is_input) network_.set_parameters(parameters_);
    return result;
  }

  TrainingNetwork network_;
  ParameterValues parameters_;
  std::vector<float> input_;
  std::vector<float> weights_;
  double middle_ = 0;
};

double norm_of_difference(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::pow(double{a[i]} - double{b[i]}, 2);
  return std::sqrt(sum);
}

double norm(std::span<const float> a) {
  return norm_of_difference(a, std::vector<float>(a.size()));
}

bool is_smooth(const Graph& graph) {
  return std::ranges::all_of(graph.layers(), [](const auto& layer) {
    const LayerKind* kind = find_layer_kind(layer->word());
    return kind == nullptr || kind->is_smooth;  // the input is of no kind
  });
}

class LayerGradients : public LayerTest {};

TEST_P(LayerGradients, AgreeWithFiniteDifferences) {
  int arrays = 0, unchecked = 0;
  for_every_case([&](const Case&, const Graph& graph) {
    for (const bool input_gradient : {true, false}) {
      if (!input_gradient && graph.parameter_count() == 0) continue;
      Gradients gradients(graph, Precision::fp32, input_gradient);
      Random random(12);
      for (const auto& [name, computed] : gradients.computed()) {
        double largest = 0.3;
        for (const float g : computed) largest = std::max(largest, std::abs(double{g}));
        int checked = 0;
        for (int tries = 0; tries < 20 && checked < 5; ++tries) {
          const std::size_t at = random.below(computed.size());
          const auto measured = gradients.measured(name, at, largest);
          if (!measured) continue;
          ++checked;
          EXPECT_NEAR(computed[at], *measured, Gradients::kTolerance * largest)
              << name << " " << at;
        }
        ++arrays;
        unchecked += checked == 0;
      }
    }
  });
  // A number that many others depend on, such as the bias of the first layer, may be at a kink
  // wherever it is moved.
  EXPECT_LE(unchecked * 20, arrays);
}

TEST_P(LayerGradients, InBf16AreThoseInFp32) {
  if (!has_bf16()) GTEST_SKIP() << "this processor cannot do bf16";
  for_every_case([](const Case& c, const Graph& graph) {
    if (c.has_dropout()) return;  // drops by place in memory, which is another in bf16
    constexpr int kManyPictures = 128;
    const auto fp32 = Gradients(graph, Precision::fp32, true, kManyPictures).computed();
    const double tolerance = is_smooth(graph) ? 0.05 : 0.4;
    double largest = 0;
    for (const auto& [name, values] : fp32) largest = std::max(largest, norm(values));
    for (const auto& [name, values] :
         Gradients(graph, Precision::bf16, true, kManyPictures).computed()) {
      // A bias before batch norm has a gradient of 0.
      EXPECT_LT(norm_of_difference(values, fp32.at(name)),
                tolerance * std::max(norm(fp32.at(name)), 0.1 * largest))
          << name;
    }
  });
}

TEST_P(LayerGradients, TheSameThreadsGiveTheSameBits) {
  const auto twice = [](const Case& c, const Graph& graph) {
    if (c.lines.front() != "mark start") return;
    for (const Precision precision : {Precision::fp32, Precision::bf16}) {
      if (precision == Precision::bf16 && !has_bf16()) continue;
      const auto once = Gradients(graph, precision, true).computed();
      EXPECT_EQ(Gradients(graph, precision, true).computed(), once);
    }
  };
  for_every_case(twice, 2);
}

INSTANTIATE_TEST_SUITE_P(Kinds, LayerGradients, testing::ValuesIn(words()),
                         [](const auto& tested) { return tested.param; });

}  // namespace
}  // namespace thimble::nn
