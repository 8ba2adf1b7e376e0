// What a foreign ONNX file wants to be given, and pictures brought to it.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "imaging/images.hpp"
#include "onnx/session.hpp"

namespace thimble {

/// The one input of an ONNX file that takes pictures:
///
///     [batch, height, width, channels] or [batch, channels, height, width], channels 1 or 3;
///     [batch, height, width], grey;
///     [batch, pixels], grey and as high as wide
///
/// of uint8 (0 to 255) or float32 (0 to 1, where the metadata's "thimble.input_scale" does not say
/// otherwise: what a pixel of 0 to 255 is multiplied by). Height and width are fixed; the batch may
/// be of any size or of a fixed one.
class OnnxInput {
 public:
  /// @param place  names the file in messages
  /// @throws DataError  if the file takes something else; says what it takes and what was expected
  OnnxInput(const onnx::Session& session, std::string place);

  const PictureShape& picture() const { return picture_; }
  /// Pictures that one run takes; 0: any number.
  std::size_t fixed_batch() const { return fixed_batch_; }
  /// For people: "float32 [batch, 1, 28, 28], pixels times 0.00392157".
  std::string text() const;

  /// Runs the file on the pictures [begin, end), as many as fixed_batch() at most; a fixed batch
  /// with fewer is filled up with black ones.
  /// @param wanted  the output's name
  onnx::Output run(const onnx::Session& session, const Images& pictures, std::size_t begin,
                   std::size_t end, const std::string& wanted) const;

 private:
  void read_layout(const onnx::Port& port);
  void read_scale(const onnx::Session& session);
  template <class T>
  std::vector<T> values(const Images& pictures, std::size_t begin, std::size_t end,
                        std::size_t rows) const;

  std::string place_;
  PictureShape picture_;
  onnx::Port port_;
  std::size_t fixed_batch_ = 0;
  bool channels_first_ = false;
  double scale_ = 1;  ///< of pixels
};

/// "float32 [batch, 1, 28, 28]".
std::string to_string(const onnx::Port& port);

}  // namespace thimble
