#include "classical/svm_pair.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/parallel.hpp"
#include "base/random.hpp"
#include "base/simd.hpp"
#include "classical/svm_smo.hpp"
#include "classical/svm_working_set.hpp"

namespace thimble::classical {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// Samples that enter the working set at a time. More of them cost rows that are not needed in the
// end, fewer cost rounds.
constexpr std::size_t kNewSamples = 192;
// Members with nothing to do leave once they are this part of the working set.
constexpr std::size_t kIdleShare = 8;
// A working set is solved to this part of the violation that it started with.
constexpr double kProgress = 0.1;
// Iterations between two reports.
constexpr std::uint64_t kReportEvery = 10000;

/// slopes -= sum_r steps[r] * rows[r], four rows at a time
THIMBLE_SIMD_CLONES
void subtract_rows(const float* const* rows, const double* steps, std::size_t count,
                   std::size_t begin, std::size_t end, double* slopes) {
  std::size_t r = 0;
  for (; r + 4 <= count; r += 4) {
    const float* row0 = rows[r];
    const float* row1 = rows[r + 1];
    const float* row2 = rows[r + 2];
    const float* row3 = rows[r + 3];
    THIMBLE_IVDEP
    for (std::size_t t = begin; t < end; ++t) {
      slopes[t] -=
          (steps[r] * static_cast<double>(row0[t]) + steps[r + 1] * static_cast<double>(row1[t])) +
          (steps[r + 2] * static_cast<double>(row2[t]) +
           steps[r + 3] * static_cast<double>(row3[t]));
    }
  }
  for (; r < count; ++r) {
    const float* row = rows[r];
    THIMBLE_IVDEP
    for (std::size_t t = begin; t < end; ++t) slopes[t] -= steps[r] * static_cast<double>(row[t]);
  }
}

class PairSolver {
 public:
  PairSolver(const PairRows& rows, const PairOptions& options, std::span<const char> held_out)
      : rows_(rows),
        options_(options),
        n_(rows.size()),
        lower_(n_),
        upper_(n_),
        beta_(n_),
        slope_(n_),
        working_(rows, options.largest_working_set) {
    for (std::size_t t = 0; t < n_; ++t) {
      slope_[t] = label(t);
      if (!held_out.empty() && held_out[t]) continue;
      (t < rows.first_size() ? upper_[t] : lower_[t]) =
          t < rows.first_size() ? options.C_first : -options.C_second;
    }
  }

  PairSolution solve() {
    while (improve()) {
    }
    return solution();
  }

 private:
  struct Slopes {
    double rise = -kInfinity;  // the largest of those that can rise
    double fall = kInfinity;   // the smallest of those that can fall
    double violation() const { return rise - fall; }
  };

  double label(std::size_t t) const { return t < rows_.first_size() ? 1 : -1; }
  bool can_rise(std::size_t t) const { return beta_[t] < upper_[t]; }
  bool can_fall(std::size_t t) const { return beta_[t] > lower_[t]; }

  Slopes extremes() const {
    Slopes extremes;
    for (std::size_t t = 0; t < n_; ++t) {
      if (can_rise(t)) extremes.rise = std::max(extremes.rise, slope_[t]);
      if (can_fall(t)) extremes.fall = std::min(extremes.fall, slope_[t]);
    }
    return extremes;
  }

  /// One round of the decomposition.
  /// @return  false if there is nothing more to do
  bool improve() {
    const Slopes extremes = this->extremes();
    violation_ = extremes.violation();
    converged_ = !(violation_ >= options_.tol);
    if (options_.report) options_.report(iterations_, violation_);
    if (converged_ || iterations_ >= options_.max_iterations) return false;
    drop(extremes);
    const std::vector<std::size_t> entering = violators(extremes);
    working_.add(entering);
    const bool moved = solve_working_set();
    // Rounding can leave a violation that no step mends.
    return moved || !entering.empty();
  }

