#include <array>

#include "base/aligned_array.hpp"
#include "base/simd.hpp"
#include "classical/neighbor_search.hpp"

namespace thimble::classical {
namespace {

/// Products of one query with a block of rows to squared distances, in place, and the smallest of
/// each step. Exact: differences modulo 2^32 of what fits into 32 bits.
THIMBLE_SIMD_CLONES
void to_distances(std::uint32_t query_norm, const std::uint32_t* norms, std::uint32_t* products,
                  std::uint32_t* smallest) {
  for (std::size_t s = 0; s < kSteps; ++s) {
    std::uint32_t least = std::numeric_limits<std::uint32_t>::max();
    for (std::size_t j = s * kStep; j < (s + 1) * kStep; ++j) {
      const std::uint32_t distance = query_norm + norms[j] - 2 * products[j];
      products[j] = distance;
      least = distance < least ? distance : least;
    }
    smallest[s] = least;
  }
}

void look_through(std::uint32_t query_norm, std::span<const std::uint32_t> norms,
                  std::uint32_t* products, std::size_t begin, std::size_t end, Nearest& nearest) {
  std::array<std::uint32_t, kSteps> smallest;
  to_distances(query_norm, norms.data(), products, smallest.data());
  for (std::size_t s = 0; s * kStep < end - begin; ++s) {
    if (smallest[s] >= nearest.limit()) continue;
    for (std::size_t j = s * kStep; j < std::min((s + 1) * kStep, end - begin); ++j) {
      if (products[j] < nearest.limit()) {
        nearest.add({static_cast<double>(products[j]), static_cast<std::int32_t>(begin + j)});
      }
    }
  }
}

}  // namespace

ByteSearch::ByteSearch(const linalg::PackedBytes& rows, std::span<const std::uint8_t> queries)
    : rows_(rows), queries_(queries), norms_(linalg::squared_norms(queries, rows.dims())) {}

void ByteSearch::operator()(const Part& part, std::span<Nearest> nearest) const {
  const std::size_t d = rows_.dims();
  const std::size_t count = part.last - part.first;
  AlignedArray<std::uint32_t> products(count * kRowBlock);
  std::array<std::uint32_t, kRowBlock> norms{};
  for (std::size_t begin = part.begin; begin < part.end; begin += kRowBlock) {
    const std::size_t end = std::min(begin + kRowBlock, part.end);
    linalg::byte_products(queries_.subspan(part.first * d, count * d), count, rows_, begin, end,
                          products.data(), kRowBlock);
    std::ranges::copy(rows_.squared_norms().subspan(begin, end - begin), norms.begin());
    for (std::size_t i = 0; i < count; ++i) {
      look_through(norms_[part.first + i], norms, products.data() + i * kRowBlock, begin, end,
                   nearest[i]);
    }
  }
}

}  // namespace thimble::classical
