#include "models/onnx/hog.hpp"

#include <cstdint>
#include <numbers>
#include <vector>

#include "models/onnx/operators.hpp"

namespace thimble {
namespace {

using classical::Hog;
using classical::HogNorm;
using onnx::constant;
using onnx::ModelBuilder;
using onnx::TensorElement;

using Integers = std::vector<std::int64_t>;

/// The nodes of one HOG step, in the order of classical::Hog::compute(): gradients, their lengths
/// and orientations, votes in cells, blocks.
class HogNodes {
 public:
  HogNodes(ModelBuilder& builder, const Hog& hog, const PictureShape& shape)
      : b_(builder), hog_(hog), shape_(shape) {}

  std::string features(const std::string& pictures) {
    const Gradient gradient = longest_of_channels(gradients(pictures));
    const std::string cells = histograms(gradient);
    return normalized(blocks(cells));
  }

 private:
  /// Each float32 [batch, channels, height, width].
  struct Gradient {
    std::string dx, dy, squares;
  };

  std::string op(const char* name, std::vector<std::string> inputs,
                 onnx::Attributes attributes = {}) {
    return b_.node(name, std::move(inputs), std::move(attributes));
  }
  std::string number(float value) { return b_.scalar("number", value); }
  std::string where(const std::string& condition, const std::string& yes, const std::string& no) {
    return op("Where", {condition, yes, no});
  }
  /// [batch, channels, rows from `top` on, columns from `left` on] of the framed levels.
  std::string part(const std::string& framed, std::int64_t top, std::int64_t left) {
    return op("Slice", {framed, b_.integers("begin", {top, left}),
                        b_.integers("end", {top + shape_.height, left + shape_.width}),
                        b_.integers("axes", {2, 3})});
  }

  Gradient gradients(const std::string& pictures) {
    const std::string channels_first =
        op("Transpose", {pictures}, {{"perm", Integers{0, 3, 1, 2}}});
    const std::string levels =
        op("Gather", {constant(b_, "levels", hog_.levels(), {hog_.levels().size()}),
                      cast(b_, channels_first, TensorElement::i32)});
    const std::string framed =
        op("Pad", {levels, b_.integers("frame", {0, 0, 1, 1, 0, 0, 1, 1})}, {{"mode", "edge"}});
    Gradient gradient;
    gradient.dx = op("Sub", {part(framed, 1, 2), part(framed, 1, 0)});
    gradient.dy = op("Sub", {part(framed, 2, 1), part(framed, 0, 1)});
    gradient.squares =
        op("Add", {op("Mul", {gradient.dx, gradient.dx}), op("Mul", {gradient.dy, gradient.dy})});
    return gradient;
  }

  Gradient longest_of_channels(const Gradient& all) {
    if (shape_.channels == 1) return all;
    const std::string longest = op("ArgMax", {all.squares}, {{"axis", std::int64_t{1}}});
    const auto of_longest = [&](const std::string& value) {
      return op("GatherElements", {value, longest}, {{"axis", std::int64_t{1}}});
    };
    return {of_longest(all.dx), of_longest(all.dy), of_longest(all.squares)};
  }

  /// The gradients' places among the orientations, from 0 to their number.
  std::string places(const Gradient& gradient) {
    const std::string u = op("Abs", {gradient.dx});
    const std::string v = op("Abs", {gradient.dy});
    const std::string larger = op("Max", {u, v});
    const std::string divisor = where(op("Greater", {larger, number(0)}), larger, number(1));
    const std::string ratio = op("Div", {op("Min", {u, v}), divisor});
    constexpr float kTurnsPerRadian = static_cast<float>(0.5 / std::numbers::pi);
    std::string turns = op("Mul", {op("Atan", {ratio}), number(kTurnsPerRadian)});
    turns = where(op("Greater", {v, u}), op("Sub", {number(0.25F), turns}), turns);
    turns = where(op("Less", {gradient.dx, number(0)}), op("Sub", {number(0.5F), turns}), turns);
    turns = where(op("Less", {gradient.dy, number(0)}), op("Sub", {number(1), turns}), turns);
    const auto bins = static_cast<float>(hog_.options().orientations);
    const std::string place =
        op("Mul", {turns, number(hog_.options().is_signed ? bins : 2 * bins)});
    const std::string within =
        where(op("Less", {place, number(bins)}), place, op("Sub", {place, number(bins)}));
    if (hog_.options().interpolate) return within;
    return op("Floor", {op("Add", {within, number(0.5F)})});
  }

