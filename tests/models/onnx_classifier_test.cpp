#include "models/onnx_classifier.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/parallel.hpp"
#include "models/registry.hpp"
#include "onnx/onnx_files.hpp"
#include "temporary_folder.hpp"

namespace thimble {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using thimble::testing::onnx_bytes;
using thimble::testing::onnx_file;
using thimble::testing::onnx_reference;

/// The reference's pictures, `copies` times over, and what they are answered with.
struct Answers {
  Images pictures;
  std::vector<float> probabilities;
};

Answers reference(const std::string& kind, int copies = 1) {
  const auto json = onnx_reference().at(kind);
  const auto once = json.at("pictures").get<std::vector<std::uint8_t>>();
  const auto answers = json.at("probabilities").get<std::vector<float>>();
  std::vector<std::uint8_t> pixels;
  Answers result;
  for (int i = 0; i < copies; ++i) {
    pixels.insert(pixels.end(), once.begin(), once.end());
    result.probabilities.insert(result.probabilities.end(), answers.begin(), answers.end());
  }
  result.pictures = Images({2, 2, kind == "rgb" ? 3 : 1}, std::move(pixels));
  return result;
}

void expect_answers(const Classifier& model, const Answers& expected, const std::string& what) {
  const Probabilities got = model.predict_proba(expected.pictures);
  ASSERT_EQ(got.values().size(), expected.probabilities.size()) << what;
  for (std::size_t i = 0; i < got.values().size(); ++i) {
    EXPECT_NEAR(got.values()[i], expected.probabilities[i], 1e-5) << what << ", value " << i;
  }
}

class OnnxClassifierTest : public ::testing::Test {
 protected:
  void SetUp() override { THIMBLE_SKIP_WITHOUT_ONNX_RUNTIME(); }

  static std::string refusal(const std::string& name) {
    return message_of<DataError>([&] { load_classifier(onnx_file(name)); });
  }

