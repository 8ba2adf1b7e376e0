#include "onnx/session.hpp"

#include <algorithm>
#include <array>
#include <concepts>
#include <utility>

#include <fmt/format.h>
#include <onnxruntime_c_api.h>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "onnx/runtime_library.hpp"

namespace thimble::onnx {
namespace {

/// Something of the runtime's, with the function that gives it back.
template <class T>
using Handle = std::unique_ptr<T, void (*)(T*)>;

/// What refused is said in the exception; the runtime need not write to standard error as well.
void ORT_API_CALL say_nothing(void* /*unused*/, OrtLoggingLevel /*level*/, const char* /*category*/,
                              const char* /*id*/, const char* /*location*/,
                              const char* /*message*/) {}

/// The runtime's words, on one line that is not too long.
std::string in_short(std::string words) {
  constexpr std::size_t kLongest = 500;  // characters
  std::ranges::replace(words, '\n', ' ');
  if (words.size() > kLongest) words = words.substr(0, kLongest) + " ...";
  return words;
}

/// The functions of the runtime, with failures as exceptions that begin with a place.
class Runtime {
 public:
  explicit Runtime(std::string place) : api(*runtime_library().api), place_(std::move(place)) {}

  void check(OrtStatus* status) const {
    if (status == nullptr) return;
    const Handle<OrtStatus> held(status, api.ReleaseStatus);
    throw DataError(
        fmt::format("{}: ONNX Runtime: {}", place_, in_short(api.GetErrorMessage(status))));
  }

  /// Calls a function of the runtime whose last argument is where it puts what it makes.
  template <class T, class Make, class... Arguments>
  Handle<T> make(void (*release)(T*), const Make& function, const Arguments&... arguments) const {
    T* made = nullptr;
    check(function(arguments..., &made));
    return Handle<T>(made, release);
  }

  /// The same for a plain value.
  template <class T, class Get, class... Arguments>
  T get(const Get& function, const Arguments&... arguments) const {
    T value{};
    check(function(arguments..., &value));
    return value;
  }

  /// The same for a text that the runtime allocated.
  template <class Get, class... Arguments>
  std::string text(const Get& function, const Arguments&... arguments) const {
    auto* allocator = get<OrtAllocator*>(api.GetAllocatorWithDefaultOptions);
    char* words = nullptr;
    check(function(arguments..., allocator, &words));
    std::string copy = words == nullptr ? "" : words;
    free_text(allocator, words);
    return copy;
  }

  void free_text(OrtAllocator* allocator, void* words) const {
    if (words != nullptr) check(api.AllocatorFree(allocator, words));
  }

  const std::string& place() const { return place_; }

  const OrtApi& api;

