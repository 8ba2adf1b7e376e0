#include <array>
#include <cmath>
#include <utility>

#include "base/parallel.hpp"
#include "base/simd.hpp"
#include "classical/neighbor_search.hpp"
#include "linalg/products.hpp"

namespace thimble::classical {
namespace {

// Unit roundoff of float32.
constexpr double kRoundoff = 0x1p-24;

/// Whether a row is too far by its lower bound. NaN and infinity come from float32's overflow and
/// say nothing.
inline bool too_far(float bound, float limit) {
  return bound > limit && bound <= std::numeric_limits<float>::max();
}

/// Products of one query with a block of rows to lower bounds of squared distances less the query's
/// squared norm, in place; and whether each step has one that is not too far.
/// @param slack  for each unit of a row's length; `least`: beside it
THIMBLE_SIMD_CLONES
void to_bounds(const float* norms, const float* lengths, float slack, float least, float limit,
               float* products, std::uint32_t* candidates) {
  for (std::size_t s = 0; s < kSteps; ++s) {
    std::uint32_t any = 0;
    for (std::size_t j = s * kStep; j < (s + 1) * kStep; ++j) {
      const float bound = norms[j] - 2 * products[j] - slack * lengths[j] - least;
      products[j] = bound;
      any |= too_far(bound, limit) ? 0U : 1U;
    }
    candidates[s] = any;
  }
}

/// In float64, the same on every processor.
THIMBLE_SIMD_CLONES
double squared_distance(const float* x, const float* y, std::size_t d) {
  constexpr std::size_t kLanes = 8;
  double sums[kLanes] = {};
  std::size_t j = 0;
  for (; j + kLanes <= d; j += kLanes) {
    for (std::size_t i = 0; i < kLanes; ++i) {
      const double difference = static_cast<double>(x[j + i]) - static_cast<double>(y[j + i]);
      sums[i] += difference * difference;
    }
  }
  for (; j < d; ++j) {
    const double difference = static_cast<double>(x[j]) - static_cast<double>(y[j]);
    sums[0] += difference * difference;
  }
  const double sum =
      ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
  return sum <= std::numeric_limits<double>::max() ? sum : kInfinity;
}

double squared_norm(std::span<const float> row) {
  double sum = 0;
  for (const float x : row) sum += static_cast<double>(x) * static_cast<double>(x);
  return sum;
}

/// The nearest float that is not below `x`.
float rounded_up(double x) {
  constexpr float kLargest = std::numeric_limits<float>::max();
  if (!(x < kLargest)) return std::numeric_limits<float>::infinity();
  if (x < -kLargest) return -kLargest;
  const auto nearest = static_cast<float>(x);
  return nearest < x ? std::nextafter(nearest, std::numeric_limits<float>::infinity()) : nearest;
}

/// A block of rows, padded.
struct RowBlock {
  RowBlock(const FloatRows& rows, std::size_t first, std::size_t last)
      : begin(first), count(last - first) {
    std::ranges::copy(rows.low_norms().subspan(begin, count), norms.begin());
    std::ranges::copy(rows.lengths().subspan(begin, count), lengths.begin());
  }
  std::size_t begin, count;
  std::array<float, kRowBlock> norms{};
  std::array<float, kRowBlock> lengths{};
};

/// How far a bound must stay below what was computed.
struct Slack {
  Slack(double dims, double query_norm) {
    // Twice what a product may be off (d roundoffs, in any order of summation), and the roundings
    // of the bound itself; products below the normal numbers may be lost altogether.
    const double share =
        dims * kRoundoff < 0.5 ? dims * kRoundoff / (1 - dims * kRoundoff) : kInfinity;
    per_length = rounded_up(2 * std::sqrt(query_norm) * (share + 8 * kRoundoff));
    least = rounded_up(4 * dims * std::numeric_limits<float>::min());
  }
  float per_length;
  float least;
};

class Query {
 public:
  explicit Query(std::span<const float> values)
      : values_(values),
        squared_norm_(squared_norm(values)),
        slack_(static_cast<double>(values.size()), squared_norm_) {}

  /// @param products  with a block of rows, float [kRowBlock]; overwritten
  void look_through(const FloatRows& all, const RowBlock& rows, float* products,
                    Nearest& nearest) const {
    std::array<std::uint32_t, kSteps> candidates;
    float limit = limit_of(nearest);
    to_bounds(rows.norms.data(), rows.lengths.data(), slack_.per_length, slack_.least, limit,
              products, candidates.data());
    for (std::size_t s = 0; s * kStep < rows.count; ++s) {
      if (candidates[s] == 0) continue;
      for (std::size_t j = s * kStep; j < std::min((s + 1) * kStep, rows.count); ++j) {
        if (too_far(products[j], limit)) continue;
        const std::size_t row = rows.begin + j;
        nearest.add({squared_distance(values_.data(), all.values()[row].data(), values_.size()),
                     static_cast<std::int32_t>(row)});
        limit = limit_of(nearest);
      }
    }
  }

 private:
  /// What bounds are compared with: squared distances less the query's squared norm.
  float limit_of(const Nearest& nearest) const {
    constexpr double kOf64Bits = 1e-9;  // more than sums in float64 are off
    return rounded_up(nearest.limit() * (1 + kOf64Bits) - squared_norm_ * (1 - kOf64Bits));
  }

  std::span<const float> values_;
  double squared_norm_;
  Slack slack_;
};

}  // namespace

FloatRows::FloatRows(linalg::Matrix values)
    : values_(std::move(values)), low_norms_(values_.rows()), lengths_(values_.rows()) {
  constexpr std::size_t kGrain = 256;
  parallel_for(values_.rows(), kGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const double norm = squared_norm(std::as_const(values_)[i]);
      low_norms_[i] = -rounded_up(-norm * (1 - 4 * kRoundoff));
      lengths_[i] = rounded_up(std::sqrt(norm));
    }
  });
}

FloatSearch::FloatSearch(const FloatRows& rows, const Features& queries)
    : rows_(rows), queries_(queries) {}

void FloatSearch::operator()(const Part& part, std::span<Nearest> nearest) const {
  const std::size_t d = rows_.values().columns();
  const std::size_t count = part.last - part.first;
  std::vector<float> values(count * d);
  queries_.copy(part.first, part.last, values.data());
  std::vector<Query> queries;
  for (std::size_t i = 0; i < count; ++i) {
    queries.emplace_back(std::span<const float>(values).subspan(i * d, d));
  }
  std::vector<float> products(count * kRowBlock);
  for (std::size_t begin = part.begin; begin < part.end; begin += kRowBlock) {
    const RowBlock rows(rows_, begin, std::min(begin + kRowBlock, part.end));
    linalg::sgemm(linalg::Transpose::no, linalg::Transpose::yes, count, rows.count, d, 1,
                  values.data(), d, rows_.values().data() + begin * d, d, 0, products.data(),
                  kRowBlock);
    for (std::size_t i = 0; i < count; ++i) {
      queries[i].look_through(rows_, rows, products.data() + i * kRowBlock, nearest[i]);
    }
  }
}

}  // namespace thimble::classical
