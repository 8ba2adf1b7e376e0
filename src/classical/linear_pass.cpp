#include "classical/linear_pass.hpp"

#include <algorithm>

#include "base/parallel.hpp"
#include "base/simd.hpp"

namespace thimble::classical {
namespace {

/// Runs of blocks that share one sum: enough for the threads of a large machine, as long as their
/// sums do not take too much memory.
constexpr std::size_t kMostRuns = 64;
constexpr std::size_t kFewestRuns = 8;
constexpr std::size_t kSumsBytes = std::size_t{64} << 20;
/// Multiplications below which a run is not worth a thread's attention.
constexpr std::size_t kLeastWork = 1'000'000;

std::size_t rounded_up(std::size_t n, std::size_t multiple) {
  return (n + multiple - 1) / multiple * multiple;
}

THIMBLE_SIMD_CLONES
void convert(const std::uint8_t* from, std::size_t n, float scale, float* to) {
  for (std::size_t i = 0; i < n; ++i) to[i] = static_cast<float>(from[i]) * scale;
}
THIMBLE_SIMD_CLONES
void convert(const std::uint8_t* from, std::size_t n, float scale, double* to) {
  for (std::size_t i = 0; i < n; ++i) {
    to[i] = static_cast<double>(static_cast<float>(from[i]) * scale);
  }
}
void convert(const float* from, std::size_t n, float* to) { std::copy(from, from + n, to); }
THIMBLE_SIMD_CLONES
void convert(const float* from, std::size_t n, double* to) {
  for (std::size_t i = 0; i < n; ++i) to[i] = static_cast<double>(from[i]);
}

}  // namespace

/// One thread's memory.
template <class Number>
struct LinearPass::Scratch {
  AlignedArray<Number> x;  ///< [kBlockRows, padded inputs]
  AlignedArray<Number> z;  ///< [padded outputs, kBlockRows]
};

LinearPass::LinearPass(const Features& features, std::size_t outputs, float constant)
    : features_(features),
      outputs_(outputs),
      inputs_(features.dims() + (constant != 0 ? 1 : 0)),
      constant_(constant),
      padded_outputs_(rounded_up(outputs, kOutputMultiple)),
      padded_inputs_(rounded_up(inputs_, kFeatureMultiple)) {}

template <class Number>
AlignedArray<Number> LinearPass::padded(std::span<const double> weights) const {
  AlignedArray<Number> result(padded_outputs_ * padded_inputs_);
  for (std::size_t c = 0; c < outputs_; ++c) {
    std::ranges::transform(weights.subspan(c * inputs_, inputs_),
                           result.data() + c * padded_inputs_,
                           [](double w) { return static_cast<Number>(w); });
  }
  return result;
}

template <class Number>
void LinearPass::load(BlockRows rows, Scratch<Number>& scratch) const {
  if (scratch.x.empty()) {
    scratch.x = AlignedArray<Number>(kBlockRows * padded_inputs_);
    scratch.z = AlignedArray<Number>(padded_outputs_ * kBlockRows);
  }
  const std::size_t d = features_.dims();
  for (std::size_t r = 0; r < rows.size; ++r) {
    Number* row = scratch.x.data() + r * padded_inputs_;
    const std::size_t first = (rows.begin + r) * d;
    if (features_.is_bytes()) {
      convert(features_.bytes().data() + first, d, features_.scale(), row);
    } else {
      convert(features_.values().data() + first, d, row);
    }
    if (constant_ != 0) row[d] = static_cast<Number>(constant_);
  }
}

template <class Number, class Weigh>
void LinearPass::sum_blocks(const Weigh& weigh, std::span<double> sums, std::span<double> values) {
  const std::size_t blocks = (size() + kBlockRows - 1) / kBlockRows;
  const std::size_t sum_size = padded_outputs_ * padded_inputs_;
  const std::size_t affordable =
      std::clamp(kSumsBytes / (sum_size * sizeof(double)), kFewestRuns, kMostRuns);
  const std::size_t worthwhile = size() * sum_size / kLeastWork + 1;
  const std::size_t runs = std::min({affordable, blocks, worthwhile});
  std::vector<Scratch<Number>> scratch(static_cast<std::size_t>(thread_count()));
  run_sums_.resize(runs * sum_size);
  std::vector<std::vector<double>> run_values(runs);
  parallel_tasks_indexed(runs, [&](int thread, std::size_t run) {
    Scratch<Number>& mine = scratch[static_cast<std::size_t>(thread)];
    double* own_sums = run_sums_.data() + run * sum_size;
    std::fill(own_sums, own_sums + sum_size, 0.0);
    run_values[run].resize(values.size());
    for (std::size_t b = blocks * run / runs; b < blocks * (run + 1) / runs; ++b) {
      const BlockRows rows{b * kBlockRows, std::min(kBlockRows, size() - b * kBlockRows)};
      load(rows, mine);
      weigh(rows, mine, run_values[run]);
      Number* z = mine.z.data();
      std::fill(z + outputs_ * kBlockRows, z + padded_outputs_ * kBlockRows, Number{0});
      block_sums<Number>(mine.x.data(), rows.size, padded_inputs_, z, padded_outputs_, own_sums);
    }
  });
  std::ranges::fill(values, 0.0);
  for (const auto& some : run_values) {
    for (std::size_t i = 0; i < values.size(); ++i) values[i] += some[i];
  }
  constexpr std::size_t kGrain = 4096;
  parallel_for(outputs_ * inputs_, kGrain, [&](std::size_t begin, std::size_t end) {
    std::fill(sums.begin() + static_cast<std::ptrdiff_t>(begin),
              sums.begin() + static_cast<std::ptrdiff_t>(end), 0.0);
    for (std::size_t run = 0; run < runs; ++run) {
      for (std::size_t i = begin; i < end;) {
        const std::size_t c = i / inputs_;
        const std::size_t row_end = std::min(end, (c + 1) * inputs_);
        const double* from = &run_sums_[run * sum_size + c * padded_inputs_ + i - c * inputs_];
        for (; i < row_end; ++i) sums[i] += *from++;
      }
    }
  });
}

template <class Number>
void LinearPass::run(std::span<const double> weights, const Loss<Number>& loss,
                     std::span<double> sums, std::span<double> values) {
  AlignedArray<Number> padded_weights = padded<Number>(weights);
  const Number* w = padded_weights.data();
  sum_blocks<Number>(
      [&](BlockRows rows, Scratch<Number>& scratch, std::span<double> some) {
        block_decisions<Number>(scratch.x.data(), rows.size, padded_inputs_, w, padded_outputs_,
                                scratch.z.data());
        loss(rows, scratch.z.data(), some);
      },
      sums, values);
}

void LinearPass::sum_squares(const std::function<void(BlockRows, float*)>& weigh,
                             std::span<double> sums) {
  sum_blocks<float>(
      [&](BlockRows rows, Scratch<float>& scratch, std::span<double>) {
        float* x = scratch.x.data();
        for (std::size_t i = 0; i < rows.size * padded_inputs_; ++i) x[i] *= x[i];
        weigh(rows, scratch.z.data());
      },
      sums, {});
}

void LinearPass::decide(std::span<const double> weights,
                        const std::function<void(BlockRows, const float*)>& take) const {
  const std::size_t blocks = (size() + kBlockRows - 1) / kBlockRows;
  AlignedArray<float> padded_weights = padded<float>(weights);
  const std::size_t block_work = kBlockRows * padded_outputs_ * padded_inputs_;
  parallel_for(blocks, kLeastWork / block_work + 1, [&](std::size_t begin, std::size_t end) {
    Scratch<float> mine;
    for (std::size_t b = begin; b < end; ++b) {
      const BlockRows rows{b * kBlockRows, std::min(kBlockRows, size() - b * kBlockRows)};
      load(rows, mine);
      block_decisions<float>(mine.x.data(), rows.size, padded_inputs_, padded_weights.data(),
                             padded_outputs_, mine.z.data());
      take(rows, mine.z.data());
    }
  });
}

template void LinearPass::run(std::span<const double>, const Loss<float>&, std::span<double>,
                              std::span<double>);
template void LinearPass::run(std::span<const double>, const Loss<double>&, std::span<double>,
                              std::span<double>);

}  // namespace thimble::classical