 private:
  std::string place_;
};

std::string element_name(ONNXTensorElementDataType type) {
  // By the numbers that the format gives them.
  static constexpr std::array<const char*, 17> kNames = {
      "of unknown type", "float32", "uint8",   "int8",    "uint16",  "int16",
      "int32",           "int64",   "text",    "bool",    "float16", "float64",
      "uint32",          "uint64",  "complex", "complex", "bfloat16"};
  const auto number = static_cast<std::size_t>(type);
  return number < kNames.size() ? kNames[number] : "of unknown type";
}

ElementType element_type(ONNXTensorElementDataType type) {
  switch (type) {
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT:
      return ElementType::f32;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8:
      return ElementType::u8;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64:
      return ElementType::i64;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING:
      return ElementType::text;
    default:
      return ElementType::other;
  }
}

std::vector<std::int64_t> shape_of(const Runtime& runtime, const OrtTensorTypeAndShapeInfo* info) {
  std::vector<std::int64_t> shape(runtime.get<std::size_t>(runtime.api.GetDimensionsCount, info));
  runtime.check(runtime.api.GetDimensions(info, shape.data(), shape.size()));
  return shape;
}

std::string kind_name(ONNXType type) {
  switch (type) {
    case ONNX_TYPE_MAP:
      return "map";
    case ONNX_TYPE_SPARSETENSOR:
      return "sparse tensor";
    case ONNX_TYPE_OPTIONAL:
      return "optional value";
    default:
      return "value of unknown kind";
  }
}

/// "sequence of maps".
std::string sequence_name(const Runtime& runtime, const OrtTypeInfo* info) {
  const OrtApi& api = runtime.api;
  const auto* sequence =
      runtime.get<const OrtSequenceTypeInfo*>(api.CastTypeInfoToSequenceTypeInfo, info);
  const auto element =
      runtime.make<OrtTypeInfo>(api.ReleaseTypeInfo, api.GetSequenceElementType, sequence);
  const auto type = runtime.get<ONNXType>(api.GetOnnxTypeFromTypeInfo, element.get());
  return type == ONNX_TYPE_MAP ? "sequence of maps" : "sequence";
}

Port port_of(const Runtime& runtime, std::string name, const OrtTypeInfo* info) {
  const OrtApi& api = runtime.api;
  Port port;
  port.name = std::move(name);
  const auto kind = runtime.get<ONNXType>(api.GetOnnxTypeFromTypeInfo, info);
  if (kind != ONNX_TYPE_TENSOR) {
    port.type_name = kind == ONNX_TYPE_SEQUENCE ? sequence_name(runtime, info) : kind_name(kind);
    return port;
  }
  const auto* tensor =
      runtime.get<const OrtTensorTypeAndShapeInfo*>(api.CastTypeInfoToTensorInfo, info);
  const auto type = runtime.get<ONNXTensorElementDataType>(api.GetTensorElementType, tensor);
  port.type = element_type(type);
  port.type_name = element_name(type);
  port.shape = shape_of(runtime, tensor);
  return port;
}

std::map<std::string, std::string> metadata_of(const Runtime& runtime, const OrtSession* session) {
  const OrtApi& api = runtime.api;
  const auto metadata = runtime.make<OrtModelMetadata>(api.ReleaseModelMetadata,
                                                       api.SessionGetModelMetadata, session);
  auto* allocator = runtime.get<OrtAllocator*>(api.GetAllocatorWithDefaultOptions);
  char** keys = nullptr;
  std::int64_t count = 0;
  runtime.check(
      api.ModelMetadataGetCustomMetadataMapKeys(metadata.get(), allocator, &keys, &count));
  std::map<std::string, std::string> result;
  for (std::int64_t i = 0; i < count; ++i) {
    char* value = nullptr;
    runtime.check(
        api.ModelMetadataLookupCustomMetadataMap(metadata.get(), allocator, keys[i], &value));
    result[keys[i]] = value == nullptr ? "" : value;
    runtime.free_text(allocator, value);
    runtime.free_text(allocator, keys[i]);
  }
  runtime.free_text(allocator, keys);
  return result;
}

Output output_of(const Runtime& runtime, const std::string& name, OrtValue* value) {
  const OrtApi& api = runtime.api;
  const std::string where = fmt::format("{}: output '{}'", runtime.place(), name);
  if (runtime.get<ONNXType>(api.GetValueType, value) != ONNX_TYPE_TENSOR) {
    throw DataError(where + " is not a tensor");
  }
  const auto info = runtime.make<OrtTensorTypeAndShapeInfo>(api.ReleaseTensorTypeAndShapeInfo,
                                                            api.GetTensorTypeAndShape, value);
  Output output;
  output.name = name;
  output.shape = shape_of(runtime, info.get());
  const auto type = runtime.get<ONNXTensorElementDataType>(api.GetTensorElementType, info.get());
  const auto count = runtime.get<std::size_t>(api.GetTensorShapeElementCount, info.get());
  void* data = runtime.get<void*>(api.GetTensorMutableData, value);
  if (type == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT) {
    const auto* first = static_cast<const float*>(data);
    output.floats.assign(first, first + count);
  } else if (type == ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64) {
    const auto* first = static_cast<const std::int64_t*>(data);
    output.integers.assign(first, first + count);
  } else {
    throw DataError(fmt::format("{} is {}, expected float32 or int64", where, element_name(type)));
  }
  return output;
}

}  // namespace

class Session::Impl {
 public:
  Impl(std::span<const std::byte> bytes, const std::string& place, int threads)
      : facts_(read_file_facts(bytes, place)),
        runtime_(place),
        environment_(runtime_.make<OrtEnv>(api().ReleaseEnv, api().CreateEnvWithCustomLogger,
                                           say_nothing, nullptr, ORT_LOGGING_LEVEL_FATAL,
                                           "thimble")),
        session_(open(bytes, threads)),
        memory_(runtime_.make<OrtMemoryInfo>(api().ReleaseMemoryInfo, api().CreateCpuMemoryInfo,
                                             OrtDeviceAllocator, OrtMemTypeDefault)) {
    const auto inputs = runtime_.get<std::size_t>(api().SessionGetInputCount, session());
    for (std::size_t i = 0; i < inputs; ++i) {
      const auto info = runtime_.make<OrtTypeInfo>(api().ReleaseTypeInfo,
                                                   api().SessionGetInputTypeInfo, session(), i);
      inputs_.push_back(
          port_of(runtime_, runtime_.text(api().SessionGetInputName, session(), i), info.get()));
    }
    const auto outputs = runtime_.get<std::size_t>(api().SessionGetOutputCount, session());
    for (std::size_t i = 0; i < outputs; ++i) {
      const auto info = runtime_.make<OrtTypeInfo>(api().ReleaseTypeInfo,
                                                   api().SessionGetOutputTypeInfo, session(), i);
      outputs_.push_back(
          port_of(runtime_, runtime_.text(api().SessionGetOutputName, session(), i), info.get()));
    }
    metadata_ = metadata_of(runtime_, session());
  }

