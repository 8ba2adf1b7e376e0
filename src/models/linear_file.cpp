#include "models/linear_file.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/error.hpp"
#include "models/stored_array.hpp"

namespace thimble {
namespace {

constexpr char kWeights[] = "linear.weights";
constexpr char kIntercepts[] = "linear.intercepts";
constexpr char kPresent[] = "linear.present";

// Decisions are summed up in float32: beyond this they might overflow.
constexpr double kLargestWeight = 1e30;

std::vector<double> stored_numbers(const ModelFile& file, const std::string& place,
                                   const char* name, const std::vector<std::int64_t>& shape) {
  const auto values = stored_array<double>(file, place, name, shape);
  for (const double value : values) {
    if (!(std::abs(value) <= kLargestWeight)) {
      throw DataError(fmt::format("{}: tensor {} holds {}, expected numbers up to {:g}", place,
                                  name, value, kLargestWeight));
    }
  }
  return {values.begin(), values.end()};
}

}  // namespace

void write_linear(const classical::LinearModel& model, ModelFile& file) {
  const auto classes = static_cast<std::int64_t>(model.classes);
  const auto dims = static_cast<std::int64_t>(model.dims);
  const std::vector<std::uint8_t> present(model.present.begin(), model.present.end());
  file.tensors[kWeights] = Tensor::from(std::span(model.weights), {classes, dims});
  file.tensors[kIntercepts] = Tensor::from(std::span(model.intercepts), {classes});
  file.tensors[kPresent] = Tensor::from(std::span(present), {classes});
}

classical::LinearModel read_linear(const ModelFile& file, const std::string& place,
                                   std::size_t dims, std::size_t classes) {
  const auto count = static_cast<std::int64_t>(classes);
  classical::LinearModel model;
  model.classes = classes;
  model.dims = dims;
  model.weights = stored_numbers(file, place, kWeights, {count, static_cast<std::int64_t>(dims)});
  model.intercepts = stored_numbers(file, place, kIntercepts, {count});
  const auto present = stored_array<std::uint8_t>(file, place, kPresent, {count});
  if (std::ranges::none_of(present, [](std::uint8_t p) { return p == 1; }) ||
      std::ranges::any_of(present, [](std::uint8_t p) { return p > 1; })) {
    throw DataError(fmt::format("{}: tensor {}: expected 0 or 1 for each class and not all 0",
                                place, kPresent));
  }
  model.present.assign(present.begin(), present.end());
  return model;
}

std::string linear_summary(const classical::LinearModel& model) {
  std::size_t nonzero = 0;
  double largest = 0;
  for (const double weight : model.weights) {
    nonzero += weight != 0 ? 1 : 0;
    largest = std::max(largest, std::abs(weight));
  }
  return fmt::format(
      "{} classes with training samples, {} features, {} of {} weights not 0, "
      "largest {:.4g}\n",
      std::ranges::count(model.present, true), model.dims, nonzero, model.weights.size(), largest);
}

}  // namespace thimble
