#include "models/neural_options.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.hpp"
#include "models/settings.hpp"

namespace thimble {
namespace {

using nlohmann::json;

/// Calls visit(key, member) for every plain setting of a table: one list serves reading and
/// writing.
template <class Options, class Visit>
void visit_augmentation(Options& o, const Visit& visit) {
  visit("horizontal_flip", o.horizontal_flip);
  visit("alternating_flip", o.alternating_flip);
  visit("rotation_degrees", o.rotation_degrees);
  visit("zoom", o.zoom);
  visit("shift_pixels", o.shift_pixels);
  visit("crop_padding", o.crop_padding);
  visit("erase_probability", o.erase_probability);
  visit("erase_size", o.erase_size);
  visit("erase_value", o.erase_value);
}

template <class Options, class Visit>
void visit_optimizer(Options& o, const Visit& visit) {
  visit("name", o.name);
  visit("learning_rate", o.learning_rate);
  visit("momentum", o.momentum);
  visit("nesterov", o.nesterov);
  visit("rho", o.rho);
  visit("beta1", o.beta1);
  visit("beta2", o.beta2);
  visit("epsilon", o.epsilon);
  visit("weight_decay", o.weight_decay);
  visit("clip_norm", o.clip_norm);
  visit("clip_value", o.clip_value);
}

template <class Options, class Visit>
void visit_schedule(Options& o, const Visit& visit) {
  visit("name", o.name);
  visit("warmup_epochs", o.warmup_epochs);
  visit("step_epochs", o.step_epochs);
  visit("gamma", o.gamma);
  visit("final_fraction", o.final_fraction);
  visit("rise_fraction", o.rise_fraction);
  visit("factor", o.factor);
  visit("patience", o.patience);
  visit("min_fraction", o.min_fraction);
}

template <class Options, class Visit>
void visit_training(Options& o, const Visit& visit) {
  visit("epochs", o.trainer.epochs);
  visit("batch_size", o.trainer.batch_size);
  visit("label_smoothing", o.trainer.label_smoothing);
  visit("early_stopping_patience", o.trainer.early_stopping_patience);
  visit("ema_decay", o.trainer.ema_decay);
  visit("batch_norm_refresh", o.trainer.batch_norm_refresh);
  visit("validation_fraction", o.validation_fraction);
  visit("seed", o.trainer.seed);
}

/// Only the keys that the architecture has.
template <class Options, class Visit>
void visit_variation(const std::string& architecture, Options& o, const Visit& visit) {
  const auto& keys = nn::architecture_keys(architecture);
  const auto visit_known = [&](const char* key, auto& member) {
    if (std::ranges::find(keys, key) != keys.end()) visit(key, member);
  };
  visit_known("stage_widths", o.stage_widths);
  visit_known("stage_depth", o.stage_depth);
  visit_known("pooling", o.pooling);
  visit_known("global_pooling", o.global_pooling);
  visit_known("activation", o.activation);
  visit_known("hidden", o.hidden);
  visit_known("dropout", o.dropout);
  visit_known("stem", o.stem);
}

/// Visits a table's settings to read them.
auto reading(Settings& table) {
  return [&table](const char* key, auto& member) { table.read(key, member); };
}

/// Visits settings to write them into `table`.
auto writing(json& table) {
  return [&table](const char* key, const auto& member) { table[key] = member; };
}

void read_variation(Settings& model, NeuralOptions& options) {
  const std::string& name = options.architecture;
  options.variation = nn::architecture_defaults(name);
  const auto& keys = nn::architecture_keys(name);
  for (const std::string& key : nn::all_architecture_keys()) {
    if (!model.has(key) || std::ranges::find(keys, key) != keys.end()) continue;
    model.refuse(key, fmt::format("architecture {} does not have it; it has {}", name,
                                  fmt::join(keys, ", ")));
  }
  visit_variation(name, options.variation, reading(model));
  options.variation = nn::checked(name, std::move(options.variation));
}

void read_transfer(const json& settings, TransferOptions& options) {
  Settings transfer(settings, "transfer");
  transfer.read("init", options.init);
  transfer.read("init_sha256", options.init_sha256);
  transfer.read("unfreeze_epochs", options.unfreeze_epochs);
  transfer.read_choice("stem", options.stem, {"imagenet", "small"});
  transfer.read_choice("grey", options.grey, {"sum", "replicate"});
  json freeze = options.freeze;
  transfer.read("freeze", freeze);
  options.freeze = freeze.is_string() ? freeze.get<std::string>() : freeze.dump();
  const bool freezes = options.freeze != "none";
  if (freezes && options.init.empty()) {
    transfer.refuse("freeze",
                    fmt::format("\"{}\" without transfer.init would keep layers as random as they "
                                "start; give a model to start from",
                                options.freeze));
  }
  if (options.unfreeze_epochs < 0) {
    transfer.refuse("unfreeze_epochs",
                    fmt::format("{}, expected 0 or more", options.unfreeze_epochs));
  }
  if (options.unfreeze_epochs > 0 && !freezes) {
    transfer.refuse("unfreeze_epochs", "there is nothing to unfreeze; set transfer.freeze");
  }
  transfer.finish();
}

json to_json(const TransferOptions& options) {
  return {{"init", options.init},     {"init_sha256", options.init_sha256},
          {"freeze", options.freeze}, {"unfreeze_epochs", options.unfreeze_epochs},
          {"stem", options.stem},     {"grey", options.grey}};
}

void read_optimizer(const json& settings, NeuralOptions& options) {
  Settings optimizer(settings, "optimizer");
  visit_optimizer(options.trainer.optimizer, reading(optimizer));
  double& scale = options.trainer.fine_tuning.backbone_lr_scale;
  optimizer.read("backbone_lr_scale", scale);
  if (scale <= 0) {
    optimizer.refuse("backbone_lr_scale",
                     fmt::format("{}, expected a number above 0; transfer.freeze = \"backbone\" "
                                 "keeps all but the head as it is",
                                 scale));
  }
  optimizer.finish();
  (void)nn::make_optimizer(options.trainer.optimizer, 0);
}

void read_model(const json& settings, NeuralOptions& options) {
  Settings model(settings, "model");
  model.read("architecture", options.architecture);
  model.read("layers", options.layers);
  const bool given_by_init = !options.transfer.init.empty() && settings.is_null();
  if (given_by_init) return;
  if (options.architecture.empty() == options.layers.empty()) {
    throw UsageError("model: give either `architecture` (" +
                     fmt::format("{}", fmt::join(nn::architecture_names(), ", ")) +
                     ") or `layers`");
  }
  if (options.layers.empty()) {
    read_variation(model, options);
  } else {
    for (const std::string& key : nn::all_architecture_keys()) {
      if (model.has(key)) model.refuse(key, "goes with `architecture` only; `layers` say it here");
    }
  }
  model.finish();
}

void read_training(const json& settings, NeuralOptions& options) {
  Settings training(settings, "training");
  visit_training(options, reading(training));
  std::string keep = "last";
  std::string precision = "auto";
  training.read_choice("keep", keep, {"last", "best"});
  training.read_choice("precision", precision, {"auto", "fp32", "bf16"});
  training.read_choice("class_weights", options.class_weights, {"none", "balanced"});
  options.trainer.keep_best = keep == "best";
  options.trainer.precision = nn::precision_from(precision);
  if (options.validation_fraction < 0 || options.validation_fraction >= 1) {
    training.refuse("validation_fraction",
                    fmt::format("{}, expected 0 or more and below 1", options.validation_fraction));
  }
  if (options.trainer.label_smoothing < 0 || options.trainer.label_smoothing >= 1) {
    training.refuse("label_smoothing", fmt::format("{}, expected 0 or more and below 1",
                                                   options.trainer.label_smoothing));
  }
  if (options.trainer.epochs < 1) {
    training.refuse("epochs", fmt::format("{}, expected 1 or more", options.trainer.epochs));
  }
  if (options.trainer.batch_size < 1) {
    training.refuse("batch_size",
                    fmt::format("{}, expected 1 or more", options.trainer.batch_size));
  }
  training.finish();
}

}  // namespace

NeuralOptions read_neural_options(const Recipe& recipe) {
  NeuralOptions options;
  Settings top(recipe.settings, "");
  read_transfer(top.table("transfer"), options.transfer);
  read_model(top.table("model"), options);
  const bool has_stem = options.architecture == "resnet18" && options.layers.empty();
  if (has_stem && !top.table("transfer").contains("stem")) {
    options.transfer.stem = options.variation.stem;
  }

  Settings preprocessing(top.table("preprocessing"), "preprocessing");
  preprocessing.read_choice("scaling", options.scaling, {"standardize", "unit"});
  preprocessing.finish();

  Settings augmentation(top.table("augmentation"), "augmentation");
  visit_augmentation(options.augmentation, reading(augmentation));
  augmentation.finish();

  read_optimizer(top.table("optimizer"), options);
  read_training(top.table("training"), options);

  Settings schedule(top.table("schedule"), "schedule");
  visit_schedule(options.trainer.schedule, reading(schedule));
  schedule.finish();
  (void)nn::make_schedule(options.trainer.schedule, options.trainer.epochs);
  top.finish();
  return options;
}

json to_json(const NeuralOptions& options) {
  json model = json::object();
  if (options.layers.empty()) {
    model["architecture"] = options.architecture;
    visit_variation(options.architecture, options.variation, writing(model));
  } else {
    model["layers"] = options.layers;
  }
  json augmentation, optimizer, schedule, training;
  visit_augmentation(options.augmentation, writing(augmentation));
  visit_optimizer(options.trainer.optimizer, writing(optimizer));
  visit_schedule(options.trainer.schedule, writing(schedule));
  visit_training(options, writing(training));
  const double scale = options.trainer.fine_tuning.backbone_lr_scale;
  if (scale != 1) optimizer["backbone_lr_scale"] = scale;
  training["keep"] = options.trainer.keep_best ? "best" : "last";
  training["precision"] = nn::to_string(options.trainer.precision);
  training["class_weights"] = options.class_weights;
  json all{{"model", model},
           {"preprocessing", {{"scaling", options.scaling}}},
           {"augmentation", augmentation},
           {"optimizer", optimizer},
           {"schedule", schedule},
           {"training", training}};
  if (!options.transfer.init.empty()) all["transfer"] = to_json(options.transfer);
  return all;
}

}  // namespace thimble
