#include "classical/svm_decider.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/parallel.hpp"
#include "classical/kernel_blocks.hpp"
#include "classical/pairwise_coupling.hpp"
#include "linalg/products.hpp"

namespace thimble::classical {
namespace {

// Queries and support vectors are multiplied in tiles of this size: their kernel values stay in
// the second-level cache.
constexpr std::size_t kQueries = KernelBlocks::kRows;
constexpr std::size_t kVectors = 1024;
// Sums over this many vectors are float32, sums of those double. The coefficients of one class have
// one sign against another, so that large sums cancel at the end.
constexpr std::size_t kFloatSums = 32;

// Multiplications below which several threads take longer to start than they save.
constexpr std::size_t kWorthThreads = std::size_t{1} << 27;

}  // namespace

struct SvmDecider::Panels {
  struct Tile {
    std::size_t block;
    std::size_t begin;
    std::size_t end;
  };

  explicit Panels(const SvmModel& model);

  /// Adds the sums over one tile to double [queries.size, rows].
  void multiply(const KernelQueries& queries, const Tile& tile, std::span<double> sums) const;
  /// Sums over all: double [blocks, queries.size, rows].
  std::vector<double> multiply(const KernelQueries& queries, bool in_parallel) const;

  std::size_t rows;  // of coefficients
  KernelBlocks blocks;
  std::vector<std::vector<float>> coefficients;  // of each block, float32 [rows, size]
  std::vector<Tile> tiles;
};

namespace {

std::vector<std::vector<std::size_t>> consecutive(const std::vector<std::size_t>& counts) {
  std::vector<std::vector<std::size_t>> members;
  std::size_t begin = 0;
  for (const std::size_t count : counts) {
    members.emplace_back(count);
    std::iota(members.back().begin(), members.back().end(), begin);
    begin += count;
  }
  return members;
}

}  // namespace

SvmDecider::Panels::Panels(const SvmModel& model)
    : rows(model.classes.size() - 1),
      blocks(model.vectors(), consecutive(model.counts), model.kernel) {
  const std::size_t n = model.size();
  std::size_t begin = 0;
  for (std::size_t c = 0; c < blocks.blocks(); ++c) {
    const std::size_t count = model.counts[c];
    std::vector<float>& block = coefficients.emplace_back();
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t s = 0; s < count; ++s) {
        block.push_back(static_cast<float>(model.coefficients[r * n + begin + s]));
      }
    }
    begin += count;
    for (std::size_t t = 0; t < count; t += kVectors) {
      tiles.push_back({c, t, std::min(t + kVectors, count)});
    }
  }
}

void SvmDecider::Panels::multiply(const KernelQueries& queries, const Tile& tile,
                                  std::span<double> sums) const {
  const std::size_t columns = tile.end - tile.begin;
  thread_local std::vector<float> values;
  values.resize(kQueries * kVectors);
  std::vector<float*> out;
  for (std::size_t q = 0; q < queries.size; ++q) out.push_back(values.data() + q * columns);
  blocks.multiply(queries, 0, queries.size, tile.block, tile.begin, tile.end, out.data());
  std::vector<float> part(queries.size * rows);
  for (std::size_t begin = 0; begin < columns; begin += kFloatSums) {
    linalg::sgemm(linalg::Transpose::no, linalg::Transpose::yes, queries.size, rows,
                  std::min(kFloatSums, columns - begin), 1, values.data() + begin, columns,
                  coefficients[tile.block].data() + tile.begin + begin, blocks.size(tile.block), 0,
                  part.data(), rows);
    for (std::size_t i = 0; i < part.size(); ++i) sums[i] += static_cast<double>(part[i]);
  }
}

std::vector<double> SvmDecider::Panels::multiply(const KernelQueries& queries,
                                                 bool in_parallel) const {
  const std::size_t each = queries.size * rows;
  std::vector<double> of_tiles(tiles.size() * each);
  const auto multiply_tile = [&](std::size_t t) {
    multiply(queries, tiles[t], std::span(of_tiles).subspan(t * each, each));
  };
  if (in_parallel) {
    parallel_tasks(tiles.size(), multiply_tile);
  } else {
    for (std::size_t t = 0; t < tiles.size(); ++t) multiply_tile(t);
  }
  std::vector<double> total(blocks.blocks() * each);
  for (std::size_t t = 0; t < tiles.size(); ++t) {
    double* to = total.data() + tiles[t].block * each;
    for (std::size_t i = 0; i < each; ++i) to[i] += of_tiles[t * each + i];
  }
  return total;
}

