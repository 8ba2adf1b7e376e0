// What the classical models see of pictures: n samples of d values each.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "linalg/matrix.hpp"

namespace thimble::classical {

/// n samples of d features: 8-bit values times one factor, so that models can use that they are
/// exact integers, or floats.
///
/// Bytes are borrowed from the pictures they came from, which must outlive this.
class Features {
 public:
  Features() = default;
  /// @param bytes  uint8 [n, d]
  /// @param scale  the value of a feature is its byte times this; > 0
  /// @throws ShapeError  if bytes.size() is no multiple of d
  Features(std::span<const std::uint8_t> bytes, std::size_t d, float scale);
  explicit Features(linalg::Matrix values);

  std::size_t size() const { return n_; }
  std::size_t dims() const { return d_; }

  /// True if the features are bytes() times scale(); else they are values().
  bool is_bytes() const { return is_bytes_; }
  std::span<const std::uint8_t> bytes() const { return bytes_; }
  float scale() const { return scale_; }
  const linalg::Matrix& values() const { return values_; }
  /// Gives the values away, to be changed where they are.
  linalg::Matrix take_values() && { return std::move(values_); }

  /// Writes the samples [begin, end) to `out`, float [end - begin, d].
  void copy(std::size_t begin, std::size_t end, float* out) const;

 private:
  std::size_t n_ = 0;
  std::size_t d_ = 0;
  bool is_bytes_ = false;
  std::span<const std::uint8_t> bytes_;
  float scale_ = 1;
  linalg::Matrix values_;
};

/// Features and the classes of their samples.
struct Samples {
  const Features& features;
  std::span<const std::int32_t> labels;  ///< int32 [n], in [0, classes)
  std::size_t classes;                   ///< some of them may have no sample

  std::size_t size() const { return labels.size(); }
};

/// The classes that have a sample, ascending.
std::vector<std::int32_t> present_classes(const Samples& samples);

}  // namespace thimble::classical
