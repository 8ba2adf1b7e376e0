#include "models/svm.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "base/error.hpp"
#include "models/settings.hpp"

namespace thimble {
namespace {

using classical::GammaRule;
using classical::SvmModel;
using classical::SvmOptions;
using nlohmann::json;

// A power above this is a typing error.
constexpr int kHighestDegree = 100;

void read_gamma(Settings& table, SvmOptions& options) {
  json gamma = "scale";
  table.read("gamma", gamma);
  if (gamma == "scale") {
    options.gamma_rule = GammaRule::scale;
  } else if (gamma == "auto") {
    options.gamma_rule = GammaRule::auto_;
  } else if (gamma.is_number() && gamma.get<double>() > 0 && std::isfinite(gamma.get<double>())) {
    options.gamma_rule = GammaRule::value;
    options.kernel.gamma = gamma.get<double>();
  } else {
    table.refuse("gamma", fmt::format("got {}, expected \"scale\", \"auto\" or a number above 0",
                                      gamma.dump()));
  }
}

json gamma_setting(const SvmOptions& options) {
  switch (options.gamma_rule) {
    case GammaRule::scale:
      return "scale";
    case GammaRule::auto_:
      return "auto";
    case GammaRule::value:
      break;
  }
  return options.kernel.gamma;
}

void require_positive(const Settings& table, const char* key, double value) {
  if (value > 0 && std::isfinite(value)) return;
  table.refuse(key, fmt::format("got {}, expected a number above 0", value));
}

SvmOptions read_options(const json& model, std::uint64_t seed) {
  SvmOptions options;
  Settings table(model, "model");
  table.read("C", options.C);
  require_positive(table, "C", options.C);
  std::string kernel = "rbf";
  table.read_choice("kernel", kernel, classical::kernel_names());
  const auto& names = classical::kernel_names();
  options.kernel.kind =
      static_cast<classical::KernelKind>(std::ranges::find(names, kernel) - names.begin());
  read_gamma(table, options);
  table.read("degree", options.kernel.degree);
  if (options.kernel.degree < 1 || options.kernel.degree > kHighestDegree) {
    table.refuse("degree",
                 fmt::format("got {}, expected 1 to {}", options.kernel.degree, kHighestDegree));
  }
  table.read("coef0", options.kernel.coef0);
  table.read("tol", options.tol);
  require_positive(table, "tol", options.tol);
  std::string class_weight = "none";
  table.read_choice("class_weight", class_weight, {"none", "balanced"});
  options.balanced = class_weight == "balanced";
  table.read("probability", options.probability);
  int max_iter = -1;
  table.read("max_iter", max_iter);
  if (max_iter < -1 || max_iter == 0) {
    table.refuse("max_iter", fmt::format("got {}, expected 1 or more, or -1 for no limit of "
                                         "yours",
                                         max_iter));
  }
  options.max_iter = max_iter;
  auto cache_size = static_cast<int>(options.cache_size);
  table.read("cache_size", cache_size);
  if (cache_size < 1) {
    table.refuse("cache_size", fmt::format("got {}, expected 1 (MB) or more", cache_size));
  }
  options.cache_size = static_cast<std::size_t>(cache_size);
  options.seed = seed;
  table.finish();
  return options;
}

std::vector<std::int64_t> shape(std::size_t rows, std::size_t columns) {
  return {static_cast<std::int64_t>(rows), static_cast<std::int64_t>(columns)};
}

/// Tensors of a model file, checked.
class Tensors {
 public:
  Tensors(const ModelFile& file, const std::string& place) : file_(file), place_(place) {}

  [[noreturn]] void refuse(const std::string& problem) const {
    throw DataError(fmt::format("{}: {}", place_, problem));
  }

  const Tensor& at(const std::string& name) const {
    const auto found = file_.tensors.find(name);
    if (found == file_.tensors.end()) refuse(fmt::format("tensor {} is missing", name));
    return found->second;
  }

  /// A tensor of exactly this shape; floating point values must be finite.
  template <class T>
  std::vector<T> read(const std::string& name, const std::vector<std::int64_t>& expected) const {
    const Tensor& tensor = at(name);
    if (tensor.shape != expected) refuse(fmt::format("tensor {} has the wrong shape", name));
    std::span<const T> values;
    try {
      values = tensor.as<T>();
    } catch (const DataError& e) {
      refuse(fmt::format("tensor {}: {}", name, e.what()));
    }
    if constexpr (std::is_floating_point_v<T>) {
      if (!std::ranges::all_of(values, [](T value) { return std::isfinite(value); })) {
        refuse(fmt::format("tensor {} holds NaN or infinity", name));
      }
    }
    return {values.begin(), values.end()};
  }