SvmDecider::SvmDecider(const SvmModel& model)
    : model_(model), panels_(std::make_unique<Panels>(model)) {}

SvmDecider::~SvmDecider() = default;

void SvmDecider::decide(
    const Features& features,
    const std::function<void(std::size_t, std::span<const double>)>& use) const {
  const std::size_t n = features.size();
  const std::size_t k = model_.classes.size();
  const std::size_t groups = (n + kQueries - 1) / kQueries;
  const bool many = groups >= static_cast<std::size_t>(thread_count());
  const auto decide_group = [&](std::size_t group) {
    const std::size_t begin = group * kQueries;
    std::vector<std::size_t> indices(std::min(kQueries, n - begin));
    std::iota(indices.begin(), indices.end(), begin);
    const KernelQueries queries = panels_->blocks.queries(features, indices, Company::any);
    const bool share = !many && indices.size() * model_.size() * model_.dims >= kWorthThreads;
    const std::vector<double> sums = panels_->multiply(queries, share);
    std::vector<double> decisions(model_.pairs());
    for (std::size_t q = 0; q < indices.size(); ++q) {
      // The sums over class c's vectors with coefficients r.
      const auto sum = [&](std::size_t c, std::size_t r) {
        return sums[(c * indices.size() + q) * (k - 1) + r];
      };
      std::size_t p = 0;
      for (std::size_t i = 0; i < k; ++i) {
        for (std::size_t j = i + 1; j < k; ++j, ++p) {
          decisions[p] = sum(i, j - 1) + sum(j, i) - model_.rho[p];
        }
      }
      use(begin + q, decisions);
    }
  };
  // Few queries go one group after another, with the threads sharing the support vectors.
  if (many) {
    parallel_tasks(groups, decide_group);
  } else {
    for (std::size_t group = 0; group < groups; ++group) decide_group(group);
  }
}

std::vector<double> SvmDecider::decision_values(const Features& features) const {
  const std::size_t pairs = model_.pairs();
  std::vector<double> all(features.size() * pairs);
  decide(features, [&](std::size_t sample, std::span<const double> decisions) {
    std::ranges::copy(decisions, all.begin() + static_cast<std::ptrdiff_t>(sample * pairs));
  });
  return all;
}

std::size_t vote(std::span<const double> decision_values, std::size_t classes) {
  std::vector<std::size_t> votes(classes);
  std::size_t p = 0;
  for (std::size_t i = 0; i < classes; ++i) {
    for (std::size_t j = i + 1; j < classes; ++j) ++votes[decision_values[p++] > 0 ? i : j];
  }
  return static_cast<std::size_t>(std::ranges::max_element(votes) - votes.begin());
}

void vote_shares(std::span<const double> decision_values, std::span<double> out) {
  const std::size_t classes = out.size();
  std::vector<double> sums(classes);
  std::ranges::fill(out, 1.0 / 3);
  std::size_t p = 0;
  for (std::size_t i = 0; i < classes; ++i) {
    for (std::size_t j = i + 1; j < classes; ++j, ++p) {
      out[decision_values[p] > 0 ? i : j] += 1;
      sums[i] += decision_values[p];
      sums[j] -= decision_values[p];
    }
  }
  double total = 0;
  for (std::size_t c = 0; c < classes; ++c) {
    out[c] += sums[c] / (3 * (std::abs(sums[c]) + 1));
    total += out[c];
  }
  for (double& share : out) share /= total;
  std::iter_swap(std::ranges::max_element(out),
                 out.begin() + static_cast<std::ptrdiff_t>(vote(decision_values, classes)));
}

void coupled_probabilities(const SvmModel& model, std::span<const double> decision_values,
                           std::span<double> out) {
  constexpr double kLeast = 1e-7;  // libsvm's
  const std::size_t k = out.size();
  std::vector<double> pairwise(k * k);
  std::size_t p = 0;
  for (std::size_t i = 0; i < k; ++i) {
    for (std::size_t j = i + 1; j < k; ++j, ++p) {
      const double probability = std::clamp(model.platt[p](decision_values[p]), kLeast, 1 - kLeast);
      pairwise[i * k + j] = probability;
      pairwise[j * k + i] = 1 - probability;
    }
  }
  couple_pairwise(pairwise, out);
}

}  // namespace thimble::classical
