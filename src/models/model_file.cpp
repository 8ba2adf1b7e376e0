#include "models/model_file.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <fstream>
#include <limits>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

namespace thimble {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

static_assert(std::endian::native == std::endian::little,
              "tensors are stored as they lie in memory");

constexpr std::uint64_t kLengthBytes = 8;
constexpr std::uint64_t kLargestHeader = 100'000'000;  // the limit of the safetensors library
constexpr std::uint64_t kDataAlignment = 64;
constexpr int kDeepestHeader = 3;  // {"name": {"shape": [...]}}
constexpr const char* kMetadataKey = "__metadata__";

struct TypeName {
  TensorType type;
  std::string_view name;
  std::size_t bytes;
};

constexpr std::array kTypes = {
    TypeName{TensorType::f32, "F32", 4},   TypeName{TensorType::f64, "F64", 8},
    TypeName{TensorType::bf16, "BF16", 2}, TypeName{TensorType::i64, "I64", 8},
    TypeName{TensorType::i32, "I32", 4},   TypeName{TensorType::u8, "U8", 1}};

const TypeName& entry_of(TensorType type) {
  return *std::find_if(kTypes.begin(), kTypes.end(),
                       [&](const TypeName& entry) { return entry.type == type; });
}

/// A tensor as the header announces it; offsets count from the first byte after the header.
struct Announced {
  std::string name;
  TensorType type = TensorType::f32;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

struct Header {
  std::vector<Announced> tensors;  ///< in the order of their bytes
  std::map<std::string, std::string> metadata;
};

/// Product of the sizes in bytes. False if it does not fit or a size is negative.
bool byte_count(TensorType type, std::span<const std::int64_t> shape, std::uint64_t& bytes) {
  std::uint64_t product = element_size(type);
  bool fits = true;
  bool empty = false;
  for (const std::int64_t size : shape) {
    if (size < 0) return false;
    empty = empty || size == 0;
    std::uint64_t next = 0;
    fits = fits && !__builtin_mul_overflow(product, static_cast<std::uint64_t>(size), &next);
    product = next;
  }
  bytes = empty ? 0 : product;
  return fits || empty;
}

/// A value for a message: all of it if short.
std::string brief(const json& value) {
  constexpr std::size_t kLongest = 60;
  const std::string text = value.dump(-1, ' ', true);  // ASCII, so that it can be cut anywhere
  return text.size() <= kLongest ? text : text.substr(0, kLongest) + "...";
}

std::string shape_text(std::span<const std::int64_t> shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  }
  return text + "]";
}

template <class T>
Tensor make_tensor(TensorType type, std::span<const T> values, std::vector<std::int64_t> shape) {
  std::uint64_t bytes = 0;
  if (!byte_count(type, shape, bytes) || bytes != values.size_bytes()) {
    throw ShapeError(std::to_string(values.size()) + " values do not fill a tensor of shape " +
                     shape_text(shape));
  }
  const std::span<const std::byte> raw = std::as_bytes(values);
  return Tensor{type, std::move(shape), {raw.begin(), raw.end()}};
}

/// Parses the JSON, refusing what a plain parse would let pass: keys that come twice, and nesting
/// so deep that it could only be meant to exhaust the memory.
json parse_json(std::string_view text, const std::string& place) {
  std::vector<std::set<std::string>> keys;
  const auto check = [&](int depth, json::parse_event_t event, json& parsed) {
    if (depth > kDeepestHeader) throw DataError(place + ": the header is nested too deeply");
    if (event == json::parse_event_t::object_start) keys.emplace_back();
    if (event == json::parse_event_t::object_end) keys.pop_back();
    if (event == json::parse_event_t::key && !keys.back().insert(parsed).second) {
      throw DataError(place + ": the header names " + brief(parsed) + " twice");
    }
    return true;
  };
  if (!text.starts_with('{')) throw DataError(place + ": the header is not a JSON object");
  try {
    return json::parse(text, check);
  } catch (const json::exception& error) {
    throw DataError(place + ": the header is not valid JSON (" + error.what() + ")");
  }
}

std::map<std::string, std::string> read_metadata(const json& table, const std::string& place) {
  if (!table.is_object()) throw DataError(place + ": the metadata is not a table of texts");
  std::map<std::string, std::string> metadata;
  for (const auto& [key, value] : table.items()) {
    if (!value.is_string()) {
      throw DataError(place + ": metadata " + brief(key) + " is a " + value.type_name() +
                      ", expected a text");
    }
    metadata.emplace(key, value.get<std::string>());
  }
  return metadata;
}

TensorType read_type(const json& value, const std::string& place) {
  std::string known;
  for (const TypeName& entry : kTypes) {
    if (value == entry.name) return entry.type;
    known += (known.empty() ? "" : ", ") + std::string(entry.name);
  }
  throw DataError(place + ": type " + brief(value) + ", expected one of " + known);
}

std::uint64_t read_count(const json& value, const char* what, const std::string& place) {
  if (!value.is_number_unsigned() ||
      value.get<std::uint64_t>() > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
    throw DataError(place + ": " + what + " " + brief(value) + ", expected a whole number");
  }
  return value.get<std::uint64_t>();
}

const json& member(const json& table, const char* key, const std::string& place) {
  const auto found = table.find(key);
  if (found == table.end()) throw DataError(place + ": no '" + key + "'");
  return *found;
}

Announced read_tensor(const std::string& name, const json& table, const std::string& file) {
  const std::string place = file + ": tensor " + brief(name);
  if (!table.is_object()) throw DataError(place + ": got " + brief(table) + ", expected a table");
  if (table.size() > 3) throw DataError(place + ": more than dtype, shape and data_offsets");
  Announced tensor{name, read_type(member(table, "dtype", place), place), {}, 0, 0};

  const json& shape = member(table, "shape", place);
  if (!shape.is_array()) throw DataError(place + ": the shape is not a list");
  for (const json& size : shape) {
    tensor.shape.push_back(static_cast<std::int64_t>(read_count(size, "size", place)));
  }
  const json& offsets = member(table, "data_offsets", place);
  if (!offsets.is_array() || offsets.size() != 2) {
    throw DataError(place + ": data_offsets is not a list of two numbers");
  }
  tensor.begin = read_count(offsets[0], "offset", place);
  tensor.end = read_count(offsets[1], "offset", place);

  std::uint64_t bytes = 0;
  if (!byte_count(tensor.type, tensor.shape, bytes)) {
    throw DataError(place + ": shape " + shape_text(tensor.shape) + " is too large");
  }
  if (tensor.begin > tensor.end || tensor.end - tensor.begin != bytes) {
    throw DataError(place + ": offsets " + std::to_string(tensor.begin) + " to " +
                    std::to_string(tensor.end) + " do not hold the " + std::to_string(bytes) +
                    " bytes of shape " + shape_text(tensor.shape));
  }
  return tensor;
}

/// Sorts the tensors by place and makes sure that they tile the data exactly.
void check_layout(std::vector<Announced>& tensors, std::uint64_t data_bytes,
                  const std::string& place) {
  std::sort(tensors.begin(), tensors.end(), [](const Announced& a, const Announced& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::uint64_t covered = 0;
  for (const Announced& tensor : tensors) {
    if (tensor.begin != covered) {
      throw DataError(place + ": tensor " + brief(tensor.name) + " starts at byte " +
                      std::to_string(tensor.begin) + " of the data, expected " +
                      std::to_string(covered) + ", where the one before ends");
    }
    covered = tensor.end;
  }
  if (covered != data_bytes) {
    throw DataError(place + ": " + std::to_string(data_bytes) + " bytes of tensors, expected " +
                    std::to_string(covered) + (data_bytes < covered ? "; is it cut short?" : ""));
  }
}

Header parse_header(std::string_view text, std::uint64_t data_bytes, const std::string& place) {
  const json root = parse_json(text, place);
  Header header;
  for (const auto& [key, value] : root.items()) {
    if (key == kMetadataKey) {
      header.metadata = read_metadata(value, place);
    } else {
      header.tensors.push_back(read_tensor(key, value, place));
    }
  }
  check_layout(header.tensors, data_bytes, place);
  return header;
}

/// Reads a whole model from `read(offset, destination)`, a file of `size` bytes.
template <class Read>
ModelFile read_model(std::uint64_t size, const std::string& place, const Read& read) {
  if (size < kLengthBytes) {
    throw DataError(place + ": " + std::to_string(size) +
                    " bytes, too short for a model file; is it cut short?");
  }
  std::uint64_t header_bytes = 0;
  read(0, std::as_writable_bytes(std::span(&header_bytes, 1)));
  if (header_bytes > kLargestHeader) {
    throw DataError(place + ": no model file (it would have a header of " +
                    std::to_string(header_bytes) + " bytes; at most " +
                    std::to_string(kLargestHeader) + " are allowed)");
  }
  if (header_bytes > size - kLengthBytes) {
    throw DataError(place + ": a header of " + std::to_string(header_bytes) +
                    " bytes in a file of " + std::to_string(size) + "; is it cut short?");
  }
  std::string text(header_bytes, '\0');
  read(kLengthBytes, std::as_writable_bytes(std::span(text)));
  const std::uint64_t data_begin = kLengthBytes + header_bytes;
  Header header = parse_header(text, size - data_begin, place);

  ModelFile file;
  file.metadata = std::move(header.metadata);
  for (Announced& announced : header.tensors) {
    Tensor tensor{announced.type, std::move(announced.shape), {}};
    tensor.data.resize(announced.end - announced.begin);
    read(data_begin + announced.begin, std::span(tensor.data));
    file.tensors.emplace(std::move(announced.name), std::move(tensor));
  }
  return file;
}

using Item = std::pair<const std::string, Tensor>;

/// The tensors in the order in which their bytes are written.
std::vector<const Item*> writing_order(const ModelFile& file) {
  std::vector<const Item*> order;
  for (const Item& item : file.tensors) order.push_back(&item);
  std::stable_sort(order.begin(), order.end(), [](const Item* a, const Item* b) {
    return element_size(a->second.type) > element_size(b->second.type);
  });
  return order;
}

std::string header_text(const ModelFile& file, std::span<const Item* const> order,
                        const std::string& place) {
  json header = json::object();
  if (!file.metadata.empty()) header[kMetadataKey] = file.metadata;
  std::uint64_t offset = 0;
  for (const Item* item : order) {
    const auto& [name, tensor] = *item;
    std::uint64_t bytes = 0;
    if (!byte_count(tensor.type, tensor.shape, bytes) || bytes != tensor.data.size() ||
        name == kMetadataKey) {
      throw DataError(place + ": tensor '" + name + "' of shape " + shape_text(tensor.shape) +
                      " and " + std::to_string(tensor.data.size()) + " bytes cannot be written");
    }
    header[name] = {{"dtype", entry_of(tensor.type).name},
                    {"shape", tensor.shape},
                    {"data_offsets", {offset, offset + bytes}}};
    offset += bytes;
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const json::exception&) {
    throw DataError(place + ": a tensor's name or the metadata is not valid UTF-8");
  }
  const std::uint64_t unpadded = kLengthBytes + text.size();
  text.append((kDataAlignment - unpadded % kDataAlignment) % kDataAlignment, ' ');
  if (text.size() > kLargestHeader) {
    throw DataError(place + ": the header has " + std::to_string(text.size()) + " bytes, at most " +
                    std::to_string(kLargestHeader) + " are allowed");
  }
  return text;
}

}  // namespace

std::size_t element_size(TensorType type) { return entry_of(type).bytes; }

Tensor Tensor::from(std::span<const float> values, std::vector<std::int64_t> shape) {
  return make_tensor(TensorType::f32, values, std::move(shape));
}
Tensor Tensor::from(std::span<const double> values, std::vector<std::int64_t> shape) {
  return make_tensor(TensorType::f64, values, std::move(shape));
}
Tensor Tensor::from(std::span<const std::int32_t> values, std::vector<std::int64_t> shape) {
  return make_tensor(TensorType::i32, values, std::move(shape));
}
Tensor Tensor::from(std::span<const std::int64_t> values, std::vector<std::int64_t> shape) {
  return make_tensor(TensorType::i64, values, std::move(shape));
}
Tensor Tensor::from(std::span<const std::uint8_t> values, std::vector<std::int64_t> shape) {
  return make_tensor(TensorType::u8, values, std::move(shape));
}

template <class T>
std::span<const T> Tensor::as() const {
  constexpr TensorType wanted = std::is_same_v<T, float>           ? TensorType::f32
                                : std::is_same_v<T, double>        ? TensorType::f64
                                : std::is_same_v<T, std::uint16_t> ? TensorType::bf16
                                : std::is_same_v<T, std::int64_t>  ? TensorType::i64
                                : std::is_same_v<T, std::int32_t>  ? TensorType::i32
                                                                   : TensorType::u8;
  if (type != wanted) {
    throw DataError("a tensor of type " + std::string(entry_of(type).name) + ", expected " +
                    std::string(entry_of(wanted).name));
  }
  return {reinterpret_cast<const T*>(data.data()), data.size() / sizeof(T)};
}

template std::span<const float> Tensor::as<float>() const;
template std::span<const double> Tensor::as<double>() const;
template std::span<const std::uint16_t> Tensor::as<std::uint16_t>() const;
template std::span<const std::int64_t> Tensor::as<std::int64_t>() const;
template std::span<const std::int32_t> Tensor::as<std::int32_t>() const;
template std::span<const std::uint8_t> Tensor::as<std::uint8_t>() const;

void save_model_file(const fs::path& path, const ModelFile& file) {
  const std::vector<const Item*> order = writing_order(file);
  const std::string header = header_text(file, order, path.string());
  const std::uint64_t header_bytes = header.size();

  AtomicFile out(path);
  out.write(std::as_bytes(std::span(&header_bytes, 1)));
  out.write(header);
  for (const Item* item : order) out.write(std::span(item->second.data));
  out.commit();
}

ModelFile parse_model_file(std::span<const std::byte> bytes, const std::string& place) {
  return read_model(bytes.size(), place, [&](std::uint64_t offset, std::span<std::byte> out) {
    if (!out.empty()) std::memcpy(out.data(), bytes.data() + offset, out.size());
  });
}

ModelFile load_model_file(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) {
    throw FileError(path.string() + ": " +
                    (fs::exists(path, error) ? "not a file" : "no such model file"));
  }
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  const std::streamoff size = in ? std::streamoff(in.tellg()) : -1;
  if (size < 0) throw FileError(path.string() + ": cannot be read (permission?)");
  return read_model(static_cast<std::uint64_t>(size), path.string(),
                    [&](std::uint64_t offset, std::span<std::byte> out) {
                      in.seekg(static_cast<std::streamoff>(offset));
                      in.read(reinterpret_cast<char*>(out.data()),
                              static_cast<std::streamsize>(out.size()));
                      if (!in) throw FileError(path.string() + ": ended while it was read");
                    });
}

}  // namespace thimble
