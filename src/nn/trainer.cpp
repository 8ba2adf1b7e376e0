#include "nn/trainer.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <span>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/random.hpp"
#include "nn/early_stopping.hpp"
#include "nn/inference_network.hpp"
#include "nn/training/learner.hpp"

namespace thimble::nn {
namespace {

using Clock = std::chrono::steady_clock;

// Uses of the seed, kept apart.
enum Stream : std::uint64_t { kInitialWeights = 1, kOrder, kDropout, kRefreshOrder };

constexpr int kValidationBatch = 256;
constexpr double kProgressInterval_s = 0.05;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

int usable_batch_size(const TrainerOptions& options, std::size_t samples) {
  if (samples == 0) throw DataError("training: the training split is empty");
  if (options.batch_size < 1) {
    throw UsageError(
        fmt::format("training.batch_size: {}, expected 1 or more", options.batch_size));
  }
  if (options.epochs < 1) {
    throw UsageError(fmt::format("training.epochs: {}, expected 1 or more", options.epochs));
  }
  if (options.batch_norm_refresh < 0 || options.early_stopping_patience < 0) {
    throw UsageError("training: batch_norm_refresh and early_stopping_patience cannot be negative");
  }
  return static_cast<int>(
      std::min<std::size_t>(static_cast<std::size_t>(options.batch_size), samples));
}

/// Sums over the batches of an epoch.
struct RunningScore {
  double loss = 0;
  double weight = 0;
  std::uint64_t correct = 0;
  std::uint64_t samples = 0;

  void add(const BatchLoss& batch, std::size_t n) {
    loss += batch.loss * batch.weight;
    weight += batch.weight;
    correct += batch.correct;
    samples += n;
  }
  double mean_loss() const { return weight > 0 ? loss / weight : 0; }
  double accuracy() const {
    return samples > 0 ? static_cast<double>(correct) / static_cast<double>(samples) : 0;
  }
};

}  // namespace

class Trainer::Impl {
 public:
  Impl(const Graph& graph, const InputScaling& scaling, const TrainerOptions& options,
       const BatchSource& train, const BatchSource* validation)
      : graph_(graph),
        scaling_(scaling),
        options_(options),
        train_(train),
        validation_(validation && validation->size() > 0 ? validation : nullptr),
        batch_size_(usable_batch_size(options, train.size())),
        steps_per_epoch_((train.size() + static_cast<std::size_t>(batch_size_) - 1) /
                         static_cast<std::size_t>(batch_size_)),
        schedule_(make_schedule(options.schedule, options.epochs)),
        learner_(graph, scaling, options, batch_size_, steps_per_epoch_,
                 hash_seed(options.seed, kDropout)),
        early_stopping_(std::max(options.early_stopping_patience, 1)) {
    learner_.start(0, replaced(initial_parameters(graph, hash_seed(options.seed, kInitialWeights)),
                               options.fine_tuning.initial));
    if (options.early_stopping_patience > 0 && !validation_) {
      throw UsageError(
          "training.early_stopping_patience: needs a validation split; set "
          "training.validation_fraction");
    }
    if (options.keep_best && !validation_) {
      throw UsageError(
          "training.keep = \"best\": needs a validation split; set "
          "training.validation_fraction");
    }
  }

  std::string run(Progress& progress, const Hooks& hooks);
  TrainerState state() const;
  void restore(const TrainerState& state);

  std::size_t memory_bytes() const { return learner_.memory_bytes(); }

  ParameterValues result_;
  ParameterValues best_;
  EarlyStopping& early_stopping() { return early_stopping_; }
  int epochs_done() const { return epoch_; }

 private:
  void train_epoch(Progress& progress, const Hooks& hooks);
  void train_step();
  EpochRecord finish_epoch(double seconds, std::size_t images);
  BatchLoss validate();
  void refresh_batch_norm();
  void fill_batch(std::size_t step, std::optional<std::uint64_t> epoch);
  void draw_order(Stream stream, std::uint64_t epoch);

  Graph graph_;
  InputScaling scaling_;
  TrainerOptions options_;
  const BatchSource& train_;
  const BatchSource* validation_;
  int batch_size_;
  std::size_t steps_per_epoch_;
  std::unique_ptr<Schedule> schedule_;
  Learner learner_;
  EarlyStopping early_stopping_;
  std::optional<InferenceNetwork> validation_network_;