  std::int64_t length(const std::string& name) const {
    const Tensor& tensor = at(name);
    if (tensor.shape.empty()) refuse(fmt::format("tensor {} has the wrong shape", name));
    return tensor.shape[0];
  }

 private:
  const ModelFile& file_;
  const std::string& place_;
};

std::vector<std::int32_t> read_classes(const Tensors& tensors, std::size_t classes) {
  const auto present = tensors.read<std::int32_t>("svm.classes", {tensors.length("svm.classes")});
  const bool ascending = std::ranges::adjacent_find(present, std::greater_equal()) == present.end();
  if (present.size() < 2 || !ascending || present.front() < 0 ||
      static_cast<std::size_t>(present.back()) >= classes) {
    tensors.refuse(
        fmt::format("tensor svm.classes: not two or more of {} classes, ascending", classes));
  }
  return present;
}

std::vector<std::size_t> read_counts(const Tensors& tensors, std::size_t classes,
                                     std::int64_t vectors) {
  const auto counts =
      tensors.read<std::int64_t>("svm.counts", {static_cast<std::int64_t>(classes)});
  std::int64_t left = vectors;
  for (const std::int64_t count : counts) {
    if (count < 0 || count > left) left = -1;
    if (left < 0) break;
    left -= count;
  }
  if (left != 0) {
    tensors.refuse(fmt::format("tensor svm.counts does not add up to {} vectors", vectors));
  }
  return {counts.begin(), counts.end()};
}

void read_vectors(const Tensors& tensors, std::int64_t n, std::size_t dims, SvmModel& model) {
  const std::vector<std::int64_t> expected = {n, static_cast<std::int64_t>(dims)};
  model.dims = dims;
  model.is_bytes = tensors.at("svm.vectors").type == TensorType::u8;
  model.scale = tensors.read<float>("svm.scale", {1})[0];
  if (!(model.scale > 0)) tensors.refuse("tensor svm.scale: not above 0");
  if (model.is_bytes) {
    model.bytes = tensors.read<std::uint8_t>("svm.vectors", expected);
  } else {
    const auto values = tensors.read<float>("svm.vectors", expected);
    model.values = linalg::Matrix(static_cast<std::size_t>(n), dims);
    std::ranges::copy(values, model.values.values().begin());
  }
}

}  // namespace

SvmEstimator::SvmEstimator(const json& model, std::uint64_t seed)
    : options_(read_options(model, seed)) {}

FitReport SvmEstimator::fit(const classical::Samples& train, const classical::Samples*,
                            Progress& progress) {
  classical::SvmFit fit = classical::fit_svm(train, options_, progress);
  model_ = std::move(fit.model);
  decider_ = std::make_unique<classical::SvmDecider>(model_);
  FitReport report;
  const std::size_t pairs = model_.pairs();
  report.stopped_because =
      fit.converged == pairs
          ? fmt::format("all {} pairs within tolerance {}", pairs, options_.tol)
          : fmt::format(
                "{} of {} pairs within tolerance {}, the others stopped at a violation of "
                "up to {:.2g}",
                fit.converged, pairs, options_.tol, fit.largest_violation);
  report.details = {{"support_vectors", model_.size()},
                    {"iterations", std::accumulate(fit.iterations.begin(), fit.iterations.end(),
                                                   std::uint64_t{0})},
                    {"gamma", model_.kernel.gamma},
                    {"kernel_values", fit.kernel_values},
                    {"kernel_bytes", fit.kernel_bytes}};
  return report;
}

void SvmEstimator::predict_proba(const classical::Features& features, Probabilities& out) const {
  decider_->decide(features, [&](std::size_t sample, std::span<const double> decisions) {
    std::vector<double> shares(model_.classes.size());
    if (model_.platt.empty()) {
      classical::vote_shares(decisions, shares);
    } else {
      classical::coupled_probabilities(model_, decisions, shares);
    }
    const std::span<float> row = out[sample];
    std::ranges::fill(row, 0.0F);
    for (std::size_t c = 0; c < shares.size(); ++c) {
      row[static_cast<std::size_t>(model_.classes[c])] = static_cast<float>(shares[c]);
    }
  });
}

json SvmEstimator::settings() const {
  const auto kind = static_cast<std::size_t>(options_.kernel.kind);
  return {{"C", options_.C},
          {"kernel", classical::kernel_names()[kind]},
          {"gamma", gamma_setting(options_)},
          {"degree", options_.kernel.degree},
          {"coef0", options_.kernel.coef0},
          {"tol", options_.tol},
          {"class_weight", options_.balanced ? "balanced" : "none"},
          {"probability", options_.probability},
          {"max_iter", options_.max_iter},
          {"cache_size", options_.cache_size}};
}

void SvmEstimator::save(ModelFile& file) const {
  const std::size_t n = model_.size();
  const std::size_t k = model_.classes.size();
  const auto list = [](const auto& values) {
    return Tensor::from(std::span(values), {static_cast<std::int64_t>(values.size())});
  };
  file.tensors["svm.classes"] = list(model_.classes);
  file.tensors["svm.counts"] =
      list(std::vector<std::int64_t>(model_.counts.begin(), model_.counts.end()));
  file.tensors["svm.vectors"] = model_.is_bytes
                                    ? Tensor::from(std::span(model_.bytes), shape(n, model_.dims))
                                    : Tensor::from(model_.values.values(), shape(n, model_.dims));
  file.tensors["svm.scale"] = list(std::vector<float>{model_.scale});
  file.tensors["svm.gamma"] = list(std::vector<double>{model_.kernel.gamma});
  file.tensors["svm.coefficients"] = Tensor::from(std::span(model_.coefficients), shape(k - 1, n));
  file.tensors["svm.rho"] = list(model_.rho);
  if (model_.platt.empty()) return;
  std::vector<double> platt;
  for (const classical::Sigmoid& sigmoid : model_.platt) {
    platt.push_back(sigmoid.A);
    platt.push_back(sigmoid.B);
  }
  file.tensors["svm.platt"] = Tensor::from(std::span(platt), shape(model_.platt.size(), 2));
}

void SvmEstimator::load(const ModelFile& file, const std::string& place, std::size_t dims,
                        std::size_t classes) {
  const Tensors tensors(file, place);
  SvmModel model;
  model.classes = read_classes(tensors, classes);
  const std::size_t k = model.classes.size();
  const std::int64_t n = tensors.length("svm.vectors");
  model.counts = read_counts(tensors, k, n);
  read_vectors(tensors, n, dims, model);
  model.kernel = options_.kernel;
  model.kernel.gamma = tensors.read<double>("svm.gamma", {1})[0];
  if (!(model.kernel.gamma > 0)) tensors.refuse("tensor svm.gamma: not above 0");
  model.coefficients =
      tensors.read<double>("svm.coefficients", shape(k - 1, static_cast<std::size_t>(n)));
  const auto pairs = static_cast<std::int64_t>(model.pairs());
  model.rho = tensors.read<double>("svm.rho", {pairs});
  if (options_.probability) {
    const std::vector<double> platt = tensors.read<double>("svm.platt", {pairs, 2});
    for (std::size_t p = 0; p < platt.size(); p += 2) {
      model.platt.push_back({platt[p], platt[p + 1]});
    }
  }
  model_ = std::move(model);
  decider_ = std::make_unique<classical::SvmDecider>(model_);
}

std::string SvmEstimator::summary() const {
  const auto [least, most] = std::ranges::minmax(model_.counts);
  const auto kind = static_cast<std::size_t>(model_.kernel.kind);
  std::string kernel = classical::kernel_names()[kind];
  if (model_.kernel.kind != classical::KernelKind::linear) {
    kernel += fmt::format(" with gamma {:.6g}", model_.kernel.gamma);
  }
  if (model_.kernel.kind == classical::KernelKind::poly) {
    kernel += fmt::format(", degree {}, coef0 {}", model_.kernel.degree, model_.kernel.coef0);
  }
  return fmt::format(
      "kernel      {}, C {}\n"
      "vectors     {}, {} to {} a class; {} pairs of classes\n"
      "output      {}\n",
      kernel, options_.C, model_.size(), least, most, model_.pairs(),
      model_.platt.empty() ? "shares of votes (probability = true gives probabilities)"
                           : "probabilities by Platt scaling and pairwise coupling");
}

}  // namespace thimble
