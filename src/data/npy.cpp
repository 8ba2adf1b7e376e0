#include "data/npy.hpp"

#include <bit>
#include <string>
#include <type_traits>

#include <fmt/format.h>

#include "base/error.hpp"

namespace thimble {
namespace {

static_assert(std::endian::native == std::endian::little, "values are written as they are");

constexpr std::string_view kMagic("\x93NUMPY\x01\x00", 8);
/// Holds any shape of two 64-bit numbers, so that the number of rows can be put in at the end.
constexpr std::size_t kHeaderBytes = 128;

template <class T>
std::string header(std::uint64_t rows, std::optional<std::size_t> columns) {
  const char* type = std::is_same_v<T, float> ? "<f4" : "<i8";
  const std::string shape = columns ? fmt::format("({}, {})", rows, *columns)  //
                                    : fmt::format("({},)", rows);
  std::string text =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}", type, shape);
  constexpr std::size_t kTextBytes = kHeaderBytes - kMagic.size() - 2;
  text.resize(kTextBytes - 1, ' ');
  std::string all(kMagic);
  all += static_cast<char>(kTextBytes & 0xFF);
  all += static_cast<char>(kTextBytes >> 8);
  return all + text + '\n';
}

}  // namespace

template <class T>
NpyWriter<T>::NpyWriter(std::filesystem::path path, std::optional<std::size_t> columns)
    : file_(path), path_(std::move(path)), columns_(columns) {
  file_.write(header<T>(0, columns_));
}

template <class T>
void NpyWriter<T>::write(std::span<const T> values) {
  const std::size_t row = columns_.value_or(1);
  if (row == 0 || values.size() % row != 0) {
    throw ShapeError(
        fmt::format("{}: {} values, expected rows of {}", path_.string(), values.size(), row));
  }
  file_.write(std::as_bytes(values));
  rows_ += values.size() / row;
}

template <class T>
void NpyWriter<T>::commit() {
  const std::string text = header<T>(rows_, columns_);
  file_.overwrite(0, std::as_bytes(std::span(text)));
  file_.commit();
}

template class NpyWriter<float>;
template class NpyWriter<std::int64_t>;

}  // namespace thimble
