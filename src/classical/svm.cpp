#include "classical/svm.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <mutex>
#include <numeric>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/random.hpp"
#include "classical/kernel_rows.hpp"
#include "classical/svm_pair.hpp"

namespace thimble::classical {
namespace {

constexpr std::size_t kFolds = 5;

struct Pair {
  std::size_t first;
  std::size_t second;
};

std::vector<Pair> all_pairs(std::size_t classes) {
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < classes; ++i) {
    for (std::size_t j = i + 1; j < classes; ++j) pairs.push_back({i, j});
  }
  return pairs;
}

/// Progress that several pair problems report to.
class PairProgress {
 public:
  PairProgress(Progress& progress, std::size_t pairs) : progress_(progress), pairs_(pairs) {}

  void at(const std::string& pair, std::uint64_t iterations, double violation) {
    if (progress_.stop_requested()) throw Cancelled("svm: stopped");
    const std::lock_guard lock(mutex_);
    progress_.update(
        done_, pairs_,
        fmt::format("classes {}  {} iterations  violation {:.3g}", pair, iterations, violation));
  }

  void finished() {
    const std::lock_guard lock(mutex_);
    ++done_;
    progress_.update(done_, pairs_, "");
  }

 private:
  Progress& progress_;
  std::size_t pairs_;
  std::mutex mutex_;
  std::size_t done_ = 0;
};

/// double [classes, d]
std::vector<double> class_means(const Features& features,
                                const std::vector<std::vector<std::size_t>>& members) {
  const std::size_t d = features.dims();
  std::vector<double> means(members.size() * d);
  parallel_tasks(members.size(), [&](std::size_t c) {
    std::vector<float> row(d);
    double* mean = means.data() + c * d;
    for (const std::size_t index : members[c]) {
      features.copy(index, index + 1, row.data());
      for (std::size_t j = 0; j < d; ++j) mean[j] += row[j];
    }
    for (std::size_t j = 0; j < d; ++j) mean[j] /= static_cast<double>(members[c].size());
  });
  return means;
}

class Fitting {
 public:
  Fitting(const Samples& train, const SvmOptions& options, Progress& progress)
      : train_(train),
        options_(options),
        kernel_(spelled_out(options, train.features)),
        classes_(present_classes(train)),
        members_(by_class()),
        pairs_(all_pairs(classes_.size())),
        progress_(progress, pairs_.size()),
        memory_(options.cache_size * 1'000'000),
        blocks_(train.features, members_, kernel_) {
    for (std::size_t c = 0; c < classes_.size(); ++c) {
      own_.push_back(
          std::make_unique<KernelRowStore>(blocks_, c, train.features, members_[c], memory_));
    }
    solutions_.resize(pairs_.size());
    if (options.probability) platt_.resize(pairs_.size());
  }

  SvmFit run() {
    const std::vector<std::size_t> order = hardest_first();
    const auto solve = [&](std::size_t task) {
      solve_one(order[task]);
      progress_.finished();
    };
    // Few pairs are solved one after another, with the threads inside each.
    if (pairs_.size() >= 2 * static_cast<std::size_t>(thread_count())) {
      parallel_tasks(pairs_.size(), solve);
    } else {
      for (std::size_t task = 0; task < pairs_.size(); ++task) solve(task);
    }
    return collect();
  }

 private:
  static Kernel spelled_out(const SvmOptions& options, const Features& features) {
    Kernel kernel = options.kernel;
    if (options.gamma_rule == GammaRule::scale) kernel.gamma = scale_gamma(features);
    if (options.gamma_rule == GammaRule::auto_) {
      kernel.gamma = 1 / static_cast<double>(std::max<std::size_t>(features.dims(), 1));
    }
    return kernel;
  }

