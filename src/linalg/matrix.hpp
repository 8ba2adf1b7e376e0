// Blocks of floats with rows and columns.

#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace thimble::linalg {

/// float32 [rows, columns], row-major, contiguous.
class Matrix {
 public:
  Matrix() = default;
  /// All zero.
  Matrix(std::size_t rows, std::size_t columns)
      : rows_(rows), columns_(columns), values_(rows * columns) {}

  std::size_t rows() const { return rows_; }
  std::size_t columns() const { return columns_; }
  std::span<const float> operator[](std::size_t row) const {
    return std::span(values_).subspan(row * columns_, columns_);
  }
  std::span<float> operator[](std::size_t row) {
    return std::span(values_).subspan(row * columns_, columns_);
  }
  const float* data() const { return values_.data(); }
  float* data() { return values_.data(); }
  std::span<const float> values() const { return values_; }
  std::span<float> values() { return values_; }

 private:
  std::size_t rows_ = 0;
  std::size_t columns_ = 0;
  std::vector<float> values_;
};

}  // namespace thimble::linalg
