#include "classical/kernel_blocks.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/aligned_array.hpp"
#include "base/error.hpp"
#include "linalg/byte_products.hpp"
#include "linalg/products.hpp"

namespace thimble::classical {
namespace {

float squared_length(std::span<const float> row) {
  double sum = 0;
  for (const float value : row) sum += static_cast<double>(value) * static_cast<double>(value);
  return static_cast<float>(sum);
}

std::vector<float> squared_lengths(std::span<const float> rows, std::size_t n, std::size_t d) {
  std::vector<float> lengths(n);
  for (std::size_t i = 0; i < n; ++i) lengths[i] = squared_length(rows.subspan(i * d, d));
  return lengths;
}

std::vector<std::uint8_t> gather_bytes(const Features& features,
                                       std::span<const std::size_t> indices) {
  const std::size_t d = features.dims();
  std::vector<std::uint8_t> rows(indices.size() * d);
  for (std::size_t i = 0; i < indices.size(); ++i) {
    std::copy_n(features.bytes().data() + indices[i] * d, d, rows.data() + i * d);
  }
  return rows;
}

/// @param center  subtracted from every row; may be empty
/// @param rows    how many to make room for; those past `indices` are 0
std::vector<float> gather_values(const Features& features, std::span<const std::size_t> indices,
                                 std::span<const float> center, std::size_t rows) {
  const std::size_t d = features.dims();
  std::vector<float> gathered(rows * d);
  for (std::size_t i = 0; i < indices.size(); ++i) {
    float* to = gathered.data() + i * d;
    features.copy(indices[i], indices[i] + 1, to);
    for (std::size_t j = 0; j < center.size(); ++j) to[j] -= center[j];
  }
  return gathered;
}

std::vector<float> mean_of(const Features& features) {
  const std::size_t d = features.dims();
  std::vector<double> sums(d);
  std::vector<float> row(d);
  for (std::size_t i = 0; i < features.size(); ++i) {
    features.copy(i, i + 1, row.data());
    for (std::size_t j = 0; j < d; ++j) sums[j] += row[j];
  }
  std::vector<float> mean(d);
  for (std::size_t j = 0; j < d; ++j) {
    mean[j] = static_cast<float>(sums[j] / static_cast<double>(features.size()));
  }
  return mean;
}

}  // namespace

struct KernelBlocks::Block {
  std::size_t size = 0;
  linalg::PackedBytes bytes;       // or
  std::vector<float> values;       // float32 [size, d]
  std::vector<float> value_norms;  // float32 [size]
};

KernelBlocks::KernelBlocks(const Features& features,
                           std::span<const std::vector<std::size_t>> members, const Kernel& kernel)
    : kernel_(kernel),
      d_(features.dims()),
      of_bytes_(features.is_bytes()),
      exact_bytes_(of_bytes_ && d_ <= linalg::kLongestByteVector),
      scale_(features.scale()) {
  // Distances come from |x|^2 + |y|^2 - 2 x . y, which loses digits where samples lie far from the
  // origin; they do not change when all samples move.
  if (!exact_bytes_ && kernel.kind == KernelKind::rbf && features.size() > 0) {
    center_ = mean_of(features);
  }
  for (const std::vector<std::size_t>& indices : members) {
    Block block;
    block.size = indices.size();
    if (exact_bytes_) {
      block.bytes = linalg::PackedBytes(gather_bytes(features, indices), indices.size(), d_);
    } else {
      block.values = gather_values(features, indices, center_, indices.size());
      block.value_norms = squared_lengths(block.values, indices.size(), d_);
    }
    blocks_.push_back(std::move(block));
  }
}

KernelBlocks::KernelBlocks(KernelBlocks&&) noexcept = default;
KernelBlocks& KernelBlocks::operator=(KernelBlocks&&) noexcept = default;
KernelBlocks::~KernelBlocks() = default;

std::size_t KernelBlocks::blocks() const { return blocks_.size(); }

std::size_t KernelBlocks::size(std::size_t block) const { return blocks_[block].size; }

KernelQueries KernelBlocks::queries(const Features& features, std::span<const std::size_t> indices,
                                    Company company) const {
  if (features.is_bytes() != of_bytes_ || features.dims() != d_ || features.scale() != scale_) {
    throw ShapeError(fmt::format("kernel: {} features of {}, expected {} of {}", features.dims(),
                                 features.is_bytes() ? "bytes" : "floats", d_,
                                 of_bytes_ ? "bytes" : "floats"));
  }
  KernelQueries queries;
  queries.size = indices.size();
  if (exact_bytes_) {
    queries.bytes = gather_bytes(features, indices);
    if (queries.size > 0 && d_ > 0) queries.byte_norms = linalg::squared_norms(queries.bytes, d_);
    queries.byte_norms.resize(queries.size);
  } else {
    const std::size_t groups = (queries.size + kRows - 1) / kRows;
    const bool alone = company == Company::any && queries.size < kRows;
    queries.group = alone ? queries.size : kRows;
    queries.values = gather_values(features, indices, center_, groups * queries.group);
    queries.value_norms = squared_lengths(queries.values, queries.size, d_);
  }
  return queries;
}

void KernelBlocks::multiply(const KernelQueries& queries, std::size_t first, std::size_t last,
                            std::size_t block, std::size_t begin, std::size_t end,
                            float* const* out) const {
  if (begin == end) return;
  if (exact_bytes_) {
    multiply_bytes(queries, first, last, blocks_[block], begin, end, out);
  } else {
    multiply_values(queries, first, last, blocks_[block], begin, end, out);
  }
}

void KernelBlocks::multiply_bytes(const KernelQueries& queries, std::size_t first, std::size_t last,
                                  const Block& block, std::size_t begin, std::size_t end,
                                  float* const* out) const {
  const std::size_t columns = end - begin;
  thread_local AlignedArray<std::uint32_t> products(kRows * kColumns);
  const std::uint32_t* norms = block.bytes.squared_norms().data() + begin;
  for (std::size_t i = first; i < last; i += kRows) {
    const std::size_t rows = std::min(kRows, last - i);
    linalg::byte_products(std::span(queries.bytes).subspan(i * d_, rows * d_), rows, block.bytes,
                          begin, end, products.data(), kColumns);
    for (std::size_t r = 0; r < rows; ++r) {
      apply_kernel(kernel_, scale_, products.data() + r * kColumns, queries.byte_norms[i + r],
                   norms, columns, out[i - first + r]);
    }
  }
}

void KernelBlocks::multiply_values(const KernelQueries& queries, std::size_t first,
                                   std::size_t last, const Block& block, std::size_t begin,
                                   std::size_t end, float* const* out) const {
  const std::size_t columns = end - begin;
  thread_local std::vector<float> products;
  products.resize(kRows * kColumns);
  const float* norms = block.value_norms.data() + begin;
  const std::size_t group = queries.group;
  for (std::size_t i = first / group * group; i < last; i += group) {
    linalg::sgemm(linalg::Transpose::no, linalg::Transpose::yes, group, columns, d_, 1,
                  queries.values.data() + i * d_, d_, block.values.data() + begin * d_, d_, 0,
                  products.data(), columns);
    const std::size_t from = std::max(i, first);
    const std::size_t to = std::min(i + group, last);
    for (std::size_t r = from; r < to; ++r) {
      apply_kernel(kernel_, products.data() + (r - i) * columns, queries.value_norms[r], norms,
                   columns, out[r - first]);
    }
  }
}

}  // namespace thimble::classical
