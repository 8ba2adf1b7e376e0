#include "models/svm.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "base/error.hpp"
#include "models/settings.hpp"
#include "models/stored_array.hpp"

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

[[noreturn]] void refuse(const std::string& place, const std::string& problem) {
  throw DataError(fmt::format("{}: tensor {}", place, problem));
}

template <class T>
T read_positive(const ModelFile& file, const std::string& place, const char* name) {
  const T value = stored_values<T>(file, place, name, {1})[0];
  if (!(value > 0)) refuse(place, fmt::format("{}: {}, expected above 0", name, value));
  return value;
}

std::vector<std::int32_t> read_classes(const ModelFile& file, const std::string& place,
                                       std::size_t classes) {
  auto present = stored_values<std::int32_t>(file, place, "svm.classes", {kAnySize});
  const bool ascending = std::ranges::adjacent_find(present, std::greater_equal()) == present.end();
  if (present.size() < 2 || !ascending || present.front() < 0 ||
      static_cast<std::size_t>(present.back()) >= classes) {
    refuse(place, fmt::format("svm.classes: not two or more of {} classes, ascending", classes));
  }
  return present;
}

/// Support vectors of each of the `classes`; their sum is the number of all.
std::vector<std::size_t> read_counts(const ModelFile& file, const std::string& place,
                                     std::size_t classes) {
  const auto counts =
      stored_values<std::int64_t>(file, place, "svm.counts", {static_cast<std::int64_t>(classes)});
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
  for (const std::int64_t count : counts) {
    if (count < 0 || count > kMost) refuse(place, fmt::format("svm.counts: {} vectors", count));
  }
  return {counts.begin(), counts.end()};
}

void read_vectors(const ModelFile& file, const std::string& place, std::size_t dims,
                  SvmModel& model) {
  constexpr const char* kVectors = "svm.vectors";
  const std::size_t n = std::accumulate(model.counts.begin(), model.counts.end(), std::size_t{0});
  model.dims = dims;
  model.scale = read_positive<float>(file, place, "svm.scale");
  const auto found = file.tensors.find(kVectors);
  model.is_bytes = found != file.tensors.end() && found->second.type == TensorType::u8;
  if (model.is_bytes) {
    model.bytes = stored_values<std::uint8_t>(file, place, kVectors, shape(n, dims));
  } else {
    const auto values = stored_values<float>(file, place, kVectors, shape(n, dims));
    model.values = linalg::Matrix(n, dims);
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
  file.tensors["svm.classes"] = list_tensor(model_.classes);
  file.tensors["svm.counts"] =
      list_tensor(std::vector<std::int64_t>(model_.counts.begin(), model_.counts.end()));
  file.tensors["svm.vectors"] = model_.is_bytes
                                    ? Tensor::from(std::span(model_.bytes), shape(n, model_.dims))
                                    : Tensor::from(model_.values.values(), shape(n, model_.dims));
  file.tensors["svm.scale"] = list_tensor(std::vector<float>{model_.scale});
  file.tensors["svm.gamma"] = list_tensor(std::vector<double>{model_.kernel.gamma});
  file.tensors["svm.coefficients"] = Tensor::from(std::span(model_.coefficients), shape(k - 1, n));
  file.tensors["svm.rho"] = list_tensor(model_.rho);
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
  SvmModel model;
  model.classes = read_classes(file, place, classes);
  model.counts = read_counts(file, place, model.classes.size());
  read_vectors(file, place, dims, model);
  model.kernel = options_.kernel;
  model.kernel.gamma = read_positive<double>(file, place, "svm.gamma");
  model.coefficients = stored_values<double>(file, place, "svm.coefficients",
                                             shape(model.classes.size() - 1, model.size()));
  const auto pairs = static_cast<std::int64_t>(model.pairs());
  model.rho = stored_values<double>(file, place, "svm.rho", {pairs});
  if (options_.probability) {
    const auto platt = stored_values<double>(file, place, "svm.platt", {pairs, 2});
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