  std::vector<std::vector<std::size_t>> by_class() const {
    if (classes_.size() < 2) {
      throw DataError(
          classes_.empty()
              ? "svm: no training samples"
              : fmt::format("svm: all {} training samples are of class {}, expected two classes",
                            train_.size(), classes_[0]));
    }
    std::vector<std::size_t> place(train_.classes);
    for (std::size_t c = 0; c < classes_.size(); ++c) {
      place[static_cast<std::size_t>(classes_[c])] = c;
    }
    std::vector<std::vector<std::size_t>> members(classes_.size());
    for (std::size_t i = 0; i < train_.size(); ++i) {
      members[place[static_cast<std::size_t>(train_.labels[i])]].push_back(i);
    }
    return members;
  }

  /// Pairs of many samples whose means lie close take longest and come first, so that threads end
  /// together.
  std::vector<std::size_t> hardest_first() const {
    const std::size_t d = train_.features.dims();
    const std::vector<double> means = class_means(train_.features, members_);
    std::vector<double> cost;
    for (const Pair& pair : pairs_) {
      double distance = 0;
      for (std::size_t j = 0; j < d; ++j) {
        const double gap = means[pair.first * d + j] - means[pair.second * d + j];
        distance += gap * gap;
      }
      const auto n =
          static_cast<double>(members_[pair.first].size() + members_[pair.second].size());
      cost.push_back(distance > 0 ? n * n / distance : n * n);
    }
    std::vector<std::size_t> order(pairs_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, std::greater(), [&](std::size_t p) { return cost[p]; });
    return order;
  }

  double C_of(std::size_t c) const {
    if (!options_.balanced) return options_.C;
    return options_.C * static_cast<double>(train_.size()) /
           static_cast<double>(classes_.size() * members_[c].size());
  }

  void solve_one(std::size_t p) {
    const auto [i, j] = pairs_[p];
    const Features& features = train_.features;
    KernelRowStore cross_first(blocks_, j, features, members_[i], memory_);
    KernelRowStore cross_second(blocks_, i, features, members_[j], memory_);
    const PairRows rows(*own_[i], cross_first, cross_second, *own_[j], members_[i].size(),
                        members_[j].size());
    PairOptions options;
    options.C_first = C_of(i);
    options.C_second = C_of(j);
    options.tol = options_.tol;
    options.max_iterations = options_.max_iter >= 0
                                 ? static_cast<std::uint64_t>(options_.max_iter)
                                 : std::max<std::uint64_t>(10'000'000, 100 * rows.size());
    const std::string name = fmt::format("{}, {}", classes_[i], classes_[j]);
    options.report = [&](std::uint64_t iterations, double violation) {
      progress_.at(name, iterations, violation);
    };
    solutions_[p] = solve_pair(rows, options);
    if (options_.probability) platt_[p] = calibrate(p, rows, options);
    solutions_[p].decision_values = {};
  }

  /// The sigmoid of a pair, from decision values of samples that were left out.
  Sigmoid calibrate(std::size_t p, const PairRows& rows, const PairOptions& options) const {
    const std::size_t n = rows.size();
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    Random random(hash_seed(options_.seed, pairs_[p].first, pairs_[p].second));
    random.shuffle(std::span(order));
    std::vector<double> decision_values(n);
    for (std::size_t fold = 0; fold < kFolds; ++fold) {
      const std::span<const std::size_t> out =
          std::span(order).subspan(fold * n / kFolds, (fold + 1) * n / kFolds - fold * n / kFolds);
      std::vector<char> held_out(n);
      std::size_t firsts = rows.first_size();
      std::size_t seconds = n - firsts;
      for (const std::size_t t : out) {
        held_out[t] = 1;
        --(t < rows.first_size() ? firsts : seconds);
      }
      if (firsts == 0 || seconds == 0) {
        const double decision = firsts > 0 ? 1 : seconds > 0 ? -1 : 0;
        for (const std::size_t t : out) decision_values[t] = decision;
        continue;
      }
      const PairSolution solution = solve_pair(rows, options, held_out);
      for (const std::size_t t : out) decision_values[t] = solution.decision_values[t];
    }
    std::vector<char> positive(n);
    std::fill_n(positive.begin(), rows.first_size(), char{1});
    return fit_sigmoid(decision_values, positive);
  }

