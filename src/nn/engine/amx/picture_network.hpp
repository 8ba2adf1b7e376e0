// A network that takes one picture at a time through all its layers, on one thread, on AMX: what
// one layer puts out is still in the second-level cache when the next reads it, nothing waits for
// other threads, and a picture's answer has the same bits in whatever company it comes.
//
// Many pictures go through it 32 at a time where tiles are there and each layer has an operation
// for it: as in training (nn/engine/amx/layout.hpp), the pictures are then a tile's rows, none of
// which is left empty. The sums are the same in the same order, and so are the bits.
//
// Maps of one picture lie as bf16 [height + 2 border][width + 2 border][channels], the border zero.
// The rows of a tile are neighbouring positions in a row of a map.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "nn/engine/amx/product.hpp"
#include "nn/engine/program.hpp"
#include "nn/fusion.hpp"
#include "nn/graph.hpp"
#include "nn/network.hpp"

namespace thimble::nn::amx {

/// A map of one picture: one of a workspace's buffers, and how it lies there. Flat values are maps
/// of one position.
struct PictureMap {
  int buffer = -1;
  int channels = 0;  ///< padded
  int height = 1;
  int width = 1;
  int border = 0;

  std::size_t row() const {
    return static_cast<std::size_t>(width + 2 * border) * static_cast<std::size_t>(channels);
  }
  /// Values from the buffer's first to those of a position.
  std::size_t at(int y, int x) const {
    return static_cast<std::size_t>(y + border) * row() +
           static_cast<std::size_t>(x + border) * static_cast<std::size_t>(channels);
  }
  std::size_t size() const { return static_cast<std::size_t>(height + 2 * border) * row(); }
};

struct PictureProduct;

/// Buffers for one picture at a time.
class PictureWorkspace {
 public:
  Bf16* of(int buffer) { return buffers_[static_cast<std::size_t>(buffer)].get(); }
  Bf16* of(const PictureMap& map) { return of(map.buffer); }
  /// The same for 32 pictures.
  Bf16* block(int buffer) {
    return reinterpret_cast<Bf16*>(blocks_[static_cast<std::size_t>(buffer)].data());
  }
  Bf16* block(const PictureMap& map) { return block(map.buffer); }
  /// What the last layer puts out, fp32, padded.
  std::vector<float> out;
  /// The same of 32 pictures, not padded.
  std::vector<float> block_out;

 private:
  friend class PictureNetwork;
  struct Free {
    void operator()(Bf16* data) const;
  };
  std::vector<std::unique_ptr<Bf16, Free>> buffers_;
  std::vector<Block> blocks_;  // taken when they are first used
};

/// What is done with a product's sums, in this order.
struct PictureTail {
  std::vector<float> scale, shift;  ///< one a channel, padded: value * scale + shift
  bool pooled = false;              ///< then the largest of each 2x2
  bool pool_first = false;          ///< ... which is taken before scaling
  bool relu = false;
  std::optional<PictureMap> addend;  ///< like what is put out
  bool relu_at_end = false;          ///< behind the addend
};

class PictureNetwork {
 public:
  /// Null where kernel_choice() has another way for this processor and so many parameters, or a
  /// layer does not say how to take one picture.
  static std::unique_ptr<PictureNetwork> make(const Graph& graph, const ParameterValues& values);

  PictureWorkspace workspace() const;

  /// Takes new values for the same graph.
  void set_parameters(const ParameterValues& values);

  /// What the last layer puts out.
  /// @param pictures  uint8 [n, height, width, channels]
  /// @param out       float32 [n, size of the last layer]
  void run(const InputScaling& scaling, std::span<const std::uint8_t> pictures,
           std::span<float> out, PictureWorkspace& workspace) const;
  /// The same for input that is scaled: float32 [n, channels, height, width].
  void run(std::span<const float> input, std::span<float> out, PictureWorkspace& workspace) const;

  // What layers add themselves with: Layer::infer_picture().

  const Graph& graph() const { return graph_; }
  const Chain& chain(int layer) const { return chains_[static_cast<std::size_t>(layer)]; }
  const ParameterValues& values() const { return *values_; }
  /// What a layer puts out; of the input only where a layer is not a convolution that reads the
  /// picture itself.
  const PictureMap& value(int layer);
  /// The input as a vector in the order channels, height, width.
  PictureMap flat_input();
  void set_value(int layer, const PictureMap& map) { maps_[static_cast<std::size_t>(layer)] = map; }
  /// A new buffer for what a layer puts out.
  PictureMap new_map(const Shape& shape);
  /// A new buffer for values that lie as those of another map.
  PictureMap new_map_like(const PictureMap& map);

  /// A convolution or, as one with a kernel as large as the map, a dense layer.
  ///
  /// @param layer    its last one: puts out floats if that is the network's last
  /// @param target   its own output, before any pooling
  /// @param weights  as declared, [out, in / groups, kernel height, kernel width]
  PictureMap product(int layer, const PictureMap& source, const Shape& target,
                     const SlidingWindow& window, int groups, std::span<const float> weights,
                     PictureTail tail);
  /// A convolution of the network's input, whose kernel's rows fit into a tile (suits_picture()).
  PictureMap input_product(int layer, const Shape& target, const SlidingWindow& window,
                           std::span<const float> weights, PictureTail tail);
  using Operation = std::function<void(PictureWorkspace&)>;
  /// Any other operation.
  /// @param of_block  the same for 32 pictures; without it the network takes one at a time only
  void add(Operation operation, Operation of_block = nullptr) {
    operations_.push_back(std::move(operation));
    takes_blocks_ = takes_blocks_ && of_block;
    if (takes_blocks_) block_operations_.push_back(std::move(of_block));
  }

  /// Whether 32 pictures at a time take less time than one by one.
  bool takes_blocks() const { return takes_blocks_; }

 private:
  explicit PictureNetwork(const Graph& graph);
  bool build(const ParameterValues& values);
  int new_buffer(std::size_t size, std::size_t block_size);
  template <class Fill>
  void run_all(std::size_t pictures, std::span<float> out, PictureWorkspace& workspace,
               const Fill& fill) const;
  void take_blocks(PictureWorkspace& workspace) const;
  void add_float_output(const PictureMap& last);
  int last_channels(const PictureMap& last) const;
  /// @param of_block  the same product for 32 pictures, or null
  PictureMap add_products(std::vector<PictureProduct> products, int layer, const Shape& target,
                          PictureTail tail, std::shared_ptr<const Product> of_block);

  Graph graph_;
  std::vector<Chain> chains_;
  const ParameterValues* values_ = nullptr;  // while it is built
  bool ends_with_floats_ = false;            // a product fills the workspace's `out`
  int border_ = 0;                           // of all maps: the widest padding of any window
  std::vector<std::optional<PictureMap>> maps_;
  std::vector<std::size_t> buffer_sizes_, block_sizes_;
  int plain_ = -1;  // buffer of the scaled picture, [channels][height][width]
  std::vector<Operation> operations_, block_operations_;
  bool takes_blocks_ = false;
};

}  // namespace thimble::nn::amx
