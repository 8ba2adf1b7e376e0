#include "nn/optimizer.hpp"

#include <cmath>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/simd.hpp"
#include "base/text.hpp"
#include "nn/blocks.hpp"
#include "nn/gradient_clipping.hpp"

namespace thimble::nn {
namespace {

/// The part of a step that one thread does.
struct Range {
  float* weights;
  const float* gradients;
  const std::uint8_t* decays;
  std::size_t begin;
  std::size_t size;
};

/// What the rules have in common: state blocks, checks, clipping and the division into ranges.
class FlatOptimizer : public Optimizer {
 public:
  FlatOptimizer(const OptimizerOptions& options, std::size_t size, std::vector<std::string> names)
      : options_(options), size_(size), names_(std::move(names)), spans_{{.size = size}} {
    for (std::size_t i = 0; i < names_.size(); ++i) state_.emplace_back(size, 0.0F);
    if (options.clip_norm > 0) norm_clipper_.emplace(options.clip_norm, size);
  }

  void step(std::span<float> weights, std::span<float> gradients,
            std::span<const std::uint8_t> decays, double learning_rate) final {
    check_size("weights", weights.size());
    check_size("gradients", gradients.size());
    check_size("decays", decays.size());
    if (options_.clip_value > 0) clip_by_value(gradients, static_cast<float>(options_.clip_value));
    if (norm_clipper_) norm_clipper_->clip(gradients);
    ++step_count_;
    std::size_t first = 0;
    for (const RateSpan& span : spans_) {
      prepare(learning_rate * span.factor, step_count_ - span.joined);
      parallel_blocks(span.size, [&](std::size_t begin, std::size_t end) {
        const std::size_t at = first + begin;
        update({weights.data() + at, gradients.data() + at, decays.data() + at, at, end - begin});
      });
      first += span.size;
    }
  }

  void set_spans(std::vector<RateSpan> spans) final {
    std::size_t filled = 0;
    for (const RateSpan& span : spans) filled += span.size;
    check_size("numbers in spans", filled);
    spans_ = std::move(spans);
  }

  std::vector<std::string> state_names() const final { return names_; }
  std::span<float> state(std::size_t block) final { return state_.at(block); }

 protected:
  /// Computes the numbers that all weights of a span share in its step number `step`, from 1.
  virtual void prepare(double learning_rate, std::uint64_t step) = 0;
  virtual void update(const Range& range) = 0;

  const OptimizerOptions& options() const { return options_; }
  float* state_at(std::size_t block, const Range& range) {
    return state_[block].data() + range.begin;
  }

 private:
  void check_size(const char* what, std::size_t found) const {
    if (found != size_)
      throw ShapeError(fmt::format("optimizer: {} {}, expected {}", found, what, size_));
  }

  OptimizerOptions options_;
  std::size_t size_;
  std::vector<std::string> names_;
  std::vector<std::vector<float>> state_;
  std::vector<RateSpan> spans_;
  std::optional<NormClipper> norm_clipper_;
};

// The loops below multiply the decay by 0 or 1 rather than branch, so that they vectorise. The
// scalars are rounded to float32 where PyTorch rounds them.

struct SgdStep {
  float learning_rate;
  float momentum;
  float weight_decay;
};

THIMBLE_SIMD_CLONES
void sgd(float* __restrict w, const float* __restrict g, const std::uint8_t* __restrict decays,
         std::size_t n, const SgdStep& step) {
  const auto [learning_rate, momentum, weight_decay] = step;
  for (std::size_t i = 0; i < n; ++i) {
    const float gradient = g[i] + weight_decay * static_cast<float>(decays[i]) * w[i];
    w[i] -= learning_rate * gradient;
  }
}

THIMBLE_SIMD_CLONES
void sgd_momentum(float* __restrict w, const float* __restrict g,
                  const std::uint8_t* __restrict decays, float* __restrict velocity, std::size_t n,
                  const SgdStep& step) {
  const auto [learning_rate, momentum, weight_decay] = step;
  for (std::size_t i = 0; i < n; ++i) {
    const float gradient = g[i] + weight_decay * static_cast<float>(decays[i]) * w[i];
    velocity[i] = momentum * velocity[i] + gradient;
    w[i] -= learning_rate * velocity[i];
  }
}

THIMBLE_SIMD_CLONES
void sgd_nesterov(float* __restrict w, const float* __restrict g,
                  const std::uint8_t* __restrict decays, float* __restrict velocity, std::size_t n,
                  const SgdStep& step) {
  const auto [learning_rate, momentum, weight_decay] = step;
  for (std::size_t i = 0; i < n; ++i) {
    const float gradient = g[i] + weight_decay * static_cast<float>(decays[i]) * w[i];
    velocity[i] = momentum * velocity[i] + gradient;
    w[i] -= learning_rate * (gradient + momentum * velocity[i]);
  }
}

class Sgd final : public FlatOptimizer {
 public:
  Sgd(const OptimizerOptions& options, std::size_t size)
      : FlatOptimizer(options, size, state_of(options)) {}