  template <class T>
  std::vector<Output> run(std::span<const T> input, std::span<const std::int64_t> shape,
                          std::span<const std::string> wanted) const {
    std::size_t elements = 1;
    for (const std::int64_t extent : shape) elements *= static_cast<std::size_t>(extent);
    if (elements != input.size()) {
      throw ShapeError(fmt::format("{}: an input of {} values, expected {}", runtime_.place(),
                                   input.size(), elements));
    }
    constexpr ONNXTensorElementDataType kType = std::same_as<T, float>
                                                    ? ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT
                                                    : ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8;
    // The runtime only reads it: inputs are no place for results.
    void* data = const_cast<T*>(input.data());
    const auto value = runtime_.make<OrtValue>(
        api().ReleaseValue, api().CreateTensorWithDataAsOrtValue, memory_.get(), data,
        input.size_bytes(), shape.data(), shape.size(), kType);
    return run(value.get(), wanted);
  }

  const FileFacts& facts() const { return facts_; }
  const std::vector<Port>& inputs() const { return inputs_; }
  const std::vector<Port>& outputs() const { return outputs_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

 private:
  const OrtApi& api() const { return runtime_.api; }
  OrtSession* session() const { return session_.get(); }

  Handle<OrtSession> open(std::span<const std::byte> bytes, int threads) const {
    const auto options =
        runtime_.make<OrtSessionOptions>(api().ReleaseSessionOptions, api().CreateSessionOptions);
    OrtSessionOptions* o = options.get();
    runtime_.check(api().SetIntraOpNumThreads(o, threads > 0 ? threads : thread_count()));
    runtime_.check(api().SetInterOpNumThreads(o, 1));
    runtime_.check(api().SetSessionGraphOptimizationLevel(o, ORT_ENABLE_ALL));
    // Threads that wait by spinning would take the cores from ours.
    runtime_.check(api().AddSessionConfigEntry(o, "session.intra_op.allow_spinning", "0"));
    return runtime_.make<OrtSession>(api().ReleaseSession, api().CreateSessionFromArray,
                                     environment_.get(), bytes.data(), bytes.size(), o);
  }

  std::vector<Output> run(const OrtValue* input, std::span<const std::string> wanted) const {
    const char* input_name = inputs_.at(0).name.c_str();
    std::vector<const char*> names;
    for (const std::string& name : wanted) names.push_back(name.c_str());
    std::vector<OrtValue*> values(wanted.size());
    OrtStatus* status = api().Run(session(), nullptr, &input_name, &input, 1, names.data(),
                                  names.size(), values.data());
    std::vector<Handle<OrtValue>> held;
    for (OrtValue* value : values) held.emplace_back(value, api().ReleaseValue);
    runtime_.check(status);
    std::vector<Output> outputs;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      outputs.push_back(output_of(runtime_, wanted[i], values[i]));
    }
    return outputs;
  }

  FileFacts facts_;
  Runtime runtime_;
  Handle<OrtEnv> environment_;
  Handle<OrtSession> session_;
  Handle<OrtMemoryInfo> memory_;
  std::vector<Port> inputs_;
  std::vector<Port> outputs_;
  std::map<std::string, std::string> metadata_;
};

Session::Session(std::span<const std::byte> bytes, const std::string& place, int threads)
    : impl_(std::make_unique<Impl>(bytes, place, threads)) {}
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

const std::vector<Port>& Session::inputs() const { return impl_->inputs(); }
const std::vector<Port>& Session::outputs() const { return impl_->outputs(); }
const std::map<std::string, std::string>& Session::metadata() const { return impl_->metadata(); }
const FileFacts& Session::facts() const { return impl_->facts(); }

std::vector<Output> Session::run(std::span<const float> input, std::span<const std::int64_t> shape,
                                 std::span<const std::string> wanted) const {
  return impl_->run(input, shape, wanted);
}

std::vector<Output> Session::run(std::span<const std::uint8_t> input,
                                 std::span<const std::int64_t> shape,
                                 std::span<const std::string> wanted) const {
  return impl_->run(input, shape, wanted);
}

std::string runtime_version() { return runtime_library().version; }

}  // namespace thimble::onnx