  SvmFit collect() {
    SvmFit fit;
    for (const PairSolution& solution : solutions_) {
      fit.objectives.push_back(solution.objective);
      fit.iterations.push_back(solution.iterations);
      fit.converged += solution.converged;
      fit.largest_violation = std::max(fit.largest_violation, solution.violation);
      fit.model.rho.push_back(solution.rho);
    }
    fit.kernel_values = memory_.values_computed();
    fit.kernel_bytes = memory_.peak_bytes();
    fit.model.kernel = kernel_;
    fit.model.classes = classes_;
    fit.model.platt = platt_;
    collect_vectors(fit.model);
    return fit;
  }

  /// For each class the members that are support vectors of some pair.
  std::vector<std::vector<std::size_t>> supporting() const {
    std::vector<std::vector<char>> used;
    for (const auto& members : members_) used.emplace_back(members.size());
    for (std::size_t p = 0; p < pairs_.size(); ++p) {
      const auto [i, j] = pairs_[p];
      const std::size_t first_size = members_[i].size();
      const std::vector<double>& beta = solutions_[p].beta;
      for (std::size_t t = 0; t < beta.size(); ++t) {
        if (beta[t] == 0) continue;
        (t < first_size ? used[i][t] : used[j][t - first_size]) = 1;
      }
    }
    std::vector<std::vector<std::size_t>> supporting(members_.size());
    for (std::size_t c = 0; c < used.size(); ++c) {
      for (std::size_t t = 0; t < used[c].size(); ++t) {
        if (used[c][t]) supporting[c].push_back(t);
      }
    }
    return supporting;
  }

  void collect_vectors(SvmModel& model) const {
    const std::vector<std::vector<std::size_t>> supporting = this->supporting();
    const Features& features = train_.features;
    const std::size_t d = features.dims();
    std::vector<std::size_t> indices;
    std::vector<std::size_t> begins;
    for (std::size_t c = 0; c < supporting.size(); ++c) {
      begins.push_back(indices.size());
      model.counts.push_back(supporting[c].size());
      for (const std::size_t t : supporting[c]) indices.push_back(members_[c][t]);
    }
    const std::size_t n = indices.size();
    model.dims = d;
    model.is_bytes = features.is_bytes();
    model.scale = features.scale();
    if (model.is_bytes) {
      model.bytes.resize(n * d);
      for (std::size_t s = 0; s < n; ++s) {
        std::copy_n(features.bytes().data() + indices[s] * d, d, model.bytes.data() + s * d);
      }
    } else {
      model.values = linalg::Matrix(n, d);
      for (std::size_t s = 0; s < n; ++s) {
        features.copy(indices[s], indices[s] + 1, model.values[s].data());
      }
    }
    model.coefficients.resize((classes_.size() - 1) * n);
    for (std::size_t p = 0; p < pairs_.size(); ++p) {
      const auto [i, j] = pairs_[p];
      const std::vector<double>& beta = solutions_[p].beta;
      const auto copy = [&](std::size_t c, std::size_t row, std::size_t offset) {
        double* to = model.coefficients.data() + row * n + begins[c];
        for (const std::size_t t : supporting[c]) *to++ = beta[offset + t];
      };
      copy(i, j - 1, 0);
      copy(j, i, members_[i].size());
    }
  }

  const Samples& train_;
  const SvmOptions& options_;
  Kernel kernel_;
  std::vector<std::int32_t> classes_;
  std::vector<std::vector<std::size_t>> members_;  // of each class, indices of samples
  std::vector<Pair> pairs_;
  PairProgress progress_;
  KernelMemory memory_;
  KernelBlocks blocks_;
  std::vector<std::unique_ptr<KernelRowStore>> own_;  // of each class with itself
  std::vector<PairSolution> solutions_;
  std::vector<Sigmoid> platt_;
};

}  // namespace

std::size_t SvmModel::size() const {
  return std::accumulate(counts.begin(), counts.end(), std::size_t{0});
}

Features SvmModel::vectors() const {
  return is_bytes ? Features(bytes, dims, scale) : Features(values);
}

SvmFit fit_svm(const Samples& train, const SvmOptions& options, Progress& progress) {
  return Fitting(train, options, progress).run();
}

}  // namespace thimble::classical