  TemporaryFolder folder_;
};

TEST_F(OnnxClassifierTest, AnswersWhateverTheLayoutAndTypeOfItsInput) {
  for (const auto& [name, kind] :
       {std::pair{"exported", "grey"}, std::pair{"channels_first", "rgb"},
        std::pair{"channels_first_bytes", "rgb"}, std::pair{"channels_last", "rgb"},
        std::pair{"grey", "grey"}, std::pair{"flat", "grey"}, std::pair{"fixed_batch", "grey"}}) {
    const auto model = load_classifier(onnx_file(name));
    expect_answers(*model, reference(kind), name);
    EXPECT_EQ(model->predict_proba(Images(model->description().input, 0)).size(), 0u);
  }
}

TEST_F(OnnxClassifierTest, AnswersManyPicturesAlikeHoweverManyThreads) {
  const Answers many = reference("rgb", 50);
  const auto model = load_classifier(onnx_file("channels_first"));
  expect_answers(*model, many, "channels_first");
  const Probabilities parallel = model->predict_proba(many.pictures);
  const SerialScope serial;
  const Probabilities alone = model->predict_proba(many.pictures);
  EXPECT_TRUE(std::ranges::equal(parallel.values(), alone.values()));
  expect_answers(*load_classifier(onnx_file("fixed_batch")), reference("grey", 4), "fixed_batch");
}

TEST_F(OnnxClassifierTest, KnowsWhatThimbleExported) {
  const auto model = load_classifier(onnx_file("exported"));
  const ModelDescription& description = model->description();
  EXPECT_EQ(description.family, "onnx");
  EXPECT_EQ(description.name, "toy-net");
  EXPECT_EQ(description.input, (PictureShape{2, 2, 1}));
  EXPECT_THAT(description.classes, ElementsAre("ape", "bee", "cat"));
  EXPECT_EQ(description.trained_on.name, "toys");
  EXPECT_EQ(description.temperature, 1.5);
  EXPECT_EQ(description.unsure_below, 0.4);
  EXPECT_EQ(description.style, (PictureStyle{PictureStyle::Kind::cut_out, 0.75}));
  EXPECT_EQ(description.metrics["test"]["accuracy"], 0.5);
  EXPECT_EQ(description.program_version, "0.1.0");
  EXPECT_EQ(description.novelty, nullptr);
  EXPECT_FALSE(has_numbered_classes(description));
  EXPECT_THAT(model->summary(), AllOf(HasSubstr("ONNX Runtime"), HasSubstr("opset ai.onnx 13"),
                                      HasSubstr("uint8 [batch, 2, 2, 1]"),
                                      Not(HasSubstr("softmax")), Not(HasSubstr("assumed"))));
}

TEST_F(OnnxClassifierTest, SaysWhatItAssumesOfAForeignFile) {
  const auto model = load_classifier(onnx_file("channels_first"));
  const ModelDescription& description = model->description();
  EXPECT_EQ(description.name, "channels_first");
  EXPECT_THAT(description.classes, ElementsAre("0", "1", "2"));
  EXPECT_TRUE(has_numbered_classes(description));
  EXPECT_EQ(description.temperature, 1);
  EXPECT_THAT(
      model->summary(),
      AllOf(HasSubstr("by make_onnx_files"), HasSubstr("float32 [batch, 3, 2, 2]"),
            HasSubstr("0.00392157"), HasSubstr("softmax"), HasSubstr("classes have numbers")));
  const auto named = load_classifier(onnx_file("channels_last"));
  EXPECT_THAT(named->description().classes, ElementsAre("ape", "bee", "cat"));
  EXPECT_THAT(named->summary(), AllOf(Not(HasSubstr("softmax")), Not(HasSubstr("numbers"))));
}

TEST_F(OnnxClassifierTest, RefusesFilesWithOtherInputs) {
  EXPECT_THAT(refusal("two_inputs"),
              AllOf(HasSubstr("two_inputs.onnx: takes 2 inputs ('input', float32 [batch, 4]; "
                              "'other', float32 [batch, 4])"),
                    HasSubstr("expected one input")));
  EXPECT_THAT(refusal("text"), HasSubstr("input 'input' is text [batch, 4]; expected"));
  EXPECT_THAT(refusal("any_size"), HasSubstr("is float32 [batch, 3, ?, ?], of no fixed size; "));
  EXPECT_THAT(refusal("rank_five"), HasSubstr("is float32 [batch, 1, 1, 2, 2]; expected"));
  EXPECT_THAT(refusal("not_square"), HasSubstr("(5 pixels are no square picture)"));
}

TEST_F(OnnxClassifierTest, RefusesFilesWithOtherOutputs) {
  EXPECT_THAT(refusal("maps"), AllOf(HasSubstr("'output_probability', sequence of maps; expected"),
                                     HasSubstr("{'zipmap': False}")));
  EXPECT_THAT(refusal("labels"), HasSubstr("gives 'label', int64 [batch]; expected one float32"));
  EXPECT_THAT(refusal("two_outputs"), HasSubstr("one called 'probabilities'"));
  EXPECT_THAT(refusal("one_value"), HasSubstr("has 1 value for a picture"));
  EXPECT_THAT(refusal("not_finite"), HasSubstr("not finite"));
}

TEST_F(OnnxClassifierTest, RefusesMetadataThatDoesNotFit) {
  EXPECT_THAT(refusal("names"), HasSubstr("3 classes, but its metadata names 2"));
  EXPECT_THAT(refusal("scale"), HasSubstr("thimble.input_scale is 'bright', expected"));
  std::string bytes = onnx_bytes("exported");
  bytes.replace(bytes.find("\"height\": 2"), 11, "\"height\": 3");
  EXPECT_THAT(message_of<DataError>([&] { OnnxClassifier(bytes, "other.onnx"); }),
              HasSubstr("takes pictures of 2x2 grey, but its metadata says 3x2 grey"));
}

TEST_F(OnnxClassifierTest, SavesTheFileAsItWasReadAndLearnsNothing) {
  const auto model = load_classifier(onnx_file("flat"));
  model->save(folder_ / "copy.onnx");
  EXPECT_EQ(read_text(folder_ / "copy.onnx"), onnx_bytes("flat"));
  EXPECT_THAT(message_of<UsageError>([&] { model->save(folder_ / "model.safetensors"); }),
              HasSubstr("ends in .onnx"));
  EXPECT_THAT(message_of<UsageError>([&] { model->fit({}, {}); }),
              HasSubstr("flat.onnx: an ONNX file is run as it is"));
  EXPECT_THROW(model->predict_proba(Images({3, 3, 1}, 1)), ShapeError);
}

}  // namespace
}  // namespace thimble
