// Kernel values between some samples and blocks of others, by blocked matrix products: exact 8-bit
// ones where the features are bytes (linalg/byte_products.hpp), float32 otherwise (and for bytes
// whose products do not fit into 32 bits).

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "classical/features.hpp"
#include "classical/kernel.hpp"

namespace thimble::classical {

/// Samples laid out to be multiplied with KernelBlocks.
struct KernelQueries {
  std::size_t size = 0;
  std::size_t group = 0;                  ///< rows of floats that are multiplied at a time
  std::vector<std::uint8_t> bytes;        ///< uint8 [size, d]; or
  std::vector<float> values;              ///< float32 [size rounded up, d]
  std::vector<std::uint32_t> byte_norms;  ///< uint32 [size]
  std::vector<float> value_norms;         ///< float32 [size]
};

/// Matrix products of floats may add in another order where fewer rows are multiplied.
enum class Company {
  alike,  ///< a sample's kernel values are the same in whatever company; few cost as much as many
  any,    ///< the last digits may differ; a few samples cost less
};

/// Samples in blocks (such as one a class), laid out once and multiplied with many others.
///
/// Thread safety: const functions may be called from several threads at once.
class KernelBlocks {
 public:
  /// @param members  for each block, which of `features` it holds, in this order
  KernelBlocks(const Features& features, std::span<const std::vector<std::size_t>> members,
               const Kernel& kernel);
  KernelBlocks(KernelBlocks&&) noexcept;
  KernelBlocks& operator=(KernelBlocks&&) noexcept;
  ~KernelBlocks();

  const Kernel& kernel() const { return kernel_; }
  std::size_t dims() const { return d_; }
  std::size_t blocks() const;
  std::size_t size(std::size_t block) const;

  /// Lays out the samples `indices` of `features`.
  /// @throws ShapeError  if the features are not of the kind given to the constructor
  KernelQueries queries(const Features& features, std::span<const std::size_t> indices,
                        Company company) const;

  /// Kernel values of the queries [first, last) with a block's samples [begin, end), on the calling
  /// thread.
  /// @param begin  a multiple of linalg::kByteProductsPanel
  /// @param end    at most begin + kColumns
  /// @param out    a pointer for each query: where its value with sample `begin` goes
  void multiply(const KernelQueries& queries, std::size_t first, std::size_t last,
                std::size_t block, std::size_t begin, std::size_t end, float* const* out) const;

  /// Work is cut into pieces of at most this many queries and samples of a block: the products of
  /// one piece stay in the second-level cache until they are kernel values.
  static constexpr std::size_t kRows = 96;
  static constexpr std::size_t kColumns = 2048;

 private:
  struct Block;

  void multiply_bytes(const KernelQueries& queries, std::size_t first, std::size_t last,
                      const Block& block, std::size_t begin, std::size_t end,
                      float* const* out) const;
  void multiply_values(const KernelQueries& queries, std::size_t first, std::size_t last,
                       const Block& block, std::size_t begin, std::size_t end,
                       float* const* out) const;

  Kernel kernel_;
  std::size_t d_ = 0;
  bool of_bytes_ = false;     // what the features are
  bool exact_bytes_ = false;  // what is multiplied
  float scale_ = 1;
  std::vector<float> center_;
  std::vector<Block> blocks_;
};

}  // namespace thimble::classical
