#include "nn/training/learner.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace thimble::nn {

Learner::Learner(const Graph& graph, const InputScaling& scaling, const TrainerOptions& options,
                 int batch_size, std::size_t steps_per_epoch, std::uint64_t seed)
    : graph_(graph),
      scaling_(scaling),
      options_(options),
      batch_size_(batch_size),
      steps_per_epoch_(steps_per_epoch),
      seed_(seed) {}

void Learner::start(int epoch, const ParameterValues& values) {
  network_ = std::make_unique<TrainingNetwork>(
      graph_, scaling_,
      TrainingNetwork::Options{
          .batch_size = batch_size_,
          .precision = options_.precision,
          .seed = seed_,
          .first_trained_layer = options_.fine_tuning.first_trained_layer(epoch)});
  network_->set_parameters(values);
  optimizer_ = make_optimizer(options_.optimizer, network_->weights().size());
  optimizer_->set_spans(rate_spans(options_.fine_tuning, epoch, steps_per_epoch_, *network_));
  if (options_.ema_decay > 0) ema_.emplace(options_.ema_decay, network_->weights().size());
  epoch_ = epoch;
}

bool Learner::is_built_for(int epoch) const {
  const FineTuning& tuning = options_.fine_tuning;
  return tuning.first_trained_layer(epoch) == tuning.first_trained_layer(epoch_);
}

void Learner::unfreeze(int epoch) {
  if (is_built_for(epoch)) return;
  const ParameterValues values = network_->parameters();
  const std::uint64_t steps = optimizer_->step_count();
  std::vector<ParameterValues> blocks;
  for (std::size_t i = 0; i < optimizer_->state_names().size(); ++i) {
    blocks.push_back(network_->to_declared(optimizer_->state(i)));
  }
  ParameterValues average;
  std::uint64_t updates = 0;
  if (ema_) {
    average = network_->to_declared(ema_->average());
    updates = ema_->update_count();
  }

  start(epoch, values);
  optimizer_->set_step_count(steps);
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const ParameterValues zeros = network_->to_declared(optimizer_->state(i));
    network_->from_declared(replaced(zeros, blocks[i]), optimizer_->state(i));
  }
  if (ema_) {
    std::vector<float> flat(network_->weights().size());
    network_->from_declared(replaced(network_->to_declared(network_->weights()), average), flat);
    ema_->restore(flat, updates);
  }
}

void Learner::step(double learning_rate) {
  optimizer_->step(network_->weights(), network_->gradients(), network_->decays(), learning_rate);
  network_->weights_changed();
  if (ema_) ema_->update(network_->weights());
}

ParameterValues Learner::parameters() const {
  ParameterValues values = network_->parameters();
  if (!ema_ || ema_->update_count() == 0) return values;
  return replaced(std::move(values), network_->to_declared(ema_->average()));
}

void Learner::save(TrainerState& state) const {
  state.values["network_epoch"] = epoch_;
  state.values["optimizer_steps"] = optimizer_->step_count();
  state.values["ema_updates"] = ema_ ? ema_->update_count() : 0;
  append_arrays(state, "parameters", network_->parameters());
  const auto names = optimizer_->state_names();
  for (std::size_t i = 0; i < names.size(); ++i) {
    append_arrays(state, names[i], network_->to_declared(optimizer_->state(i)));
  }
  if (ema_) append_arrays(state, "ema", network_->to_declared(ema_->average()));
}

void Learner::restore(const TrainerState& state) {
  const ParameterValues parameters = take_arrays(state, "parameters");
  check_parameters(graph_, parameters, "checkpoint");
  if (const int built = state.values.value("network_epoch", 0); !is_built_for(built)) {
    start(built, parameters);
  }
  network_->set_parameters(parameters);
  optimizer_->set_step_count(state.values.at("optimizer_steps"));
  const auto names = optimizer_->state_names();
  for (std::size_t i = 0; i < names.size(); ++i) {
    network_->from_declared(take_arrays(state, names[i]), optimizer_->state(i));
  }
  if (ema_) {
    std::vector<float> average(network_->weights().size());
    network_->from_declared(take_arrays(state, "ema"), average);
    ema_->restore(average, state.values.at("ema_updates"));
  }
}

std::size_t Learner::memory_bytes() const {
  // Weights and gradients, the optimizer's blocks, the weight average.
  const std::size_t blocks = 2 + optimizer_->state_names().size() + (ema_ ? 1 : 0);
  return network_->planned_bytes() + blocks * network_->weights().size_bytes();
}

void append_arrays(TrainerState& state, const std::string& group, ParameterValues values) {
  for (auto& array : values) {
    array.name = group + "/" + array.name;
    state.arrays.push_back(std::move(array));
  }
}

ParameterValues take_arrays(const TrainerState& state, const std::string& group) {
  ParameterValues values;
  const std::string prefix = group + "/";
  for (const auto& array : state.arrays) {
    if (!array.name.starts_with(prefix)) continue;
    values.push_back(array);
    values.back().name.erase(0, prefix.size());
  }
  return values;
}

}  // namespace thimble::nn