 private:
  static std::vector<std::string> state_of(const OptimizerOptions& options) {
    if (options.momentum == 0) return {};
    return {"momentum"};
  }

  void prepare(double learning_rate, std::uint64_t /*step*/) override {
    step_ = {static_cast<float>(learning_rate), static_cast<float>(options().momentum),
             static_cast<float>(options().weight_decay)};
  }

  void update(const Range& r) override {
    if (options().momentum == 0) {
      sgd(r.weights, r.gradients, r.decays, r.size, step_);
    } else if (options().nesterov) {
      sgd_nesterov(r.weights, r.gradients, r.decays, state_at(0, r), r.size, step_);
    } else {
      sgd_momentum(r.weights, r.gradients, r.decays, state_at(0, r), r.size, step_);
    }
  }

  SgdStep step_{};
};

struct RmspropStep {
  float learning_rate;
  float momentum;
  float rho;
  float one_minus_rho;
  float epsilon;
  float weight_decay;
};

THIMBLE_SIMD_CLONES
void rmsprop(float* __restrict w, const float* __restrict g, const std::uint8_t* __restrict decays,
             float* __restrict square_avg, std::size_t n, const RmspropStep& step) {
  const auto [learning_rate, momentum, rho, one_minus_rho, epsilon, weight_decay] = step;
  for (std::size_t i = 0; i < n; ++i) {
    const float gradient = g[i] + weight_decay * static_cast<float>(decays[i]) * w[i];
    square_avg[i] = rho * square_avg[i] + one_minus_rho * gradient * gradient;
    w[i] -= learning_rate * (gradient / (std::sqrt(square_avg[i]) + epsilon));
  }
}

THIMBLE_SIMD_CLONES
void rmsprop_momentum(float* __restrict w, const float* __restrict g,
                      const std::uint8_t* __restrict decays, float* __restrict square_avg,
                      float* __restrict velocity, std::size_t n, const RmspropStep& step) {
  const auto [learning_rate, momentum, rho, one_minus_rho, epsilon, weight_decay] = step;
  for (std::size_t i = 0; i < n; ++i) {
    const float gradient = g[i] + weight_decay * static_cast<float>(decays[i]) * w[i];
    square_avg[i] = rho * square_avg[i] + one_minus_rho * gradient * gradient;
    velocity[i] = momentum * velocity[i] + gradient / (std::sqrt(square_avg[i]) + epsilon);
    w[i] -= learning_rate * velocity[i];
  }
}

class Rmsprop final : public FlatOptimizer {
 public:
  Rmsprop(const OptimizerOptions& options, std::size_t size)
      : FlatOptimizer(options, size, state_of(options)) {}

 private:
  static std::vector<std::string> state_of(const OptimizerOptions& options) {
    if (options.momentum == 0) return {"square_avg"};
    return {"square_avg", "momentum"};
  }

  void prepare(double learning_rate, std::uint64_t /*step*/) override {
    step_ = {static_cast<float>(learning_rate),     static_cast<float>(options().momentum),
             static_cast<float>(options().rho),     static_cast<float>(1 - options().rho),
             static_cast<float>(options().epsilon), static_cast<float>(options().weight_decay)};
  }

  void update(const Range& r) override {
    if (options().momentum == 0) {
      rmsprop(r.weights, r.gradients, r.decays, state_at(0, r), r.size, step_);
    } else {
      rmsprop_momentum(r.weights, r.gradients, r.decays, state_at(0, r), state_at(1, r), r.size,
                       step_);
    }
  }

