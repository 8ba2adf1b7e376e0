#include "models/registry.hpp"

#include <array>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"
#include "models/description.hpp"
#include "models/neural.hpp"
#include "models/shipped.hpp"

namespace thimble {
namespace {

constexpr std::array kFamilies = {Family{"neural", make_neural, load_neural}};

}  // namespace

std::span<const Family> families() { return kFamilies; }

const Family& find_family(const std::string& name) {
  std::vector<std::string> names;
  for (const Family& family : kFamilies) {
    if (family.name == name) return family;
    names.emplace_back(family.name);
  }
  throw UsageError(unknown_name("family", name, names));
}

std::unique_ptr<Classifier> load_classifier(const std::filesystem::path& path) {
  const std::filesystem::path found = find_model(path.string());
  const ModelFile file = load_model_file(found);
  const std::string place = found.string();
  const std::string family = family_of(file, place);
  for (const Family& candidate : kFamilies) {
    if (candidate.name == family) return candidate.load(file, place);
  }
  throw DataError(place + ": a model of family '" + family +
                  "', which this version of Thimble does not know");
}

}  // namespace thimble
