#include "models/registry.hpp"

#include <array>
#include <span>
#include <utility>
#include <vector>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "models/boost.hpp"
#include "models/classical.hpp"
#include "models/description.hpp"
#include "models/forest.hpp"
#include "models/knn.hpp"
#include "models/linear_svm.hpp"
#include "models/logistic.hpp"
#include "models/model_file.hpp"
#include "models/naive_bayes.hpp"
#include "models/nearest_centroid.hpp"
#include "models/neural.hpp"
#include "models/onnx_classifier.hpp"
#include "models/shipped.hpp"
#include "models/svm.hpp"
#include "models/tree.hpp"

namespace thimble {
namespace {

template <class Estimator>
constexpr Family classical_family(std::string_view name) {
  return {name, make_classical<Estimator>, load_classical<Estimator>};
}

constexpr std::array kFamilies = {
    Family{"neural", make_neural, load_neural},
    classical_family<LogisticEstimator>("logistic"),
    classical_family<LinearSvmEstimator>("linear-svm"),
    classical_family<SvmEstimator>("svm"),
    classical_family<TreeEstimator>("tree"),
    classical_family<ForestEstimator>("forest"),
    classical_family<ExtraTreesEstimator>("extra-trees"),
    classical_family<BoostEstimator>("boost"),
    classical_family<KnnEstimator>("knn"),
    classical_family<NaiveBayesEstimator>("naive-bayes"),
    classical_family<NearestCentroidEstimator>("nearest-centroid"),
};

std::unique_ptr<Classifier> load_stored(const ModelFile& file, const std::string& place) {
  const std::string family = family_of(file, place);
  for (const Family& candidate : kFamilies) {
    if (candidate.name == family) return candidate.load(file, place);
  }
  throw DataError(place + ": a model of family '" + family +
                  "', which this version of Thimble does not know");
}

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
  if (is_onnx(found)) return parse_classifier(read_file(found), found.string());
  return load_stored(load_model_file(found), found.string());
}

std::unique_ptr<Classifier> parse_classifier(std::string bytes, const std::string& place) {
  if (is_onnx(place)) return std::make_unique<OnnxClassifier>(std::move(bytes), place);
  return load_stored(parse_model_file(std::as_bytes(std::span(bytes)), place), place);
}

}  // namespace thimble