  /// Makes members leave that are at a bound and in no violating pair, once they are many or there
  /// is no room for new ones.
  void drop(const Slopes& extremes) {
    std::vector<char> keep(working_.size());
    std::size_t idle = 0;
    for (std::size_t s = 0; s < working_.size(); ++s) {
      const std::size_t t = working_.members()[s];
      const bool useful = (can_rise(t) && slope_[t] >= extremes.fall) ||
                          (can_fall(t) && slope_[t] <= extremes.rise);
      keep[s] = useful;
      idle += !useful;
    }
    const std::size_t room = working_.limit() - working_.size();
    if (idle < working_.size() / kIdleShare && room >= kNewSamples) return;
    // Where too many are useful, the oldest go.
    const std::size_t wanted = std::min(kNewSamples, working_.limit() / 2);
    for (std::size_t s = 0; s < working_.size() && room + idle < wanted; ++s) {
      idle += keep[s];
      keep[s] = 0;
    }
    working_.keep_only(keep);
  }

  /// The samples outside the working set that violate the conditions most, from both sides.
  std::vector<std::size_t> violators(const Slopes& extremes) const {
    std::vector<std::size_t> rising;
    std::vector<std::size_t> falling;
    for (std::size_t t = 0; t < n_; ++t) {
      if (working_.contains(t)) continue;
      if (can_rise(t) && slope_[t] > extremes.fall) {
        rising.push_back(t);
      } else if (can_fall(t) && slope_[t] < extremes.rise) {
        falling.push_back(t);
      }
    }
    const std::size_t room = std::min(kNewSamples, working_.limit() - working_.size());
    const std::size_t rise_count =
        std::min(rising.size(), std::max(room / 2, room - std::min(room, falling.size())));
    const std::size_t fall_count = std::min(falling.size(), room - rise_count);
    // At first all slopes are equal: ties are broken at random.
    const auto keep_most = [&](std::vector<std::size_t>& samples, std::size_t count, double sign) {
      const auto before = [&](std::size_t a, std::size_t b) {
        if (slope_[a] != slope_[b]) return sign * slope_[a] > sign * slope_[b];
        return mix64(a) < mix64(b);
      };
      std::ranges::nth_element(samples, samples.begin() + static_cast<std::ptrdiff_t>(count),
                               before);
      samples.resize(count);
    };
    keep_most(rising, rise_count, 1);
    keep_most(falling, fall_count, -1);
    rising.insert(rising.end(), falling.begin(), falling.end());
    std::ranges::sort(rising);
    return rising;
  }

  /// @return  false if no multiplier changed
  bool solve_working_set() {
    const std::span<const std::size_t> members = working_.members();
    std::vector<double> lower, upper, beta, slope;
    for (const std::size_t t : members) {
      lower.push_back(lower_[t]);
      upper.push_back(upper_[t]);
      beta.push_back(beta_[t]);
      slope.push_back(slope_[t]);
    }
    const DualProblem problem{
        members.size(), working_.kernel(), working_.stride(), lower, upper, beta, slope};
    const double tol = std::max(0.5 * options_.tol, kProgress * violation_);
    std::uint64_t done = 0;
    for (;;) {
      const std::uint64_t left = options_.max_iterations - iterations_;
      const SmoResult result = solve_smo(problem, tol, std::min(kReportEvery, left));
      iterations_ += result.iterations;
      done += result.iterations;
      if (result.iterations < kReportEvery) break;
      if (options_.report) options_.report(iterations_, result.violation);
    }
    if (done == 0) return false;
    std::vector<std::size_t> changed;
    std::vector<double> steps;
    for (std::size_t s = 0; s < members.size(); ++s) {
      const std::size_t t = members[s];
      if (beta[s] == beta_[t]) continue;
      changed.push_back(t);
      steps.push_back(beta[s] - beta_[t]);
      beta_[t] = beta[s];
    }
    update_slopes(changed, steps);
    return true;
  }