  int epoch_ = 0;         // finished epochs
  std::size_t step_ = 0;  // finished steps of the epoch under way
  RunningScore score_;
  double learning_rate_ = 0;
  std::string stopped_because_;  // not empty once training is over
  std::vector<std::size_t> order_;
  std::vector<std::size_t> indices_;
};

void Trainer::Impl::draw_order(Stream stream, std::uint64_t epoch) {
  order_.resize(train_.size());
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  Random(hash_seed(options_.seed, stream, epoch)).shuffle(std::span(order_));
}

void Trainer::Impl::fill_batch(std::size_t step, std::optional<std::uint64_t> epoch) {
  const auto batch = static_cast<std::size_t>(batch_size_);
  indices_.resize(batch);
  for (std::size_t i = 0; i < batch; ++i) indices_[i] = order_[(step * batch + i) % order_.size()];
  TrainingNetwork& network = learner_.network();
  train_.fill(indices_, epoch, network.input(), network.labels());
}

void Trainer::Impl::train_step() {
  const auto epoch = static_cast<std::uint64_t>(epoch_);
  fill_batch(step_, epoch);
  const BatchLoss loss = learner_.network().forward_backward(
      {options_.label_smoothing, options_.class_weights}, epoch * steps_per_epoch_ + step_);
  if (!std::isfinite(loss.loss)) {
    throw DataError(
        fmt::format("training: the loss is no longer a number in epoch {}, step {}; lower "
                    "optimizer.learning_rate (now {}) or set optimizer.clip_norm",
                    epoch_ + 1, step_ + 1, options_.optimizer.learning_rate));
  }
  const double progress =
      epoch_ + (static_cast<double>(step_) + 0.5) / static_cast<double>(steps_per_epoch_);
  learning_rate_ = options_.optimizer.learning_rate * schedule_->fraction(progress);
  learner_.step(learning_rate_);
  score_.add(loss, static_cast<std::size_t>(batch_size_));
  ++step_;
}

void Trainer::Impl::train_epoch(Progress& progress, const Hooks& hooks) {
  const auto start = Clock::now();
  const std::size_t first_step = step_;
  double last_told = -1;
  learner_.unfreeze(epoch_);
  draw_order(kOrder, static_cast<std::uint64_t>(epoch_));
  while (step_ < steps_per_epoch_) {
    if (progress.stop_requested()) {
      if (hooks.save) hooks.save();
      throw Cancelled(
          fmt::format("training stopped in epoch {} of {}", epoch_ + 1, options_.epochs));
    }
    train_step();
    if (const double now = seconds_since(start); now - last_told > kProgressInterval_s) {
      last_told = now;
      const auto batch = static_cast<std::uint64_t>(batch_size_);
      const auto steps_done = static_cast<std::uint64_t>(epoch_) * steps_per_epoch_ + step_;
      progress.update(steps_done * batch,
                      static_cast<std::uint64_t>(options_.epochs) * steps_per_epoch_ * batch,
                      fmt::format("epoch {}/{}  loss {:.4f}  accuracy {:.4f}", epoch_ + 1,
                                  options_.epochs, score_.mean_loss(), score_.accuracy()));
    }
  }
  const std::size_t images = (step_ - first_step) * static_cast<std::size_t>(batch_size_);
  EpochRecord record = finish_epoch(seconds_since(start), images);
  record.seconds = seconds_since(start);
  if (hooks.epoch_done) hooks.epoch_done(record);
  if (hooks.go_on && !hooks.go_on(record) && stopped_because_.empty()) {
    stopped_because_ = fmt::format("stopped after epoch {} of {}", epoch_, options_.epochs);
  }
  if (hooks.save) hooks.save();
}

EpochRecord Trainer::Impl::finish_epoch(double seconds, std::size_t images) {
  EpochRecord record;
  record.epoch = ++epoch_;
  record.loss = score_.mean_loss();
  record.accuracy = score_.accuracy();
  record.learning_rate = learning_rate_;
  record.images_per_second = seconds > 0 ? static_cast<double>(images) / seconds : 0;
  step_ = 0;
  score_ = {};
  bool stop = false;
  if (validation_) {
    const BatchLoss validation = validate();
    record.validation_loss = validation.loss;
    record.validation_accuracy =
        static_cast<double>(validation.correct) / static_cast<double>(validation_->size());
    stop = early_stopping_.should_stop(validation.loss);
    if (early_stopping_.best_epoch() == epoch_) best_ = learner_.parameters();
  }
  schedule_->end_epoch(record.validation_loss.value_or(record.loss));
  if (epoch_ == options_.epochs) {
    stopped_because_ = fmt::format("all {} epochs done", options_.epochs);
  } else if (stop && options_.early_stopping_patience > 0) {
    stopped_because_ =
        fmt::format("validation loss no better for {} epochs", options_.early_stopping_patience);
  }
  return record;
}

BatchLoss Trainer::Impl::validate() {
  const ParameterValues values = learner_.parameters();
  const auto batch = std::min<std::size_t>(kValidationBatch, validation_->size());
  if (!validation_network_) {
    validation_network_.emplace(graph_, scaling_, static_cast<int>(batch), options_.precision,
                                values);
  } else {
    validation_network_->set_parameters(values);
  }
  const auto classes = static_cast<std::size_t>(graph_.output().size());
  std::vector<std::size_t> indices(batch);
  std::vector<std::int32_t> labels(batch);
  RunningScore score;
  for (std::size_t first = 0; first < validation_->size(); first += batch) {
    const std::size_t n = std::min(batch, validation_->size() - first);
    for (std::size_t i = 0; i < batch; ++i) indices[i] = first + std::min(i, n - 1);
    validation_->fill(indices, std::nullopt, validation_network_->input(), labels);
    const auto logits = validation_network_->run();
    score.add(cross_entropy(logits.first(n * classes), std::span(labels).first(n), classes, {}, {}),
              n);
  }
  return {score.mean_loss(), score.weight, score.correct};
}

void Trainer::Impl::refresh_batch_norm() {
  // The best weights may be from a time when more was frozen.
  const bool best = options_.keep_best && !best_.empty();
  const int epoch = std::max(best ? early_stopping_.best_epoch() - 1 : learner_.epoch(), 0);
  if (!learner_.is_built_for(epoch)) learner_.start(epoch, result_);
  const auto first_trained =
      static_cast<std::size_t>(options_.fine_tuning.first_trained_layer(epoch));
  const auto trained = std::span(graph_.layers()).subspan(first_trained);
  if (std::ranges::none_of(trained, [](const auto& l) { return l->traits().normalizes; })) return;
  TrainingNetwork& network = learner_.network();
  network.set_parameters(result_);
  draw_order(kRefreshOrder, 0);
  for (int batch = 0; batch < options_.batch_norm_refresh; ++batch) {
    fill_batch(static_cast<std::size_t>(batch), std::nullopt);
    network.accumulate_statistics(batch == 0);
  }
  result_ = network.parameters();
}

std::string Trainer::Impl::run(Progress& progress, const Hooks& hooks) {
  while (stopped_because_.empty()) train_epoch(progress, hooks);
  result_ = options_.keep_best && !best_.empty() ? best_ : learner_.parameters();
  if (options_.batch_norm_refresh > 0) refresh_batch_norm();
  return stopped_because_;
}

TrainerState Trainer::Impl::state() const {
  TrainerState state;
  state.values = {{"epoch", epoch_},
                  {"step", step_},
                  {"loss_sum", score_.loss},
                  {"weight_sum", score_.weight},
                  {"correct", score_.correct},
                  {"samples", score_.samples},
                  {"learning_rate", learning_rate_},
                  {"stopped_because", stopped_because_},
                  {"schedule", schedule_->state()},
                  {"early_stopping", early_stopping_.state()}};
  learner_.save(state);
  append_arrays(state, "best", best_);
  return state;
}

void Trainer::Impl::restore(const TrainerState& state) {
  try {
    const auto& values = state.values;
    epoch_ = values.at("epoch");
    step_ = values.at("step");
    score_.loss = values.at("loss_sum");
    score_.weight = values.at("weight_sum");
    score_.correct = values.at("correct");
    score_.samples = values.at("samples");
    learning_rate_ = values.at("learning_rate");
    stopped_because_ = values.at("stopped_because");
    schedule_->set_state(values.at("schedule"));
    early_stopping_.set_state(values.at("early_stopping"));
    learner_.restore(state);
    best_ = take_arrays(state, "best");
    if (!best_.empty()) check_parameters(graph_, best_, "checkpoint");
  } catch (const nlohmann::json::exception& error) {
    throw DataError(fmt::format("checkpoint: {}", error.what()));
  }
  if (epoch_ < 0 || step_ > steps_per_epoch_) {
    throw DataError(fmt::format("checkpoint: epoch {}, step {} of {} cannot be", epoch_, step_,
                                steps_per_epoch_));
  }
}

Trainer::Trainer(const Graph& graph, const InputScaling& scaling, const TrainerOptions& options,
                 const BatchSource& train, const BatchSource* validation)
    : impl_(std::make_unique<Impl>(graph, scaling, options, train, validation)) {}

Trainer::~Trainer() = default;

std::string Trainer::run(Progress& progress, const Hooks& hooks) {
  return impl_->run(progress, hooks);
}
const ParameterValues& Trainer::result() const { return impl_->result_; }
const ParameterValues& Trainer::best() const { return impl_->best_; }
int Trainer::best_epoch() const { return impl_->early_stopping().best_epoch(); }
int Trainer::epochs_done() const { return impl_->epochs_done(); }
TrainerState Trainer::state() const { return impl_->state(); }
void Trainer::restore(const TrainerState& state) { impl_->restore(state); }
std::size_t Trainer::memory_bytes() const { return impl_->memory_bytes(); }

}  // namespace thimble::nn
