#include "models/model_file.hpp"

#include <bit>
#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/error.hpp"
#include "temporary_folder.hpp"

namespace thimble {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

ModelFile example() {
  ModelFile file;
  const std::vector<float> weights = {1.5f, -2, 0, 3e30f, -0.0f, 1e-40f};
  const std::vector<std::uint8_t> pixels = {0, 127, 255};
  const std::vector<std::int32_t> labels = {-1, INT32_MAX};
  const std::vector<std::int64_t> counts = {INT64_MIN};
  const std::vector<double> scalar = {0.1};
  file.tensors["conv1.weight"] = Tensor::from(weights, {2, 3});
  file.tensors["a.pixels"] = Tensor::from(pixels, {3, 1});
  file.tensors["labels"] = Tensor::from(labels, {2});
  file.tensors["counts"] = Tensor::from(counts, {1, 1});
  file.tensors["z.scalar"] = Tensor::from(scalar, {});
  file.tensors["empty"] = Tensor::from(std::span<const float>(), {4, 0});
  file.tensors["half"] = Tensor{TensorType::bf16, {1}, {std::byte{0x80}, std::byte{0x3f}}};
  file.metadata = {{"thimble.format", "1"}, {"note", "\"quoted\" and Ümlaut\n"}};
  return file;
}

bool same(const ModelFile& a, const ModelFile& b) {
  return a.metadata == b.metadata &&
         std::equal(a.tensors.begin(), a.tensors.end(), b.tensors.begin(), b.tensors.end(),
                    [](const auto& x, const auto& y) {
                      return x.first == y.first && x.second.type == y.second.type &&
                             x.second.shape == y.second.shape && x.second.data == y.second.data;
                    });
}

std::string bytes_of(const ModelFile& file) {
  const TemporaryFolder folder;
  save_model_file(folder / "m.safetensors", file);
  return read_text(folder / "m.safetensors");
}

ModelFile parse(const std::string& bytes) {
  return parse_model_file(std::as_bytes(std::span(bytes)), "m.safetensors");
}

/// A file with that header, its length in front, and `data_bytes` bytes behind.
std::string with_header(const std::string& header, std::size_t data_bytes) {
  const std::uint64_t length = header.size();
  std::string bytes(sizeof length, '\0');
  std::memcpy(bytes.data(), &length, sizeof length);
  return bytes + header + std::string(data_bytes, '\x01');
}

std::string refusal(const std::string& header, std::size_t data_bytes) {
  return message_of<DataError>([&] { parse(with_header(header, data_bytes)); });
}

TEST(ModelFile, RoundTrips) {
  const TemporaryFolder folder;
  save_model_file(folder / "m.safetensors", example());
  const ModelFile loaded = load_model_file(folder / "m.safetensors");
  EXPECT_TRUE(same(loaded, example()));
  EXPECT_THAT(loaded.tensors.at("labels").as<std::int32_t>(), ElementsAre(-1, INT32_MAX));
  EXPECT_THAT(loaded.tensors.at("z.scalar").as<double>(), ElementsAre(0.1));
  EXPECT_THAT(loaded.tensors.at("half").as<std::uint16_t>(), ElementsAre(0x3f80));
  EXPECT_THROW(loaded.tensors.at("labels").as<float>(), DataError);
}

TEST(ModelFile, TheSameContentGivesTheSameBytes) {
  EXPECT_EQ(bytes_of(example()), bytes_of(example()));
}

TEST(ModelFile, AlignsEveryTensor) {
  const std::string bytes = bytes_of(example());
  std::uint64_t header = 0;
  std::memcpy(&header, bytes.data(), sizeof header);
  EXPECT_EQ((sizeof header + header) % 64, 0u);
  const std::string text = bytes.substr(sizeof header, header);
  EXPECT_THAT(text, StartsWith("{\"__metadata__\":{"));
  EXPECT_THAT(text, HasSubstr(R"("counts":{"data_offsets":[0,8],"dtype":"I64","shape":[1,1]})"));
  EXPECT_THAT(text, HasSubstr(R"("z.scalar":{"data_offsets":[8,16],"dtype":"F64","shape":[]})"));
  EXPECT_THAT(text,
              HasSubstr(R"("conv1.weight":{"data_offsets":[16,40],"dtype":"F32","shape":[2,3]})"));
}

RC_GTEST_PROP(ModelFile, AnyTensorsRoundTrip, ()) {
  ModelFile file;
  const auto names = *rc::gen::container<std::set<std::string>>(
      rc::gen::container<std::string>(rc::gen::inRange<char>(1, 127)));
  for (const std::string& name : names) {
    const auto type = *rc::gen::element(TensorType::f32, TensorType::f64, TensorType::bf16,
                                        TensorType::i64, TensorType::i32, TensorType::u8);
    const auto shape = *rc::gen::resize(
        4, rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(0, 5)));
    std::size_t count = element_size(type);
    for (const std::int64_t size : shape) count *= static_cast<std::size_t>(size);
    file.tensors[name] = {type, shape, std::vector<std::byte>(count, std::byte{7})};
    file.metadata[name] = name;
  }
  RC_ASSERT(same(parse(bytes_of(file)), file));
}

