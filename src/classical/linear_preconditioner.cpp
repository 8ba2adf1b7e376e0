#include "classical/linear_preconditioner.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/parallel.hpp"
#include "base/random.hpp"
#include "classical/inverse_cholesky.hpp"
#include "classical/linear_kernels.hpp"
#include "linalg/products.hpp"

namespace thimble::classical {
namespace {

/// Rows drawn for a block, as a multiple of its order.
constexpr std::size_t kRowsPerInput = 5;
/// Blocks that take more memory than this are reduced to their diagonals.
constexpr std::size_t kMostBytes = std::size_t{1} << 30;
constexpr std::size_t kChunkRows = 512;
/// Multiplications below which apply() is not worth a thread's attention.
constexpr std::size_t kLeastWork = 200'000;
/// Added to the diagonal, scaled to ones, for what float32 rounds away.
constexpr float kJitter = 1e-6F;

}  // namespace

struct LinearPreconditioner::Drawn {
  std::vector<std::size_t> rows;
  std::vector<float> factors;  ///< square roots of the rows' shares in the Hessian
};

LinearPreconditioner::LinearPreconditioner(const Features& features, float constant,
                                           std::vector<double> penalty)
    : features_(features),
      constant_(constant),
      penalty_(std::move(penalty)),
      inputs_(penalty_.size()) {}

bool LinearPreconditioner::keeps_blocks(std::size_t outputs) const {
  return static_cast<double>(outputs) * static_cast<double>(inputs_ * inputs_) * 2.0 <=
         static_cast<double>(kMostBytes);
}

std::size_t LinearPreconditioner::rows_wanted() const {
  return std::min(features_.size(), kRowsPerInput * inputs_);
}

double LinearPreconditioner::cost() const {
  if (!keeps_blocks(outputs_)) return 1;
  // Multiplications for the block, its factor and the factor's inverse, over those of a pass.
  const auto p = static_cast<double>(inputs_);
  const double block = static_cast<double>(rows_wanted()) * p / 2 + p * p / 2;
  return block / (2 * static_cast<double>(features_.size()));
}

void LinearPreconditioner::prepare(const LinearLoss& loss, std::span<const double> diagonal,
                                   std::uint64_t draw, const std::function<void()>& check) {
  outputs_ = loss.outputs();
  const bool blocks = keeps_blocks(outputs_);
  const std::size_t size = blocks ? inputs_ * (inputs_ + 1) / 2 : inputs_;
  std::vector<float>& result = blocks ? triangles_ : diagonals_;
  result.resize(outputs_ * size);
  parallel_tasks_indexed(outputs_, [&](int thread, std::size_t output) {
    if (thread == 0) check();
    const auto own_diagonal = diagonal.subspan(output * inputs_, inputs_);
    const auto part = std::span(result).subspan(output * size, size);
    if (blocks) {
      prepare_block(draw_rows(loss, output, draw), own_diagonal, part);
    } else {
      prepare_diagonal(own_diagonal, part);
    }
  });
}

LinearPreconditioner::Drawn LinearPreconditioner::draw_rows(const LinearLoss& loss,
                                                            std::size_t output,
                                                            std::uint64_t draw) const {
  const std::size_t n = features_.size();
  std::vector<double> chance(n);
  for (std::size_t i = 0; i < n; ++i) {
    chance[i] = static_cast<double>(loss.curvature(output, i));
  }
  const std::vector<double> curvature = chance;
  // Chances above 1 are cut off; a few rounds hand what is cut to the others.
  constexpr int kRounds = 5;
  const auto wanted = static_cast<double>(rows_wanted());
  for (int round = 0; round < kRounds; ++round) {
    const double total = std::accumulate(chance.begin(), chance.end(), 0.0);
    if (!(total > 0)) break;
    for (double& c : chance) c = std::min(1.0, c * wanted / total);
  }
  Drawn drawn;
  for (std::size_t i = 0; i < n; ++i) {
    if (!(curvature[i] > 0)) continue;
    const auto bits = hash_seed(draw, output, i) >> 11;
    if (static_cast<double>(bits) * 0x1p-53 >= chance[i]) continue;
    drawn.rows.push_back(i);
    drawn.factors.push_back(static_cast<float>(std::sqrt(curvature[i] / chance[i])));
  }
  return drawn;
}

void LinearPreconditioner::prepare_diagonal(std::span<const double> diagonal,
                                            std::span<float> inverse) const {
  for (std::size_t j = 0; j < inputs_; ++j) {
    const double entry = diagonal[j] + penalty_[j];
    inverse[j] = entry > 0 ? static_cast<float>(1 / entry) : 1.0F;
  }
}

void LinearPreconditioner::prepare_block(const Drawn& drawn, std::span<const double> diagonal,
                                         std::span<float> triangle) const {
  constexpr std::size_t kPanel = 112;
  const std::size_t p = inputs_;
  linalg::Matrix hessian(p, p);
  linalg::Matrix rows(std::min(kChunkRows, std::max<std::size_t>(drawn.rows.size(), 1)), p);
  for (std::size_t begin = 0; begin < drawn.rows.size(); begin += kChunkRows) {
    const std::size_t count = std::min(kChunkRows, drawn.rows.size() - begin);
    for (std::size_t r = 0; r < count; ++r) {
      const std::size_t i = drawn.rows[begin + r];
      features_.copy(i, i + 1, rows[r].data());
      if (constant_ != 0) rows[r].back() = constant_;
      for (float& value : rows[r]) value *= drawn.factors[begin + r];
    }
    for (std::size_t first = 0; first < p; first += kPanel) {
      linalg::sgemm(linalg::Transpose::yes, linalg::Transpose::no, p - first,
                    std::min(kPanel, p - first), count, 1, rows.data() + first, p,
                    rows.data() + first, p, 1, hessian.data() + first * p + first, p);
    }
  }
  // With ones on the diagonal, float32's rounding is the same for every feature.
  std::vector<float> scale(p);
  for (std::size_t j = 0; j < p; ++j) {
    const double entry = std::max(static_cast<double>(hessian[j][j]), diagonal[j]) + penalty_[j];
    scale[j] = entry > 0 ? static_cast<float>(1 / std::sqrt(entry)) : 1.0F;
  }
  linalg::Matrix inverse;
  for (float jitter = kJitter;; jitter *= 10) {
    inverse = hessian;
    for (std::size_t i = 0; i < p; ++i) {
      for (std::size_t j = 0; j < i; ++j) inverse[i][j] *= scale[i] * scale[j];
      inverse[i][i] = 1 + jitter;
    }
    if (jitter > 1) {  // only for values beyond float32's range: better no preconditioner than none
      for (std::size_t i = 0; i < p; ++i) {
        std::ranges::fill(inverse[i], 0.0F);
        inverse[i][i] = 1;
      }
      break;
    }
    if (inverse_cholesky(inverse)) break;
  }
  for (std::size_t i = 0; i < p; ++i) {
    float* row = triangle.data() + i * (i + 1) / 2;
    for (std::size_t j = 0; j <= i; ++j) row[j] = inverse[i][j] * scale[j];
  }
}

void LinearPreconditioner::apply(std::span<const double> v, std::span<double> product) const {
  if (!diagonals_.empty()) {
    for (std::size_t i = 0; i < v.size(); ++i) {
      product[i] = v[i] * static_cast<double>(diagonals_[i]);
    }
    return;
  }
  const std::size_t size = inputs_ * (inputs_ + 1) / 2;
  const std::size_t grain = kLeastWork / size + 1;
  parallel_for(outputs_, grain, [&](std::size_t begin, std::size_t end) {
    std::vector<float> x(inputs_), y(inputs_);
    for (std::size_t output = begin; output < end; ++output) {
      const auto from = v.subspan(output * inputs_, inputs_);
      // Scaled to a largest entry of 1: near the minimum gradients leave float32's range.
      double largest = 0;
      for (const double value : from) largest = std::max(largest, std::abs(value));
      if (!(largest > 0)) largest = 1;
      for (std::size_t j = 0; j < inputs_; ++j) x[j] = static_cast<float>(from[j] / largest);
      triangle_square_product(triangles_.data() + output * size, inputs_, x.data(), y.data());
      for (std::size_t j = 0; j < inputs_; ++j) {
        product[output * inputs_ + j] = static_cast<double>(y[j]) * largest;
      }
    }
  });
}

}  // namespace thimble::classical
