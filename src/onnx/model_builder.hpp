// Making an ONNX file (https://onnx.ai): nodes, constants, an input of pictures, an output of
// probabilities.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace thimble::onnx {

using AttributeValue = std::variant<std::int64_t, float, std::string, std::vector<std::int64_t>,
                                    std::vector<float>, std::vector<std::string>>;
using Attributes = std::map<std::string, AttributeValue>;

/// Opset 13 of ai.onnx and 2 of ai.onnx.ml, which every ONNX Runtime since 1.8 (2021) runs.
inline constexpr int kOpset = 13;
inline constexpr int kMlOpset = 2;

/// Element types of tensors, by the numbers that the format gives them: what a Cast's `to` is.
enum class TensorElement : std::int64_t {
  f32 = 1,
  u8 = 2,
  i32 = 6,
  i64 = 7,
  boolean = 9,
  f64 = 11
};

/// Builds one file. A value is known by its name, which the builder gives out; names are distinct
/// and start with the hint.
class ModelBuilder {
 public:
  explicit ModelBuilder(std::string graph_name);
  ~ModelBuilder();
  ModelBuilder(ModelBuilder&&) noexcept;
  ModelBuilder& operator=(ModelBuilder&&) noexcept;

  /// The input "pictures", uint8 [batch, height, width, channels], with any number of pictures.
  std::string pictures(int height, int width, int channels);

  std::string constant(std::string_view hint, std::span<const float> values,
                       std::span<const std::int64_t> shape);
  std::string constant(std::string_view hint, std::span<const std::int64_t> values,
                       std::span<const std::int64_t> shape);
  std::string constant(std::string_view hint, std::span<const double> values,
                       std::span<const std::int64_t> shape);
  std::string constant(std::string_view hint, std::span<const std::uint8_t> values,
                       std::span<const std::int64_t> shape);
  /// A number, of shape [].
  std::string scalar(std::string_view hint, float value);
  /// A list, as for axes and shapes.
  std::string integers(std::string_view hint, const std::vector<std::int64_t>& values);

  /// A node with one output, whose name it returns.
  std::string node(std::string_view op, std::vector<std::string> inputs,
                   Attributes attributes = {});
  /// A node with `outputs` outputs.
  std::vector<std::string> nodes(std::string_view op, std::vector<std::string> inputs,
                                 Attributes attributes, std::size_t outputs);
  /// A node of ai.onnx.ml with `outputs` outputs.
  std::vector<std::string> ml_node(std::string_view op, std::vector<std::string> inputs,
                                   Attributes attributes, std::size_t outputs);

  /// What a loop's body makes of what it is given.
  struct Turn {
    std::string go_on;  ///< bool []: whether there is another turn
    std::string state;
  };
  /// Turns `state`, double of unknown shape, over and over until the body's go_on is false, at most
  /// `most` times. What was added before may be used within the body.
  /// @param body  adds nodes; is called once, with the name of the state before a turn
  /// @return      the state after the last turn
  std::string loop(std::int64_t most, const std::string& state,
                   const std::function<Turn(const std::string&)>& body);

  /// Names `value` as the output "probabilities", float32 [batch, classes].
  void probabilities(const std::string& value, int classes);
  /// Adds the outputs "top_probabilities", float32 [batch, k], and "top_classes", int64 [batch, k]:
  /// the k likeliest classes, the likeliest first. After probabilities().
  void top(int k);
  void metadata(std::string_view key, std::string_view value);

  /// The file's bytes. The same calls give the same bytes.
  /// @throws DataError  if it is larger than the 2 GiB that a file may have
  std::string finish() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace thimble::onnx
