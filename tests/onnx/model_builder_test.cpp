#include "onnx/model_builder.hpp"

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <onnx_format.pb.h>

#include "base/error.hpp"
#include "onnx_checker.hpp"

namespace thimble::onnx {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Two classes from a 2x3 picture.
ModelBuilder small_model() {
  ModelBuilder builder("small");
  const std::string pictures = builder.pictures(2, 3, 1);
  const std::string pixels =
      builder.node("Cast", {builder.node("Flatten", {pictures}, {{"axis", std::int64_t{1}}})},
                   {{"to", static_cast<std::int64_t>(TensorElement::f32)}});
  const std::vector<float> weights(12, 0.5F);
  const std::array<std::int64_t, 2> shape = {6, 2};
  const std::string logits =
      builder.node("MatMul", {pixels, builder.constant("weights", weights, shape)});
  builder.probabilities(builder.node("Softmax", {logits}, {{"axis", std::int64_t{1}}}), 2);
  builder.metadata("maker", "me");
  return builder;
}

format::ModelProto parsed(const ModelBuilder& builder) {
  format::ModelProto model;
  EXPECT_TRUE(model.ParseFromString(builder.finish()));
  return model;
}

TEST(ModelBuilder, WritesInputsOutputsAndVersions) {
  const format::ModelProto model = parsed(small_model());
  EXPECT_EQ(model.ir_version(), 7);
  EXPECT_EQ(model.producer_name(), "thimble");
  ASSERT_EQ(model.opset_import_size(), 1);
  EXPECT_EQ(model.opset_import(0).version(), kOpset);
  ASSERT_EQ(model.metadata_props_size(), 1);
  EXPECT_EQ(model.metadata_props(0).key(), "maker");
  EXPECT_EQ(model.metadata_props(0).value(), "me");

  const format::GraphProto& graph = model.graph();
  EXPECT_EQ(graph.name(), "small");
  ASSERT_EQ(graph.input_size(), 1);
  EXPECT_EQ(graph.input(0).name(), "pictures");
  const auto& input = graph.input(0).type().tensor_type();
  EXPECT_EQ(input.elem_type(), format::TensorProto::UINT8);
  ASSERT_EQ(input.shape().dim_size(), 4);
  EXPECT_EQ(input.shape().dim(0).dim_param(), "batch");
  EXPECT_EQ(input.shape().dim(1).dim_value(), 2);
  EXPECT_EQ(input.shape().dim(2).dim_value(), 3);
  EXPECT_EQ(input.shape().dim(3).dim_value(), 1);
  ASSERT_EQ(graph.output_size(), 1);
  EXPECT_EQ(graph.output(0).name(), "probabilities");
  const auto& output = graph.output(0).type().tensor_type();
  EXPECT_EQ(output.elem_type(), format::TensorProto::FLOAT);
  EXPECT_EQ(output.shape().dim(1).dim_value(), 2);
  EXPECT_EQ(graph.node(graph.node_size() - 1).output(0), "probabilities");
}

TEST(ModelBuilder, PassesTheChecker) {
  EXPECT_EQ(onnx_checker_says(small_model().finish()), "");
  EXPECT_NE(onnx_checker_says("no model"), "");
}

TEST(ModelBuilder, TheSameCallsGiveTheSameBytes) {
  EXPECT_EQ(small_model().finish(), small_model().finish());
}

TEST(ModelBuilder, WritesConstantsOfEveryType) {
  ModelBuilder builder("g");
  const std::array<std::int64_t, 1> shape = {2};
  const std::array<float, 2> floats = {0.5F, -1};
  const std::array<std::int64_t, 2> integers = {7, -1};
  const std::array<double, 2> doubles = {1e300, 0};
  const std::array<std::uint8_t, 2> bytes = {0, 255};
  builder.constant("c", floats, shape);
  builder.constant("c", integers, shape);
  builder.constant("c", doubles, shape);
  builder.constant("c", bytes, shape);
  builder.scalar("one", 1);
  const format::ModelProto model = parsed(builder);
  const auto& constants = model.graph().initializer();
  ASSERT_EQ(constants.size(), 5);
  const auto same = [&](int i, const auto& values) {
    return constants[i].raw_data() ==
           std::string(reinterpret_cast<const char*>(values.data()), sizeof(values));
  };
  EXPECT_TRUE(same(0, floats));
  EXPECT_TRUE(same(1, integers));
  EXPECT_TRUE(same(2, doubles));
  EXPECT_TRUE(same(3, bytes));
  EXPECT_EQ(constants[2].data_type(), format::TensorProto::DOUBLE);
  EXPECT_EQ(constants[3].data_type(), format::TensorProto::UINT8);
  EXPECT_EQ(constants[3].dims(0), 2);
  EXPECT_EQ(constants[4].dims_size(), 0);
}

TEST(ModelBuilder, NamesAreDistinct) {
  ModelBuilder builder("g");
  EXPECT_EQ(builder.scalar("one", 1), "one");
  EXPECT_EQ(builder.scalar("one", 1), "one_2");
  EXPECT_EQ(builder.scalar("one", 1), "one_3");
  EXPECT_NE(builder.scalar("probabilities", 1), "probabilities");
}

TEST(ModelBuilder, WritesAttributesOfEveryTypeAndTheOperatorsDomain) {
  ModelBuilder builder("g");
  const auto outputs = builder.ml_node("Made", {"a", "b"},
                                       {{"f", 0.5F},
                                        {"fs", std::vector<float>{1, 2}},
                                        {"i", std::int64_t{3}},
                                        {"is", std::vector<std::int64_t>{4, 5}},
                                        {"s", "six"},
                                        {"ss", std::vector<std::string>{"7", "8"}}},
                                       2);
  EXPECT_THAT(outputs, ElementsAre("Made", "Made_2"));
  const format::ModelProto model = parsed(builder);
  ASSERT_EQ(model.opset_import_size(), 2);
  EXPECT_EQ(model.opset_import(1).domain(), "ai.onnx.ml");
  EXPECT_EQ(model.opset_import(1).version(), kMlOpset);
  const format::NodeProto& node = model.graph().node(0);
  EXPECT_EQ(node.domain(), "ai.onnx.ml");
  EXPECT_THAT(node.input(), ElementsAre("a", "b"));
  ASSERT_EQ(node.attribute_size(), 6);
  EXPECT_EQ(node.attribute(0).f(), 0.5F);
  EXPECT_THAT(node.attribute(1).floats(), ElementsAre(1, 2));
  EXPECT_EQ(node.attribute(2).i(), 3);
  EXPECT_THAT(node.attribute(3).ints(), ElementsAre(4, 5));
  EXPECT_EQ(node.attribute(4).s(), "six");
  EXPECT_THAT(node.attribute(5).strings(), ElementsAre("7", "8"));
  EXPECT_EQ(node.attribute(0).type(), format::AttributeProto::FLOAT);
  EXPECT_EQ(node.attribute(5).type(), format::AttributeProto::STRINGS);
}

TEST(ModelBuilder, LoopsPassTheChecker) {
  ModelBuilder builder("g");
  const std::string pictures = builder.pictures(1, 2, 1);
  const std::string pixels =
      builder.node("Cast", {builder.node("Flatten", {pictures}, {{"axis", std::int64_t{1}}})},
                   {{"to", static_cast<std::int64_t>(TensorElement::f64)}});
  const std::string halves = builder.loop(5, pixels, [&](const std::string& state) {
    const std::string smaller = builder.node("Sub", {state, pixels});
    const std::string sum = builder.node("ReduceSum", {smaller}, {{"keepdims", std::int64_t{0}}});
    const std::string is_left =
        builder.node("Cast", {sum}, {{"to", static_cast<std::int64_t>(TensorElement::boolean)}});
    return ModelBuilder::Turn{is_left, smaller};
  });
  builder.probabilities(
      builder.node("Cast", {halves}, {{"to", static_cast<std::int64_t>(TensorElement::f32)}}), 2);
  EXPECT_EQ(onnx_checker_says(builder.finish()), "");
  const format::ModelProto model = parsed(builder);
  const auto& loop = model.graph().node(2);
  EXPECT_EQ(loop.op_type(), "Loop");
  EXPECT_EQ(loop.attribute(0).g().node_size(), 3);
}

TEST(ModelBuilder, RefusesConstantsWhoseShapeDoesNotFit) {
  ModelBuilder builder("g");
  const std::array<float, 3> values = {1, 2, 3};
  const std::array<std::int64_t, 2> shape = {2, 2};
  try {
    builder.constant("c", values, shape);
    FAIL();
  } catch (const ShapeError& error) {
    EXPECT_THAT(error.what(), HasSubstr("constant c: 3 values, expected 4"));
  }
}

}  // namespace
}  // namespace thimble::onnx
