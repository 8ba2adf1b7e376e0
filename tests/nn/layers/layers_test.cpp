// Lines, inference and export of every registered kind of layer.

#include <gmock/gmock.h>

#include <optional>
#include <set>

#include "cases.hpp"
#include "nn/inference_network.hpp"
#include "nn/network_export.hpp"
#include "nn/reference.hpp"
#include "onnx/session.hpp"
#include "onnx_checker.hpp"

namespace thimble::nn {
namespace {

void fill_pictures(std::span<std::uint8_t> pictures) {
  Random random(8);
  for (auto& pixel : pictures) pixel = static_cast<std::uint8_t>(random.below(256));
}

std::optional<std::vector<float>> runtime_answers(const std::string& bytes, const Shape& shape,
                                                  std::span<const std::uint8_t> pictures) {
  const std::vector<std::int64_t> extents{kBatch, shape.height, shape.width, shape.channels};
  const std::vector<std::string> wanted{"probabilities"};
  try {
    const onnx::Session session(std::as_bytes(std::span(bytes)), "exported", 1);
    return session.run(pictures, extents, wanted).at(0).floats;
  } catch (const FileError&) {
    return std::nullopt;  // ONNX Runtime is not installed
  }
}

/// The network as an ONNX file that takes pictures as InferenceNetwork::input() does.
std::string exported(const Graph& graph, const ParameterValues& parameters, bool keep_batch_norm) {
  onnx::ModelBuilder builder("test");
  const Shape& in = graph.input();
  const InputScaling scaling = scaling_of(graph);
  const std::vector<std::int64_t> of_channels{1, in.channels, 1, 1};
  std::string x = builder.pictures(in.height, in.width, in.channels);
  x = builder.node("Cast", {x}, {{"to", static_cast<std::int64_t>(onnx::TensorElement::f32)}});
  x = builder.node("Transpose", {x}, {{"perm", std::vector<std::int64_t>{0, 3, 1, 2}}});
  x = builder.node("Mul", {x, builder.constant("scale", std::span(scaling.scale), of_channels)});
  x = builder.node("Add", {x, builder.constant("shift", std::span(scaling.shift), of_channels)});
  NetworkExport layers(builder, graph, parameters, keep_batch_norm);
  if (in.flat) x = layers.flattened(x);
  builder.probabilities(layers.add_layers(x), static_cast<int>(graph.output().size()));
  return builder.finish();
}

class Layers : public LayerTest {};

TEST_P(Layers, HasAnExample) {
  EXPECT_FALSE(kind().examples.empty());
  for (const LayerExample& example : kind().examples) {
    const Graph graph = Graph::parse(example.input, example.lines);
    EXPECT_TRUE(std::ranges::any_of(graph.layers(),
                                    [&](const auto& l) { return l->word() == GetParam(); }));
  }
}

TEST_P(Layers, LinesGiveTheSameGraphAgain) {
  for_every_case([](const Case&, const Graph& graph) {
    const Graph again = Graph::parse(graph.input(), graph.lines());
    EXPECT_EQ(again.lines(), graph.lines());
    ASSERT_EQ(again.layers().size(), graph.layers().size());
    for (std::size_t i = 0; i < graph.layers().size(); ++i) {
      EXPECT_EQ(again.layers()[i]->line(), graph.layers()[i]->line());
      EXPECT_EQ(again.layers()[i]->name(), graph.layers()[i]->name());
      EXPECT_EQ(again.layers()[i]->output(), graph.layers()[i]->output());
    }
  });
}

TEST_P(Layers, RefusesWhatItDoesNotKnow) {
  for (const LayerExample& example : kind().examples) {
    for (const char* more : {" 3 nonsense", " nonsense=1"}) {
      Lines lines = example.lines;
      std::string& line = *std::ranges::find_if(
          lines, [&](const std::string& l) { return (l + ' ').starts_with(GetParam() + ' '); });
      line += more;
      try {
        (void)Graph::parse(example.input, lines);
        ADD_FAILURE() << line << " was taken";
      } catch (const UsageError& error) {
        EXPECT_THAT(error.what(), testing::StartsWith("layer \"" + line + "\""));
        EXPECT_THAT(error.what(),
                    testing::AnyOf(testing::HasSubstr("nonsense"), testing::HasSubstr("'3'")));
      }
    }
  }
}

TEST_P(Layers, NamesItsParametersAfterItself) {
  for_every_case([](const Case&, const Graph& graph) {
    std::set<std::string> names;
    for (const auto& layer : graph.layers()) {
      EXPECT_GE(layer->forward_flops(), 0);
      for (const auto& parameter : layer->parameters()) {
        EXPECT_TRUE(parameter.name.starts_with(layer->name() + ".")) << parameter.name;
        EXPECT_TRUE(names.insert(parameter.name).second) << parameter.name;
        EXPECT_EQ(parameter.layer, layer->index());
        EXPECT_GT(parameter.size(), 0);
      }
    }
  });
}

/// What a network learned to normalise by, as training normalised the last batch: training takes
/// the variance of the batch, and keeps an estimate of the variance of all pictures, which is
/// larger.
ParameterValues with_variances_of_batch(const Graph& graph, ParameterValues parameters) {
  const auto declared = graph.parameters();
  for (std::size_t i = 0; i < declared.size(); ++i) {
    if (declared[i].role != ParameterRole::running_variance) continue;
    const Shape& map = graph.layer(declared[i].layer).output();
    const double n = static_cast<double>(kBatch) * map.height * map.width;
    for (float& v : parameters[i].values) v = static_cast<float>(v * (n - 1) / n);
  }
  return parameters;
}

TEST_P(Layers, InferenceGivesWhatTrainingGave) {
  for_every_case([](const Case& c, const Graph& graph) {
    if (c.has_dropout()) return;
    for (const Precision precision : {Precision::fp32, Precision::bf16}) {
      if (precision == Precision::bf16 && !has_bf16()) continue;
      TrainingNetwork training = training_network(graph, precision, false);
      fill_pictures(training.input());
      training.accumulate_statistics(true);
      InferenceNetwork inference(graph, scaling_of(graph), kBatch, precision,
                                 with_variances_of_batch(graph, training.parameters()));
      fill_pictures(inference.input());
      EXPECT_LT(reference::difference(inference.run(), training.output()),
                precision == Precision::fp32 ? 2e-5 : 0.04)
          << to_string(precision);
    }
  });
}

TEST_P(Layers, InferenceTakesNewParameters) {
  for_every_case([](const Case&, const Graph& graph) {
    const ParameterValues parameters = parameters_of(graph);
    InferenceNetwork changed(graph, scaling_of(graph), kBatch, Precision::fp32,
                             initial_parameters(graph, 9));
    InferenceNetwork fresh(graph, scaling_of(graph), kBatch, Precision::fp32, parameters);
    changed.set_parameters(parameters);
    fill_pictures(changed.input());
    fill_pictures(fresh.input());
    const std::span<const float> expected = fresh.run();
    EXPECT_THAT(changed.run(), testing::ElementsAreArray(expected));
  });
}

TEST_P(Layers, OnnxFilesGiveTheSameNumbers) {
  for_every_case([](const Case&, const Graph& graph) {
    const ParameterValues parameters = parameters_of(graph);
    InferenceNetwork inference(graph, scaling_of(graph), kBatch, Precision::fp32, parameters);
    fill_pictures(inference.input());
    const std::vector<std::uint8_t> pictures(inference.input().begin(), inference.input().end());
    const std::span<const float> expected = inference.run();
    for (const bool keep_batch_norm : {false, true}) {
      const std::string bytes = exported(graph, parameters, keep_batch_norm);
      EXPECT_EQ(onnx_checker_says(bytes), "");
      const auto answers = runtime_answers(bytes, graph.input(), pictures);
      if (!answers) continue;
      EXPECT_LT(reference::difference(*answers, expected), 2e-5) << keep_batch_norm;
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Kinds, Layers, testing::ValuesIn(words()),
                         [](const auto& tested) { return tested.param; });

}  // namespace
}  // namespace thimble::nn
