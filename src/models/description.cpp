#include "models/description.hpp"

#include <cstdint>
#include <set>

#include <fmt/format.h>

#include "base/error.hpp"
#include "models/novelty.hpp"

namespace thimble {
namespace {

using nlohmann::json;

constexpr const char* kFormatKey = "thimble.format";
constexpr const char* kFamilyKey = "thimble.family";
constexpr const char* kDescriptionKey = "thimble.description";
constexpr const char* kFormat = "1";

constexpr int kLargestEdge = 4096;  // pixels
constexpr std::size_t kMostClasses = 65536;
constexpr int kDeepest = 64;
constexpr double kColdest = 1e-3;  // temperatures beyond these are no result of a fit
constexpr double kHottest = 1e3;
constexpr double kLeastExtent = 1e-3;

[[noreturn]] void refuse(const std::string& place, const std::string& key,
                         const std::string& problem) {
  throw DataError(place + ": description: " + key + " " + problem);
}

const json& member(const json& object, const char* key, const std::string& place) {
  if (!object.is_object()) throw DataError(place + ": description: not a JSON object");
  const auto found = object.find(key);
  if (found == object.end()) refuse(place, key, "is missing");
  return *found;
}

std::string text(const json& object, const char* key, const std::string& place) {
  const json& value = member(object, key, place);
  if (!value.is_string()) refuse(place, key, "is not a text");
  return value.get<std::string>();
}

int whole_number(const json& object, const char* key, int least, int most,
                 const std::string& place) {
  const json& value = member(object, key, place);
  if (!value.is_number_integer() || value < least || value > most) {
    refuse(place, key,
           "is not a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return value.get<int>();
}

double number(const json& value, const char* key, double least, double most,
              const std::string& place) {
  if (!value.is_number() || !(value >= least && value <= most)) {
    refuse(place, key, fmt::format("is not a number from {} to {}", least, most));
  }
  return value.get<double>();
}

PictureStyle style_from_json(const json& object, const std::string& place) {
  PictureStyle style;
  const std::string kind = text(object, "kind", place);
  if (kind == to_string(PictureStyle::Kind::cut_out)) {
    style.kind = PictureStyle::Kind::cut_out;
  } else if (kind != to_string(PictureStyle::Kind::resized)) {
    refuse(place, "style", "is of the unknown kind '" + kind + "'");
  }
  style.extent = number(member(object, "extent", place), "extent", kLeastExtent, 1, place);
  return style;
}

std::vector<std::string> class_names(const json& object, const std::string& place) {
  const json& list = member(object, "classes", place);
  if (!list.is_array() || list.empty() || list.size() > kMostClasses) {
    refuse(place, "classes", "is not a list of 1 to " + std::to_string(kMostClasses) + " names");
  }
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (const json& name : list) {
    if (!name.is_string()) refuse(place, "classes", "holds something that is not a text");
    names.push_back(name.get<std::string>());
    if (!seen.insert(names.back()).second) {
      refuse(place, "classes", "names '" + names.back() + "' twice");
    }
  }
  return names;
}

const std::string& metadata(const ModelFile& file, const char* key, const std::string& place) {
  const auto found = file.metadata.find(key);
  if (found == file.metadata.end()) {
    throw DataError(place + ": not a Thimble model (its metadata has no '" + key + "')");
  }
  return found->second;
}

}  // namespace

json to_json(const PictureShape& shape) {
  return {{"height", shape.height}, {"width", shape.width}, {"channels", shape.channels}};
}

json to_json(const Provenance& provenance) {
  return {{"name", provenance.name},
          {"split", provenance.split},
          {"fingerprint", provenance.fingerprint},
          {"synthetic", provenance.synthetic}};
}

json to_json(const PictureStyle& style) {
  return {{"kind", to_string(style.kind)}, {"extent", style.extent}};
}

json to_json(const ModelDescription& description) {
  return {{"family", description.family},
          {"name", description.name},
          {"input", to_json(description.input)},
          {"classes", description.classes},
          {"trained_on", to_json(description.trained_on)},
          {"recipe", description.recipe},
          {"metrics", description.metrics},
          {"style", to_json(description.style)},
          {"temperature", description.temperature},
          {"unsure_below", description.unsure_below},
          {"program_version", description.program_version}};
}

PictureShape picture_shape_from_json(const json& object, const std::string& place) {
  const PictureShape shape{whole_number(object, "height", 1, kLargestEdge, place),
                           whole_number(object, "width", 1, kLargestEdge, place),
                           whole_number(object, "channels", 1, 3, place)};
  if (shape.channels == 2) refuse(place, "channels", "is 2, expected 1 (grey) or 3 (RGB)");
  return shape;
}

Provenance provenance_from_json(const json& object, const std::string& place) {
  const json& synthetic = member(object, "synthetic", place);
  if (!synthetic.is_boolean()) refuse(place, "synthetic", "is neither true nor false");
  return {text(object, "name", place), text(object, "split", place),
          text(object, "fingerprint", place), synthetic.get<bool>()};
}

ModelDescription description_from_json(const json& object, const std::string& place) {
  ModelDescription description;
  description.family = text(object, "family", place);
  description.name = text(object, "name", place);
  description.input = picture_shape_from_json(member(object, "input", place), place);
  description.classes = class_names(object, place);
  description.trained_on = provenance_from_json(member(object, "trained_on", place), place);
  description.recipe = member(object, "recipe", place);
  description.metrics = member(object, "metrics", place);
  description.program_version = text(object, "program_version", place);
  if (object.contains("style")) {
    description.style = style_from_json(object.at("style"), place);
  }
  if (object.contains("temperature")) {
    description.temperature =
        number(object.at("temperature"), "temperature", kColdest, kHottest, place);
  }
  if (object.contains("unsure_below")) {
    description.unsure_below = number(object.at("unsure_below"), "unsure_below", 0, 1, place);
  }
  return description;
}

ModelDescription parse_description(const std::string& text, const std::string& place) {
  // Nesting is limited because writing a tree back is recursive.
  const auto check_depth = [&](int depth, json::parse_event_t, json&) {
    if (depth > kDeepest) throw DataError(place + ": description: nested too deeply");
    return true;
  };
  json parsed;
  try {
    parsed = json::parse(text, check_depth);
  } catch (const json::exception& error) {
    throw DataError(place + ": description: not valid JSON (" + error.what() + ")");
  }
  return description_from_json(parsed, place);
}

std::string made_by(const ModelDescription& description) {
  return description.program_version.empty() ? "another program"
                                             : "thimble " + description.program_version;
}

void write_description(const ModelDescription& description, ModelFile& file) {
  file.metadata[kFormatKey] = kFormat;
  file.metadata[kFamilyKey] = description.family;
  file.metadata[kDescriptionKey] =
      to_json(description).dump(-1, ' ', false, json::error_handler_t::replace);
  if (description.novelty != nullptr) description.novelty->save(file);
}

std::string family_of(const ModelFile& file, const std::string& place) {
  const std::string& format = metadata(file, kFormatKey, place);
  if (format != kFormat) {
    throw DataError(place + ": a model of format " + format + "; this version reads format " +
                    kFormat);
  }
  return metadata(file, kFamilyKey, place);
}

ModelDescription read_description(const ModelFile& file, const std::string& place) {
  const std::string family = family_of(file, place);
  ModelDescription description = parse_description(metadata(file, kDescriptionKey, place), place);
  if (description.family != family) {
    refuse(place, "family", "is '" + description.family + "', elsewhere '" + family + "'");
  }
  description.novelty = NoveltyDetector::load(file, place, description.input);
  return description;
}

}  // namespace thimble
