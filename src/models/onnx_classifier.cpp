#include "models/onnx_classifier.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/random.hpp"
#include "models/description.hpp"
#include "models/shipped.hpp"
#include "nn/loss.hpp"

namespace thimble {
namespace {

using nlohmann::json;
using onnx::ElementType;
using onnx::Port;

constexpr const char* kDescriptionKey = "thimble.description";
constexpr const char* kClassesKey = "thimble.classes";
constexpr const char* kProbabilities = "probabilities";
constexpr const char* kExpectedOutput =
    "expected one float32 output [batch, classes], or several with one called 'probabilities'";
/// Pictures of one run. Runs of one thread each, side by side: small enough that all cores have
/// some, large enough that a run's own cost does not show.
constexpr std::size_t kRunPictures = 32;
constexpr std::size_t kMostClasses = 65536;
/// How far rows of probabilities may be from summing to 1, by rounding.
constexpr double kSumTolerance = 1e-3;

/// "'label', int64 [batch]; 'scores', float32 [batch, 10]".
std::string listed(const std::vector<Port>& ports) {
  std::vector<std::string> all;
  for (const Port& port : ports) all.push_back(fmt::format("'{}', {}", port.name, to_string(port)));
  return fmt::format("{}", fmt::join(all, "; "));
}

/// The output with the probabilities.
const Port& find_output(const std::vector<Port>& outputs, const std::string& place) {
  std::vector<const Port*> floats;
  for (const Port& port : outputs) {
    if (port.type != ElementType::f32) continue;
    if (port.name == kProbabilities) {
      floats = {&port};
      break;
    }
    floats.push_back(&port);
  }
  if (floats.size() != 1) {
    const bool zipmap = std::ranges::any_of(
        outputs, [](const Port& port) { return port.type_name == "sequence of maps"; });
    throw DataError(
        fmt::format("{}: gives {}; {}{}", place, listed(outputs), kExpectedOutput,
                    zipmap ? "; skl2onnx leaves out the maps with options={'zipmap': False}" : ""));
  }
  const Port& port = *floats.front();
  if (!port.shape.empty() && port.shape.size() != 2) {
    throw DataError(fmt::format("{}: output {}; {}", place, listed({port}), kExpectedOutput));
  }
  return port;
}

/// Pictures to try a file with: black, white, and noise.
Images drawn_pictures(const PictureShape& shape) {
  Images pictures(shape, 4);
  std::ranges::fill(pictures[1], std::uint8_t{255});
  Random random(1);
  for (std::size_t i = 2; i < pictures.size(); ++i) {
    for (std::uint8_t& pixel : pictures[i]) pixel = static_cast<std::uint8_t>(random.below(256));
  }
  return pictures;
}

bool are_probabilities(std::span<const float> row) {
  double sum = 0;
  for (const float value : row) {
    if (!(value >= -kSumTolerance && value <= 1 + kSumTolerance)) return false;
    sum += static_cast<double>(value);
  }
  return std::abs(sum - 1) <= kSumTolerance;
}

void require_finite(std::span<const float> row, const std::string& place) {
  if (std::ranges::all_of(row, [](float value) { return std::isfinite(value); })) return;
  throw DataError(place + ": gives values for a picture that are not finite");
}

std::vector<std::string> numbered_classes(std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t c = 0; c < count; ++c) names.push_back(std::to_string(c));
  return names;
}

/// Names from the metadata's JSON list.
std::vector<std::string> class_names(const std::string& text, const std::string& place) {
  const json list = json::parse(text, nullptr, false);
  const bool are_texts = list.is_array() && std::ranges::all_of(list, [](const json& name) {
                           return name.is_string();
                         });
  if (!are_texts) {
    throw DataError(fmt::format("{}: metadata {} is no JSON list of names", place, kClassesKey));
  }
  auto names = list.get<std::vector<std::string>>();
  std::vector<std::string> sorted = names;
  std::ranges::sort(sorted);
  const auto twice = std::ranges::adjacent_find(sorted);
  if (twice != sorted.end()) {
    throw DataError(fmt::format("{}: metadata {} names '{}' twice", place, kClassesKey, *twice));
  }
  return names;
}

}  // namespace

