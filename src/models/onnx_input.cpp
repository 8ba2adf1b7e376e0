#include "models/onnx_input.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.hpp"

namespace thimble {
namespace {

using onnx::ElementType;
using onnx::Port;

constexpr const char* kScaleKey = "thimble.input_scale";
constexpr const char* kExpected =
    "expected one input of uint8 or float32 pictures, [batch, height, width, channels], [batch, "
    "channels, height, width] or [batch, pixels], with 1 or 3 channels and a fixed height and "
    "width";
constexpr std::int64_t kLargestEdge = 4096;    // pixels
constexpr std::int64_t kLargestRun = 1 << 28;  // values of one fixed batch

bool is_edge(std::int64_t extent) { return extent >= 1 && extent <= kLargestEdge; }
bool is_channels(std::int64_t extent) { return extent == 1 || extent == 3; }

PictureShape shape(std::int64_t height, std::int64_t width, std::int64_t channels) {
  return {static_cast<int>(height), static_cast<int>(width), static_cast<int>(channels)};
}

/// Height and width of a square picture with so many pixels; 0 if there is none.
std::int64_t edge_of(std::int64_t pixels) {
  const auto edge = static_cast<std::int64_t>(std::lround(std::sqrt(static_cast<double>(pixels))));
  return pixels > 0 && edge * edge == pixels ? edge : 0;
}

}  // namespace

std::string to_string(const Port& port) {
  if (port.type == ElementType::other && port.shape.empty()) return port.type_name;
  std::vector<std::string> extents;
  for (const std::int64_t extent : port.shape) {
    extents.push_back(extent >= 0 ? std::to_string(extent) : extents.empty() ? "batch" : "?");
  }
  return fmt::format("{} [{}]", port.type_name, fmt::join(extents, ", "));
}

OnnxInput::OnnxInput(const onnx::Session& session, std::string place) : place_(std::move(place)) {
  const std::vector<Port>& inputs = session.inputs();
  if (inputs.size() != 1) {
    std::vector<std::string> found;
    for (const Port& port : inputs) {
      found.push_back(fmt::format("'{}', {}", port.name, to_string(port)));
    }
    throw DataError(fmt::format("{}: takes {} inputs ({}); {}", place_, inputs.size(),
                                fmt::join(found, "; "), kExpected));
  }
  port_ = inputs.front();
  read_layout(port_);
  if (port_.type == ElementType::f32) read_scale(session);
}

void OnnxInput::read_layout(const Port& port) {
  const auto refuse = [&](const std::string& problem) {
    throw DataError(fmt::format("{}: input '{}' is {}{}; {}", place_, port.name, to_string(port),
                                problem, kExpected));
  };
  if (port.type != ElementType::f32 && port.type != ElementType::u8) refuse("");
  const std::vector<std::int64_t>& extents = port.shape;
  if (extents.size() < 2 || extents.size() > 4) refuse("");
  for (std::size_t i = 1; i < extents.size(); ++i) {
    if (extents[i] < 1) refuse(", of no fixed size");
  }
  if (extents.size() == 2) {
    const std::int64_t edge = edge_of(extents[1]);
    if (!is_edge(edge)) refuse(fmt::format(" ({} pixels are no square picture)", extents[1]));
    picture_ = shape(edge, edge, 1);
  } else if (extents.size() == 3) {
    if (!is_edge(extents[1]) || !is_edge(extents[2])) refuse("");
    picture_ = shape(extents[1], extents[2], 1);
  } else {
    const bool last = is_channels(extents[3]) && is_edge(extents[1]) && is_edge(extents[2]);
    const bool first = is_channels(extents[1]) && is_edge(extents[2]) && is_edge(extents[3]);
    if (!last && !first) refuse("");
    // Of a shape that can be read both ways: bytes come as in picture files, floats as in PyTorch.
    channels_first_ = first && (!last || port.type == ElementType::f32);
    picture_ = channels_first_ ? shape(extents[2], extents[3], extents[1])
                               : shape(extents[1], extents[2], extents[3]);
  }
  if (extents[0] == 0) refuse("");
  if (extents[0] > 0) {
    if (extents[0] > kLargestRun / static_cast<std::int64_t>(picture_.size())) {
      refuse(", a batch too large");
    }
    fixed_batch_ = static_cast<std::size_t>(extents[0]);
  }
}

void OnnxInput::read_scale(const onnx::Session& session) {
  scale_ = 1.0 / 255;
  const auto found = session.metadata().find(kScaleKey);
  if (found == session.metadata().end()) return;
  const std::string& text = found->second;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), scale_);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(scale_) ||
      scale_ == 0) {
    throw DataError(fmt::format(
        "{}: metadata {} is '{}', expected what a pixel of 0 to 255 is multiplied by, such as 1",
        place_, kScaleKey, text));
  }
}

std::string OnnxInput::text() const {
  std::string text = fmt::format("'{}', {}", port_.name, to_string(port_));
  if (port_.type == ElementType::f32)
    text += fmt::format(", pixels of 0 to 255 times {:g}", scale_);
  return text;
}

template <class T>
std::vector<T> OnnxInput::values(const Images& pictures, std::size_t begin, std::size_t end,
                                 std::size_t rows) const {
  const std::size_t size = picture_.size();
  const std::size_t channels = channels_first_ ? static_cast<std::size_t>(picture_.channels) : 1;
  const std::size_t pixels = size / channels;
  std::array<T, 256> value_of;
  for (std::size_t pixel = 0; pixel < value_of.size(); ++pixel) {
    value_of[pixel] = static_cast<T>(static_cast<double>(pixel) * scale_);
  }
  std::vector<T> result(rows * size, value_of[0]);
  for (std::size_t i = begin; i < end; ++i) {
    const auto picture = pictures[i];
    T* to = result.data() + (i - begin) * size;
    for (std::size_t c = 0; c < channels; ++c) {
      for (std::size_t p = 0; p < pixels; ++p) {
        *to++ = value_of[picture[p * channels + c]];
      }
    }
  }
  return result;
}

onnx::Output OnnxInput::run(const onnx::Session& session, const Images& pictures, std::size_t begin,
                            std::size_t end, const std::string& wanted) const {
  const std::size_t rows = fixed_batch_ == 0 ? end - begin : fixed_batch_;
  std::vector<std::int64_t> extents = port_.shape;
  extents[0] = static_cast<std::int64_t>(rows);
  const std::array<std::string, 1> names = {wanted};
  if (port_.type == ElementType::f32) {
    return session.run(values<float>(pictures, begin, end, rows), extents, names).front();
  }
  const std::size_t size = picture_.size();
  if (channels_first_ || rows != end - begin) {
    return session.run(values<std::uint8_t>(pictures, begin, end, rows), extents, names).front();
  }
  return session.run(pictures.pixels().subspan(begin * size, rows * size), extents, names).front();
}

}  // namespace thimble