  RmspropStep step_{};
};

struct AdamStep {
  float beta1;
  float one_minus_beta1;
  float beta2;
  float one_minus_beta2;
  float step_size;        // learning rate / (1 - beta1^t)
  float root_correction;  // sqrt(1 - beta2^t)
  float epsilon;
  float l2_decay;         // added to the gradient: adam
  float decoupled_decay;  // learning rate times weight decay: adamw
};

THIMBLE_SIMD_CLONES
void adam(float* __restrict w, const float* __restrict g, const std::uint8_t* __restrict decays,
          float* __restrict exp_avg, float* __restrict exp_avg_sq, std::size_t n,
          const AdamStep& step) {
  const auto [beta1, one_minus_beta1, beta2, one_minus_beta2, step_size, root_correction, epsilon,
              l2_decay, decoupled_decay] = step;
  for (std::size_t i = 0; i < n; ++i) {
    const auto decay = static_cast<float>(decays[i]);
    const float gradient = g[i] + l2_decay * decay * w[i];
    const float weight = w[i] * (1 - decoupled_decay * decay);
    exp_avg[i] = beta1 * exp_avg[i] + one_minus_beta1 * gradient;
    exp_avg_sq[i] = beta2 * exp_avg_sq[i] + one_minus_beta2 * gradient * gradient;
    w[i] =
        weight - step_size * (exp_avg[i] / (std::sqrt(exp_avg_sq[i]) / root_correction + epsilon));
  }
}

class Adam final : public FlatOptimizer {
 public:
  Adam(const OptimizerOptions& options, std::size_t size)
      : FlatOptimizer(options, size, {"exp_avg", "exp_avg_sq"}) {}

 private:
  void prepare(double learning_rate, std::uint64_t step) override {
    const OptimizerOptions& o = options();
    const auto t = static_cast<double>(step);
    const bool decoupled = o.name == "adamw";
    step_ = {
        .beta1 = static_cast<float>(o.beta1),
        .one_minus_beta1 = static_cast<float>(1 - o.beta1),
        .beta2 = static_cast<float>(o.beta2),
        .one_minus_beta2 = static_cast<float>(1 - o.beta2),
        .step_size = static_cast<float>(learning_rate / (1 - std::pow(o.beta1, t))),
        .root_correction = static_cast<float>(std::sqrt(1 - std::pow(o.beta2, t))),
        .epsilon = static_cast<float>(o.epsilon),
        .l2_decay = decoupled ? 0.0F : static_cast<float>(o.weight_decay),
        .decoupled_decay = decoupled ? static_cast<float>(learning_rate * o.weight_decay) : 0.0F};
  }

  void update(const Range& r) override {
    adam(r.weights, r.gradients, r.decays, state_at(0, r), state_at(1, r), r.size, step_);
  }

  AdamStep step_{};
};

void check(bool good, const char* option, double found, const char* wanted) {
  if (!good) throw UsageError(fmt::format("optimizer.{}: {}, expected {}", option, found, wanted));
}

void check_options(const OptimizerOptions& o) {
  const auto rate = [](double value) { return value >= 0 && value < 1; };
  const auto amount = [](double value) { return value >= 0 && std::isfinite(value); };
  check(o.learning_rate > 0 && std::isfinite(o.learning_rate), "learning_rate", o.learning_rate,
        "a number above 0");
  check(rate(o.momentum), "momentum", o.momentum, "0 or more and below 1");
  check(rate(o.rho), "rho", o.rho, "0 or more and below 1");
  check(rate(o.beta1), "beta1", o.beta1, "0 or more and below 1");
  check(rate(o.beta2), "beta2", o.beta2, "0 or more and below 1");
  check(amount(o.epsilon), "epsilon", o.epsilon, "0 or more");
  check(amount(o.weight_decay), "weight_decay", o.weight_decay, "0 or more");
  check(amount(o.clip_norm), "clip_norm", o.clip_norm, "0 (no limit) or more");
  check(amount(o.clip_value), "clip_value", o.clip_value, "0 (no limit) or more");
  if (o.nesterov && o.name == "sgd" && o.momentum == 0)
    throw UsageError("optimizer.nesterov: needs optimizer.momentum above 0, found 0");
}

}  // namespace

std::unique_ptr<Optimizer> make_optimizer(const OptimizerOptions& options, std::size_t size) {
  check_options(options);
  if (options.name == "sgd") return std::make_unique<Sgd>(options, size);
  if (options.name == "rmsprop") return std::make_unique<Rmsprop>(options, size);
  if (options.name == "adam" || options.name == "adamw")
    return std::make_unique<Adam>(options, size);
  const std::vector<std::string> names = {"sgd", "rmsprop", "adam", "adamw"};
  throw UsageError(unknown_name("optimizer", options.name, names));
}

}  // namespace thimble::nn