  /// What share of its vote a gradient gives each orientation: 1 less the distance around the
  /// circle, where that is less than 1. float32 [batch, bins, height, width].
  std::string orientation_shares(const Gradient& gradient) {
    const auto bins = static_cast<std::size_t>(hog_.options().orientations);
    std::vector<float> numbers(bins);
    for (std::size_t i = 0; i < bins; ++i) numbers[i] = static_cast<float>(i);
    const std::string distance =
        op("Abs",
           {op("Sub", {places(gradient), constant(b_, "orientations", numbers, {1, bins, 1, 1})})});
    const std::string around =
        op("Min", {distance, op("Sub", {number(static_cast<float>(bins)), distance})});
    return op("Max", {op("Sub", {number(1), around}), number(0)});
  }

  /// float32 [batch, cell rows, cell columns, bins].
  std::string histograms(const Gradient& gradient) {
    std::string votes = op("Sqrt", {gradient.squares});
    if (hog_.options().orientations > 1) {
      votes = op("Mul", {votes, orientation_shares(gradient)});
    }
    const auto shares = [&](const char* hint, const linalg::Matrix& matrix) {
      return constant(b_, hint, std::vector<float>(matrix.values().begin(), matrix.values().end()),
                      {matrix.rows(), matrix.columns()});
    };
    // [batch, bins, height, cell columns], then [batch, bins, cell columns, cell rows]
    const std::string by_columns =
        op("MatMul", {votes, shares("column_shares", hog_.column_shares())});
    const std::string turned = op("Transpose", {by_columns}, {{"perm", Integers{0, 1, 3, 2}}});
    const std::string cells = op("MatMul", {turned, shares("row_shares", hog_.row_shares())});
    return op("Transpose", {cells}, {{"perm", Integers{0, 3, 2, 1}}});
  }

  /// float32 [batch, blocks, values of a block].
  std::string blocks(const std::string& cells) {
    const classical::HogOptions& options = hog_.options();
    Integers indices;
    for (int i = 0; i < hog_.block_rows(); ++i) {
      for (int j = 0; j < hog_.block_columns(); ++j) {
        for (int r = 0; r < options.block; ++r) {
          for (int c = 0; c < options.block; ++c) {
            const int cell =
                (i * options.stride + r) * hog_.cell_columns() + j * options.stride + c;
            for (int o = 0; o < options.orientations; ++o) {
              indices.push_back(std::int64_t{1} * cell * options.orientations + o);
            }
          }
        }
      }
    }
    const auto count = static_cast<std::size_t>(hog_.block_rows()) *
                       static_cast<std::size_t>(hog_.block_columns());
    const std::string flat = op("Flatten", {cells}, {{"axis", std::int64_t{1}}});
    const std::size_t size = indices.size() / count;
    return op("Gather", {flat, constant(b_, "blocks", indices, {count, size})},
              {{"axis", std::int64_t{1}}});
  }

  /// float32 [batch, dims].
  std::string normalized(std::string values) {
    const classical::HogOptions& options = hog_.options();
    const auto epsilon = static_cast<float>(options.epsilon);
    const auto by_length = [&](const std::string& v) {
      const std::string squares = onnx::sum(b_, op("Mul", {v, v}), 2, true);
      return op("Div", {v, op("Sqrt", {op("Add", {squares, number(epsilon * epsilon)})})});
    };
    if (options.norm == HogNorm::l1sqrt) {
      const std::string total = op("Add", {onnx::sum(b_, values, 2, true), number(epsilon)});
      values = op("Sqrt", {op("Div", {values, total})});
    } else {
      values = by_length(values);
      if (options.norm == HogNorm::l2hys) {
        values = by_length(op("Min", {values, number(classical::kHysteresisLimit)}));
      }
    }
    if (options.weight != 1) {
      values = op("Mul", {values, number(static_cast<float>(options.weight))});
    }
    return op("Flatten", {values}, {{"axis", std::int64_t{1}}});
  }

  ModelBuilder& b_;
  const Hog& hog_;
  PictureShape shape_;
};

}  // namespace

std::string add_hog(ModelBuilder& builder, const Hog& hog, const PictureShape& shape,
                    const std::string& pictures) {
  return HogNodes(builder, hog, shape).features(pictures);
}

}  // namespace thimble