OnnxClassifier::OnnxClassifier(std::string bytes, const std::string& place)
    : bytes_(std::move(bytes)),
      place_(place),
      session_(std::as_bytes(std::span(bytes_)), place, /*threads=*/1),
      input_(session_, place),
      output_(find_output(session_.outputs(), place).name) {
  const Images pictures = drawn_pictures(input_.picture());
  const std::size_t tried =
      input_.fixed_batch() == 0 ? pictures.size() : std::min(pictures.size(), input_.fixed_batch());
  const onnx::Output output = input_.run(session_, pictures, 0, tried, output_);
  const auto rows = static_cast<std::int64_t>(std::max(tried, input_.fixed_batch()));
  if (output.shape.size() != 2 || output.shape[0] != rows || output.floats.empty()) {
    throw DataError(fmt::format("{}: output '{}' is [{}] for {} pictures; {}", place, output_,
                                fmt::join(output.shape, ", "), rows, kExpectedOutput));
  }
  const auto classes = static_cast<std::size_t>(output.shape[1]);
  if (classes < 2 || classes > kMostClasses) {
    throw DataError(fmt::format(
        "{}: output '{}' has {} for a picture, expected one of 2 to {} classes each", place,
        output_, classes == 1 ? "1 value" : fmt::format("{} values", classes), kMostClasses));
  }
  for (std::size_t i = 0; i < tried; ++i) {
    const auto row = std::span(output.floats).subspan(i * classes, classes);
    require_finite(row, place);
    if (!are_probabilities(row)) softmax_ = true;
  }
  describe(classes);
}

void OnnxClassifier::describe(std::size_t classes) {
  const auto& metadata = session_.metadata();
  const auto own = metadata.find(kDescriptionKey);
  own_export_ = own != metadata.end();
  if (own_export_) {
    description_ = parse_description(own->second, place_);
    if (description_.input != input_.picture()) {
      throw DataError(fmt::format("{}: takes pictures of {}, but its metadata says {}", place_,
                                  to_string(input_.picture()), to_string(description_.input)));
    }
  } else {
    description_.name = std::filesystem::path(place_).stem().string();
    description_.input = input_.picture();
    description_.recipe = json::object();
    description_.metrics = json::object();
  }
  description_.family = kOnnxFamily;
  const auto names = metadata.find(kClassesKey);
  if (names != metadata.end()) {
    description_.classes = class_names(names->second, place_);
  } else if (!own_export_) {
    description_.classes = numbered_classes(classes);
    named_classes_ = false;
  }
  if (description_.classes.size() != classes) {
    throw DataError(fmt::format("{}: output '{}' is of {} classes, but its metadata names {}",
                                place_, output_, classes, description_.classes.size()));
  }
}

FitReport OnnxClassifier::fit(const Dataset& /*train*/, const FitOptions& /*options*/) {
  throw UsageError(fmt::format(
      "{}: an ONNX file is run as it is and cannot be trained; train a model and export it again",
      place_));
}

Probabilities OnnxClassifier::predict_proba(const Images& pictures) const {
  if (!pictures.empty() && pictures.shape() != description_.input) {
    throw ShapeError(fmt::format("model {}: got pictures of {}, expected {}", description_.name,
                                 to_string(pictures.shape()), to_string(description_.input)));
  }
  const std::size_t classes = description_.classes.size();
  Probabilities probabilities(pictures.size(), classes);
  const std::size_t step = input_.fixed_batch() == 0 ? kRunPictures : input_.fixed_batch();
  parallel_tasks((pictures.size() + step - 1) / step, [&](std::size_t task) {
    const std::size_t begin = task * step;
    const std::size_t end = std::min(begin + step, pictures.size());
    const onnx::Output output = input_.run(session_, pictures, begin, end, output_);
    if (output.floats.size() < (end - begin) * classes) {
      throw DataError(fmt::format("{}: {} values for {} pictures of {} classes", place_,
                                  output.floats.size(), end - begin, classes));
    }
    for (std::size_t i = begin; i < end; ++i) {
      const auto row = std::span(output.floats).subspan((i - begin) * classes, classes);
      require_finite(row, place_);
      std::ranges::copy(row, probabilities[i].begin());
      if (softmax_) nn::softmax(probabilities[i], classes);
    }
  });
  return probabilities;
}

void OnnxClassifier::save(const std::filesystem::path& path) const {
  if (!is_onnx(path)) {
    throw UsageError(path.string() +
                     ": an ONNX file is known by its name: expected one that ends in .onnx");
  }
  write_file(path, bytes_);
}

std::string OnnxClassifier::summary() const {
  const onnx::FileFacts& facts = session_.facts();
  std::vector<std::string> opsets;
  for (const auto& [domain, version] : facts.opsets) {
    opsets.push_back(fmt::format("{} {}", domain, version));
  }
  std::string text = fmt::format(
      "runtime     ONNX Runtime {}\nfile        by {}; opset {}\ninput       {}\noutput      {}; "
      "{} used, {}\n",
      onnx::runtime_version(), facts.producer.empty() ? "an unnamed program" : facts.producer,
      fmt::join(opsets, ", "), input_.text(), listed(session_.outputs()), output_,
      softmax_ ? "through a softmax: its rows are no probabilities"
               : "as it is: its rows are probabilities");
  if (own_export_) return text;
  return text + fmt::format("assumed     {}\n", named_classes_
                                                    ? "pictures from outside are resized"
                                                    : "classes have numbers, in the output's "
                                                      "order; pictures from outside are resized");
}

bool has_numbered_classes(const ModelDescription& model) {
  return model.family == kOnnxFamily && model.trained_on.name.empty() &&
         model.classes == numbered_classes(model.classes.size());
}

}  // namespace thimble
