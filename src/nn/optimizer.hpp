// Rules that turn gradients into new weights. All of them see one flat block of numbers.

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace thimble::nn {

struct OptimizerOptions {
  std::string name = "adam";    ///< "sgd", "rmsprop", "adam", "adamw"
  double learning_rate = 1e-3;  ///< the schedule's peak
  double momentum = 0.9;        ///< sgd, rmsprop
  bool nesterov = false;        ///< sgd
  double rho = 0.9;             ///< rmsprop: decay of the squared gradients
  double beta1 = 0.9;           ///< adam, adamw
  double beta2 = 0.999;         ///< adam, adamw
  double epsilon = 1e-8;
  double weight_decay = 0;  ///< on weights only, never on biases and batch norm; in the gradient
                            ///< (L2) for all but adamw, which decouples it
  double clip_norm = 0;     ///< largest L2 norm of the whole gradient; 0: no limit
  double clip_value = 0;    ///< largest absolute value of one entry; 0: no limit; goes first

  bool operator==(const OptimizerOptions&) const = default;
};

/// A part of the flat block with a learning rate of its own.
struct RateSpan {
  std::size_t size = 0;
  double factor = 1;         ///< of the step's learning rate
  std::uint64_t joined = 0;  ///< steps that others had taken before it took its first
};

/// The update rules of PyTorch 1.13's torch.optim, term by term.
///
/// Weights, gradients and state are flat blocks of equal length `size`. Runs over all cores; the
/// result does not depend on the number of threads.
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// One step: changes `weights` in place.
  ///
  /// @param weights        float32 [size]
  /// @param gradients      float32 [size]; clipped in place where the options ask for it
  /// @param decays         uint8 [size], 1 where weight decay applies
  /// @param learning_rate  of this step
  virtual void step(std::span<float> weights, std::span<float> gradients,
                    std::span<const std::uint8_t> decays, double learning_rate) = 0;

  /// Gives parts of the block, one behind the other from its start to its end, learning rates of
  /// their own, as PyTorch's parameter groups have. Without them all of it learns at the step's.
  /// @throws ShapeError  if they do not fill the block
  virtual void set_spans(std::vector<RateSpan> spans) = 0;

  /// Steps taken.
  std::uint64_t step_count() const { return step_count_; }
  void set_step_count(std::uint64_t count) { step_count_ = count; }

  /// Names of the state's blocks: {"momentum"}, {"exp_avg", "exp_avg_sq"}; none for plain SGD.
  virtual std::vector<std::string> state_names() const = 0;
  /// The state, one block of float32 [size] a name, for checkpoints.
  virtual std::span<float> state(std::size_t block) = 0;

 protected:
  std::uint64_t step_count_ = 0;
};

/// @throws UsageError  if the name is unknown or an option out of range
std::unique_ptr<Optimizer> make_optimizer(const OptimizerOptions& options, std::size_t size);

}  // namespace thimble::nn
