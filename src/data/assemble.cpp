#include "data/assemble.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "data/published.hpp"

namespace thimble {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kManifestName = "dataset.json";
constexpr std::uint64_t kMostManifestBytes = std::uint64_t{16} << 20;
constexpr std::int64_t kMostPixelsPerSide = 16'384;

PictureShape shape_from(const json& value) {
  const auto sizes = value.get<std::vector<std::int64_t>>();
  const auto side_ok = [](std::int64_t n) { return n >= 1 && n <= kMostPixelsPerSide; };
  if (sizes.size() != 3 || !side_ok(sizes[0]) || !side_ok(sizes[1]) ||
      (sizes[2] != 1 && sizes[2] != 3)) {
    throw DataError("expected [height, width, 1 or 3]");
  }
  return {static_cast<int>(sizes[0]), static_cast<int>(sizes[1]), static_cast<int>(sizes[2])};
}

/// Reads one key; a wrong type becomes a message that names it.
template <class Read>
void read_key(const json& object, const char* key, const std::string& place, Read read) {
  const auto found = object.find(key);
  if (found == object.end()) return;
  try {
    read(*found);
  } catch (const json::exception&) {
    throw DataError(fmt::format("{}: \"{}\" has the wrong type: {}", place, key,
                                found->dump(-1, ' ', true, json::error_handler_t::replace)));
  } catch (const DataError& error) {
    throw DataError(fmt::format("{}: \"{}\": {}", place, key, error.what()));
  }
}

/// "shoes" for /data/shoes/, /data/shoes.csv and /data/shoes.csv.gz.
std::string name_of(const fs::path& path) {
  std::error_code unresolved;
  fs::path resolved = fs::weakly_canonical(path, unresolved);
  if (unresolved) resolved = path;
  if (fs::is_directory(resolved, unresolved)) return resolved.filename().string();
  if (resolved.extension() == ".gz") resolved.replace_extension();
  return resolved.stem().string();
}

/// Names for labels that nobody has named. One damaged label would make hundreds of classes out of
/// ten, so most of them must have samples.
std::vector<std::string> numbered_classes(const std::vector<std::int32_t>& labels,
                                          const std::string& place) {
  const auto last = std::ranges::max_element(labels);
  const std::set<std::int32_t> present(labels.begin(), labels.end());
  if (2 * present.size() <= static_cast<std::size_t>(*last)) {
    throw DataError(
        fmt::format("{}: label {} of training sample {} seems out of range: only {} of the classes "
                    "0 to {} have "
                    "samples; if that is right, name all classes in {}",
                    place, *last, last - labels.begin(), present.size(), *last, kManifestName));
  }
  std::vector<std::string> classes;
  for (std::int32_t label = 0; label <= *last; ++label) classes.push_back(std::to_string(label));
  return classes;
}

Dataset make_set(LabelledImages content, const std::vector<std::string>& classes,
                 const std::string& name, const std::string& split, bool synthetic) {
  return {std::move(content.images), std::move(content.labels), classes,
          Provenance{name, split, "", synthetic}};
}

}  // namespace

std::optional<Manifest> read_manifest(const fs::path& folder) {
  const fs::path path = folder / kManifestName;
  std::error_code unreadable;
  if (!fs::exists(path, unreadable)) return std::nullopt;
  const std::string place = path.string();
  json object;
  try {
    object = json::parse(read_file(path, kMostManifestBytes));
  } catch (const json::exception& error) {
    throw DataError(fmt::format("{}: not valid JSON: {}", place, error.what()));
  }
  if (!object.is_object()) throw DataError(fmt::format("{}: expected a JSON object", place));

  Manifest manifest;
  read_key(object, "name", place, [&](const json& value) { value.get_to(manifest.name); });
  read_key(object, "classes", place, [&](const json& value) { value.get_to(manifest.classes); });
  std::set<std::string> seen;
  for (const std::string& name : manifest.classes) {
    if (seen.insert(name).second) continue;
    throw DataError(fmt::format("{}: \"classes\": '{}' is there twice", place, name));
  }
  read_key(object, "shape", place, [&](const json& value) { manifest.shape = shape_from(value); });
  read_key(object, "synthetic", place,
           [&](const json& value) { value.get_to(manifest.synthetic); });
  return manifest;
}

void write_manifest(const fs::path& folder, const DatasetSplits& splits) {
  const Dataset& train = splits.train;
  const PictureShape& shape = train.images.shape();
  const nlohmann::ordered_json object{{"name", train.provenance.name},
                                      {"classes", train.classes},
                                      {"shape", {shape.height, shape.width, shape.channels}},
                                      {"synthetic", train.provenance.synthetic}};
  write_file(folder / kManifestName,
             object.dump(2, ' ', false, json::error_handler_t::replace) + "\n");
}

DatasetSplits assemble(LabelledImages train, std::optional<LabelledImages> test,
                       const std::optional<Manifest>& manifest, const fs::path& path) {
  const std::string place = path.string();
  if (train.images.empty()) throw DataError(fmt::format("{}: no training pictures", place));

  std::vector<std::string> classes = manifest ? manifest->classes : std::vector<std::string>{};
  std::string name = manifest && !manifest->name.empty() ? manifest->name : name_of(path);
  const bool synthetic = manifest && manifest->synthetic;
  DatasetSplits splits{make_set(std::move(train), {}, name, test ? "train" : "all", synthetic),
                       std::nullopt};
  if (test) splits.test = make_set(std::move(*test), {}, name, "test", synthetic);

  const std::string train_content = content_digest(splits.train);
  const std::string test_content = splits.test ? content_digest(*splits.test) : "";
  const PublishedDataset* published = find_published_content(train_content);
  if (published && splits.test && test_content != published->test_content) published = nullptr;
  if (published && (classes.empty() || classes == published->classes)) {
    classes = published->classes;
    name = published->name;
  }
  if (classes.empty() && !splits.train.labels.empty()) {
    classes = numbered_classes(splits.train.labels, place);
  }

  const auto finish = [&](Dataset& set, const std::string& content) {
    set.classes = classes;
    set.provenance.name = name;
    set.provenance.fingerprint = fingerprint(content, classes);
  };
  finish(splits.train, train_content);
  if (splits.test) finish(*splits.test, test_content);
  validate(splits, place);
  return splits;
}

}  // namespace thimble