// The layout that Python's safetensors writes, byte for byte: keys in no particular order, the
// header padded with spaces to a multiple of 8.
TEST(ModelFile, ReadsWhatPythonWrites) {
  const std::string header =
      R"({"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
      R"("a":{"dtype":"U8","shape":[1,3],"data_offsets":[8,11]}}  )";
  const float values[] = {1.0f, -2.5f};
  std::string data(11, '\x05');
  std::memcpy(data.data(), values, sizeof values);
  const ModelFile file = parse(with_header(header, 0) + data);
  EXPECT_EQ(file.metadata.at("format"), "pt");
  EXPECT_THAT(file.tensors.at("b").as<float>(), ElementsAre(1.0f, -2.5f));
  EXPECT_THAT(file.tensors.at("a").as<std::uint8_t>(), ElementsAre(5, 5, 5));
  EXPECT_THAT(file.tensors.at("a").shape, ElementsAre(1, 3));
}

TEST(ModelFile, EveryCutIsNoticed) {
  const std::string bytes = bytes_of(example());
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_THROW(parse(bytes.substr(0, length)), DataError) << length;
  }
  EXPECT_THROW(parse(bytes + "x"), DataError);
}

TEST(ModelFile, SaysThatAFileIsCutShort) {
  const std::string bytes = bytes_of(example());
  EXPECT_THAT(message_of<DataError>([&] { parse(bytes.substr(0, 5)); }),
              HasSubstr("is it cut short?"));
  EXPECT_THAT(message_of<DataError>([&] { parse(bytes.substr(0, 70)); }),
              HasSubstr("is it cut short?"));
  EXPECT_THAT(message_of<DataError>([&] { parse(bytes.substr(0, bytes.size() - 1)); }),
              HasSubstr("is it cut short?"));
}

// Whatever is damaged, the file is refused or holds tensors that agree with their shapes.
RC_GTEST_PROP(ModelFile, DamageNeverCrashes, ()) {
  static const std::string kWhole = bytes_of(example());
  std::string bytes = kWhole;
  const int damages = *rc::gen::inRange(1, 8);
  for (int i = 0; i < damages; ++i) {
    const auto place = *rc::gen::inRange<std::size_t>(0, bytes.size());
    bytes[place] = *rc::gen::oneOf(rc::gen::arbitrary<char>(),
                                   rc::gen::element('0', '9', ',', '"', '[', ']', '{', '}', '-'));
  }
  try {
    for (const auto& [name, tensor] : parse(bytes).tensors) {
      std::size_t size = element_size(tensor.type);
      for (const std::int64_t edge : tensor.shape) size *= static_cast<std::size_t>(edge);
      RC_ASSERT(size == tensor.data.size());
    }
  } catch (const DataError&) {
  }
}