  void update_slopes(std::span<const std::size_t> changed, std::span<const double> steps) {
    // This much of the slopes and of four rows stays in the first-level cache.
    constexpr std::size_t kColumns = 1024;
    for (std::size_t done = 0; done < changed.size(); done += PairRows::kBatch) {
      const std::size_t count = std::min(PairRows::kBatch, changed.size() - done);
      const std::vector<PairRows::Row> rows = rows_.rows(changed.subspan(done, count));
      std::vector<const float*> first, second;
      for (const PairRows::Row& row : rows) {
        first.push_back(row.first.get());
        second.push_back(row.second.get());
      }
      const std::size_t split = rows_.first_size();
      const auto update = [&](const std::vector<const float*>& of, std::size_t size, double* to) {
        parallel_tasks((size + kColumns - 1) / kColumns, [&](std::size_t task) {
          subtract_rows(of.data(), steps.data() + done, count, task * kColumns,
                        std::min((task + 1) * kColumns, size), to);
        });
      };
      update(first, split, slope_.data());
      update(second, n_ - split, slope_.data() + split);
    }
  }

  /// As libsvm: the mean over the multipliers between their bounds, or the middle of what the
  /// others allow.
  double rho() const {
    double sum = 0;
    std::size_t free = 0;
    for (std::size_t t = 0; t < n_; ++t) {
      if (!can_rise(t) || !can_fall(t)) continue;
      sum -= slope_[t];
      ++free;
    }
    if (free > 0) return sum / static_cast<double>(free);
    const Slopes extremes = this->extremes();
    return -(extremes.rise + extremes.fall) / 2;
  }

  PairSolution solution() {
    PairSolution solution;
    solution.rho = rho();
    solution.decision_values.resize(n_);
    for (std::size_t t = 0; t < n_; ++t) {
      solution.decision_values[t] = label(t) - slope_[t] - solution.rho;
      solution.objective -= 0.5 * beta_[t] * (label(t) + slope_[t]);
    }
    solution.beta = std::move(beta_);
    solution.iterations = iterations_;
    solution.violation = violation_;
    solution.converged = converged_;
    return solution;
  }

  const PairRows& rows_;
  const PairOptions& options_;
  std::size_t n_;
  std::vector<double> lower_;
  std::vector<double> upper_;
  std::vector<double> beta_;
  std::vector<double> slope_;
  WorkingSet working_;
  std::uint64_t iterations_ = 0;
  double violation_ = kInfinity;
  bool converged_ = false;
};

}  // namespace

PairRows::PairRows(KernelRowStore& own_first, KernelRowStore& cross_first,
                   KernelRowStore& cross_second, KernelRowStore& own_second, std::size_t first_size,
                   std::size_t second_size)
    : own_first_(own_first),
      cross_first_(cross_first),
      cross_second_(cross_second),
      own_second_(own_second),
      first_size_(first_size),
      second_size_(second_size) {}

std::vector<PairRows::Row> PairRows::rows(std::span<const std::size_t> samples) const {
  std::vector<std::size_t> of_first, of_second;
  for (const std::size_t t : samples) {
    if (t < first_size_) {
      of_first.push_back(t);
    } else {
      of_second.push_back(t - first_size_);
    }
  }
  const std::vector<KernelRow> first_own = own_first_.rows(of_first);
  const std::vector<KernelRow> first_cross = cross_first_.rows(of_first);
  const std::vector<KernelRow> second_cross = cross_second_.rows(of_second);
  const std::vector<KernelRow> second_own = own_second_.rows(of_second);
  std::vector<Row> rows;
  std::size_t first = 0;
  std::size_t second = 0;
  for (const std::size_t t : samples) {
    if (t < first_size_) {
      rows.push_back({first_own[first], first_cross[first]});
      ++first;
    } else {
      rows.push_back({second_cross[second], second_own[second]});
      ++second;
    }
  }
  return rows;
}

PairSolution solve_pair(const PairRows& rows, const PairOptions& options,
                        std::span<const char> held_out) {
  return PairSolver(rows, options, held_out).solve();
}

}  // namespace thimble::classical
