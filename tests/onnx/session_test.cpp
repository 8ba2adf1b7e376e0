#include "onnx/session.hpp"

#include <cstdlib>
#include <string_view>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "onnx/onnx_files.hpp"
#include "onnx/runtime_library.hpp"
#include "temporary_folder.hpp"

namespace thimble::onnx {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;
using thimble::testing::onnx_bytes;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

Session open(const std::string& name, int threads = 1) {
  return Session(bytes_of(onnx_bytes(name)), name + ".onnx", threads);
}

const std::vector<std::string> kScores = {"scores"};

class SessionTest : public ::testing::Test {
 protected:
  void SetUp() override { THIMBLE_SKIP_WITHOUT_ONNX_RUNTIME(); }
};

TEST_F(SessionTest, DescribesInputsOutputsAndMetadata) {
  const Session session = open("exported");
  ASSERT_EQ(session.inputs().size(), 1u);
  EXPECT_EQ(session.inputs()[0].name, "input");
  EXPECT_EQ(session.inputs()[0].type, ElementType::u8);
  EXPECT_EQ(session.inputs()[0].type_name, "uint8");
  EXPECT_THAT(session.inputs()[0].shape, ElementsAre(-1, 2, 2, 1));
  ASSERT_EQ(session.outputs().size(), 1u);
  EXPECT_EQ(session.outputs()[0].type, ElementType::f32);
  EXPECT_THAT(session.outputs()[0].shape, ElementsAre(-1, 3));
  EXPECT_THAT(session.metadata(),
              UnorderedElementsAre(Pair("thimble.classes", R"(["ape", "bee", "cat"])"),
                                   Pair("thimble.description", HasSubstr("toy-net"))));
  EXPECT_EQ(session.facts().producer, "make_onnx_files");
  EXPECT_THAT(session.facts().opsets, ElementsAre(Pair("ai.onnx", 13)));
}

TEST_F(SessionTest, NamesWhatIsNoTensorOfFloats) {
  EXPECT_EQ(open("maps").outputs()[0].type_name, "sequence of maps");
  EXPECT_EQ(open("maps").outputs()[0].type, ElementType::other);
  EXPECT_EQ(open("text").inputs()[0].type, ElementType::text);
  EXPECT_EQ(open("labels").outputs()[0].type, ElementType::i64);
  EXPECT_THAT(open("any_size").inputs()[0].shape, ElementsAre(-1, 3, -1, -1));
  EXPECT_THAT(open("maps").facts().opsets, ElementsAre(Pair("ai.onnx", 13), Pair("ai.onnx.ml", 2)));
}

TEST_F(SessionTest, RunsFloatsAndGivesFloatsAndLabels) {
  const std::vector<float> input = {1, 0, 0, 0, 0, 0, 0, 2};
  const std::vector<std::int64_t> shape = {2, 4};
  const Output scores = open("one_value").run(input, shape, kScores).at(0);
  EXPECT_EQ(scores.name, "scores");
  EXPECT_THAT(scores.shape, ElementsAre(2, 1));
  EXPECT_THAT(scores.floats, ElementsAre(1, 2));
  const std::vector<std::string> label = {"label"};
  const Output labels = open("labels").run(input, shape, label).at(0);
  EXPECT_THAT(labels.shape, ElementsAre(2));
  EXPECT_EQ(labels.integers.size(), 2u);
  EXPECT_TRUE(labels.floats.empty());
}

TEST_F(SessionTest, RunsBytes) {
  const std::vector<std::uint8_t> input = {0, 0, 0, 0};
  const std::vector<std::int64_t> shape = {1, 2, 2, 1};
  const std::vector<std::string> wanted = {"probabilities"};
  const Output output = open("exported").run(input, shape, wanted).at(0);
  // The softmax of the script's biases.
  EXPECT_THAT(output.floats, ElementsAre(FloatNear(0.48102f, 1e-5f), FloatNear(0.22722f, 1e-5f),
                                         FloatNear(0.29176f, 1e-5f)));
}

TEST_F(SessionTest, RunsFromSeveralThreadsAtOnceAndOnSeveral) {
  const Session session = open("one_value", /*threads=*/2);
  std::vector<std::vector<float>> sums(4);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < sums.size(); ++t) {
    threads.emplace_back([&session, &sum = sums[t], t] {
      const std::vector<float> input(4, static_cast<float>(t));
      for (int i = 0; i < 20; ++i) {
        sum = session.run(input, std::vector<std::int64_t>{1, 4}, kScores).at(0).floats;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t t = 0; t < sums.size(); ++t) {
    EXPECT_THAT(sums[t], ElementsAre(4 * static_cast<float>(t)));
  }
}

TEST_F(SessionTest, SaysWhyARunIsRefused) {
  const Session session = open("one_value");
  const std::vector<float> input(4);
  EXPECT_THAT(message_of<ShapeError>([&] {
                session.run(input, std::vector<std::int64_t>{2, 4}, kScores);
              }),
              HasSubstr("one_value.onnx: an input of 4 values, expected 8"));
  EXPECT_THAT(message_of<DataError>([&] {
                session.run(input, std::vector<std::int64_t>{2, 2}, kScores);
              }),
              AllOf(HasSubstr("one_value.onnx: ONNX Runtime: "), HasSubstr("input")));
  EXPECT_THROW(session.run(input, std::vector<std::int64_t>{1, 4},
                           std::vector<std::string>{"no such output"}),
               DataError);
  EXPECT_THROW(session.run(std::vector<std::uint8_t>(4), std::vector<std::int64_t>{1, 4}, kScores),
               DataError);
  EXPECT_THAT(message_of<DataError>([&] {
                open("maps").run(input, std::vector<std::int64_t>{1, 4},
                                 std::vector<std::string>{"output_probability"});
              }),
              HasSubstr("output 'output_probability' is not a tensor"));
}

TEST_F(SessionTest, RefusesAGraphThatMakesNoSense) {
  std::string bytes = onnx_bytes("one_value");
  bytes.replace(bytes.find("ReduceSum"), 9, "ReduceSun");
  EXPECT_THAT(message_of<DataError>([&] { Session(bytes_of(bytes), "odd.onnx"); }),
              AllOf(HasSubstr("odd.onnx: ONNX Runtime: "), HasSubstr("ReduceSun")));
}

// Whatever is cut or changed, a file is opened or refused.
TEST_F(SessionTest, SurvivesDamagedFiles) {
  const std::string whole = onnx_bytes("channels_last");
  int refused = 0;
  for (std::size_t i = 0; i < whole.size(); i += 7) {
    std::string changed = whole;
    changed[i] = static_cast<char>(changed[i] ^ 0x55);
    for (const std::string& bytes : {whole.substr(0, i), changed}) {
      try {
        const Session session(bytes_of(bytes), "damaged.onnx", 1);
      } catch (const DataError& error) {
        ++refused;
        EXPECT_THAT(error.what(), HasSubstr("damaged.onnx: "));
      }
    }
  }
  EXPECT_GT(refused, 50);
}

TEST(FileFacts, RefuseWhatIsNoOnnxFile) {
  const auto refusal = [](const std::string& bytes) {
    return message_of<DataError>([&] { read_file_facts(bytes_of(bytes), "x.onnx"); });
  };
  EXPECT_THAT(refusal(""), HasSubstr("x.onnx: not an ONNX file"));
  EXPECT_THAT(refusal("\x89PNG\r\n\x1a\n no model"), HasSubstr("x.onnx: not an ONNX file"));
  EXPECT_THAT(refusal("version https://"), HasSubstr("x.onnx: not an ONNX file"));
  const std::string whole = onnx_bytes("exported");
  EXPECT_THAT(refusal(whole.substr(0, whole.size() / 2)), HasSubstr("cut short (440 B read)"));
  EXPECT_THAT(refusal(onnx_bytes("elsewhere")),
              AllOf(HasSubstr("weights"), HasSubstr("are in weights.bin"), HasSubstr("onnx.save")));
}

class RuntimeLibraryTest : public ::testing::Test {
 protected:
  RuntimeLibraryTest() {
    if (const char* value = std::getenv("THIMBLE_ONNXRUNTIME")) before_ = value;
  }
  ~RuntimeLibraryTest() override {
    if (before_.empty()) {
      unsetenv("THIMBLE_ONNXRUNTIME");
    } else {
      setenv("THIMBLE_ONNXRUNTIME", before_.c_str(), 1);
    }
  }
  static std::string failure(const std::string& file) {
    setenv("THIMBLE_ONNXRUNTIME", file.c_str(), 1);
    return message_of<FileError>([] { find_runtime_library(); });
  }

  TemporaryFolder folder_;

 private:
  std::string before_;
};

TEST_F(RuntimeLibraryTest, SaysWhatIsWrongWithTheFileThatTheUserNamed) {
  EXPECT_THAT(failure("/nonexistent/libonnxruntime.so"),
              AllOf(HasSubstr("/nonexistent/libonnxruntime.so"), HasSubstr("No such file"),
                    HasSubstr("THIMBLE_ONNXRUNTIME")));
  write_text(folder_ / "libonnxruntime.so", "no library");
  EXPECT_THAT(failure(folder_ / "libonnxruntime.so"),
              HasSubstr((folder_ / "libonnxruntime.so").string() + ": "));
  EXPECT_THAT(failure("libm.so.6"), HasSubstr("libm.so.6: is not ONNX Runtime"));
}

TEST_F(RuntimeLibraryTest, SaysWhereItWasLookedForAndWhatToDo) {
  unsetenv("THIMBLE_ONNXRUNTIME");
  try {
    EXPECT_FALSE(find_runtime_library().version.empty());
  } catch (const FileError& error) {
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr("/usr/local/lib/thimble"), HasSubstr("install-onnxruntime"),
                      HasSubstr("THIMBLE_ONNXRUNTIME")));
  }
}

}  // namespace
}  // namespace thimble::onnx