TEST(ModelFile, RefusesLyingHeaders) {
  const std::string f32 = R"("dtype":"F32")";
  EXPECT_THAT(refusal("[]", 0), HasSubstr("not a JSON object"));
  EXPECT_THAT(refusal("{\"a\"", 0), HasSubstr("not valid JSON"));
  EXPECT_THAT(refusal("{\"\xff\":1}", 0), HasSubstr("not valid JSON"));
  EXPECT_THAT(refusal(R"({"a":1})", 0), HasSubstr("tensor \"a\": got 1, expected a table"));
  EXPECT_THAT(refusal(R"({"a":{)" + f32 + R"(,"shape":[1],"data_offsets":[0,4]},"a":{)" + f32 +
                          R"(,"shape":[1],"data_offsets":[4,8]}})",
                      8),
              HasSubstr("names \"a\" twice"));
  EXPECT_THAT(refusal(R"({"a":{)" + f32 + R"(,"shape":[1]}})", 4), HasSubstr("no 'data_offsets'"));
  EXPECT_THAT(refusal(R"({"a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}})", 2),
              HasSubstr("type \"F16\", expected one of F32"));
  EXPECT_THAT(refusal(R"({"a":{)" + f32 + R"(,"shape":[-1],"data_offsets":[0,4]}})", 4),
              HasSubstr("size -1, expected a whole number"));
  EXPECT_THAT(refusal(R"({"a":{)" + f32 + R"(,"shape":[1.0],"data_offsets":[0,4]}})", 4),
              HasSubstr("expected a whole number"));
  EXPECT_THAT(refusal(R"({"a":{)" + f32 + R"(,"shape":[2],"data_offsets":[0,4]}})", 4),
              HasSubstr("do not hold the 8 bytes of shape [2]"));
  EXPECT_THAT(refusal(R"({"a":{)" + f32 + R"(,"shape":[1],"data_offsets":[4,0]}})", 4),
              HasSubstr("do not hold"));
  EXPECT_THAT(
      refusal(R"({"a":{)" + f32 + R"(,"shape":[4294967296,4294967296],"data_offsets":[0,0]}})", 0),
      HasSubstr("is too large"));
  EXPECT_THAT(refusal(R"({"__metadata__":{"a":1}})", 0), HasSubstr("metadata \"a\" is a number"));
  EXPECT_THAT(refusal(R"({"__metadata__":[]})", 0), HasSubstr("metadata is not a table"));
  EXPECT_THAT(refusal(std::string(50'000, '['), 0), HasSubstr("not a JSON object"));
  EXPECT_THAT(refusal("{\"a\":" + std::string(50'000, '['), 0), HasSubstr("nested too deeply"));
}

TEST(ModelFile, RefusesOverlapsAndGaps) {
  const auto two = [](const char* first, const char* second, std::size_t data_bytes) {
    return refusal(std::string(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":)") + first +
                       R"(},"b":{"dtype":"U8","shape":[4],"data_offsets":)" + second + "}}",
                   data_bytes);
  };
  EXPECT_THAT(two("[0,4]", "[2,6]", 6), HasSubstr("tensor \"b\" starts at byte 2"));
  EXPECT_THAT(two("[0,4]", "[0,4]", 4), HasSubstr("starts at byte 0"));
  EXPECT_THAT(two("[0,4]", "[8,12]", 12), HasSubstr("starts at byte 8"));
  EXPECT_THAT(two("[4,8]", "[8,12]", 12), HasSubstr("starts at byte 4"));
  EXPECT_THAT(two("[0,4]", "[4,8]", 9), HasSubstr("9 bytes of tensors, expected 8"));
}

TEST(ModelFile, RefusesHugeHeaders) {
  std::string bytes(64, '\xff');
  EXPECT_THAT(message_of<DataError>([&] { parse(bytes); }), HasSubstr("no model file"));
  const std::uint64_t length = 100'000'001;
  std::memcpy(bytes.data(), &length, sizeof length);
  EXPECT_THAT(message_of<DataError>([&] { parse(bytes); }), HasSubstr("no model file"));
}

TEST(ModelFile, RefusesToWriteNonsense) {
  const TemporaryFolder folder;
  const auto save = [&](const ModelFile& file) { save_model_file(folder / "m.safetensors", file); };
  ModelFile file;
  file.tensors["a"] = Tensor{TensorType::f32, {2}, std::vector<std::byte>(4)};
  EXPECT_THROW(save(file), DataError);
  file = {};
  file.tensors["__metadata__"] = Tensor{TensorType::u8, {1}, std::vector<std::byte>(1)};
  EXPECT_THROW(save(file), DataError);
  file = {};
  file.metadata["a"] = "\xff";
  EXPECT_THROW(save(file), DataError);
  EXPECT_FALSE(std::filesystem::exists(folder / "m.safetensors"));
  const std::vector<float> values(3);
  EXPECT_THROW(Tensor::from(values, {2}), ShapeError);
  EXPECT_THROW(Tensor::from(values, {-3}), ShapeError);
}

TEST(ModelFile, NamesFilesThatCannotBeRead) {
  const TemporaryFolder folder;
  EXPECT_THAT(message_of<FileError>([&] { load_model_file(folder / "none"); }),
              HasSubstr("none: no such model file"));
  EXPECT_THAT(message_of<FileError>([&] { load_model_file(folder.path()); }),
              HasSubstr("not a file"));
  EXPECT_THROW(save_model_file(folder / "no/such/folder", example()), FileError);
}

}  // namespace
}  // namespace thimble
