#include "comparison/compared_data.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.hpp"
#include "data/source.hpp"
#include "data/split.hpp"
#include "models/onnx_classifier.hpp"

namespace thimble {
namespace {

constexpr double kTestShare = 0.2;  // kept aside where there is no test set
constexpr std::uint64_t kDataSeed =
    1;  // which pictures are chosen is no matter of the models' seed

void keep_test_aside(DatasetSplits& splits) {
  TrainValidation parts = split_validation_fraction(splits.train, kTestShare, kDataSeed);
  parts.validation.provenance.split = "test";
  splits.notes.push_back(fmt::format(
      "{} has no test set: {} of its {} pictures, drawn class by class, were kept aside as one",
      splits.train.provenance.name, format_count(parts.validation.size()),
      format_count(splits.train.size())));
  splits.train = std::move(parts.train);
  splits.test = std::move(parts.validation);
}

void cut_down(DatasetSplits& splits) {
  const std::size_t all = splits.train.size();
  if (all <= kQuickPictures) return;
  Dataset sample = split_validation(splits.train, kQuickPictures, kDataSeed).validation;
  sample.provenance.split = "train";
  splits.notes.push_back(fmt::format("quick: trained on {} of the {} training pictures",
                                     format_count(sample.size()), format_count(all)));
  splits.train = std::move(sample);
}

/// The first few of many names.
std::string listed(std::span<const std::string> names) {
  constexpr std::size_t kMost = 4;
  return fmt::format("{}{}", fmt::join(names.first(std::min(kMost, names.size())), ", "),
                     names.size() > kMost ? ", ..." : "");
}

}  // namespace

DatasetSplits ComparedData::load() const {
  DatasetSplits splits = load_dataset(source, {.data_dir = data_dir});
  if (!splits.test) keep_test_aside(splits);
  if (quick) cut_down(splits);
  return splits;
}

std::vector<ComparedData> find_compared_data(const ComparisonPlan& plan,
                                             const std::filesystem::path& data_dir) {
  std::vector<ComparedData> all;
  std::set<std::string> names;
  std::set<std::string> folders;
  for (const std::string& source : plan.data) {
    ComparedData data;
    data.name = find_source(source, {.data_dir = data_dir}).name;
    if (!names.insert(data.name).second) names.insert(data.name = source);
    const std::string folder = file_name_for(data.name);
    data.folder = folder;
    for (int i = 2; !folders.insert(data.folder).second; ++i) {
      data.folder = fmt::format("{}-{}", folder, i);
    }
    data.source = source;
    data.data_dir = data_dir;
    data.quick = plan.quick;
    all.push_back(std::move(data));
  }
  return all;
}

std::string misfit(const ModelDescription& model, const Dataset& data) {
  if (model.input != data.images.shape()) {
    return fmt::format("it takes pictures of {}, these are {}", to_string(model.input),
                       to_string(data.images.shape()));
  }
  if (has_numbered_classes(model) && model.classes.size() == data.classes.size()) return "";
  if (!std::is_permutation(model.classes.begin(), model.classes.end(), data.classes.begin(),
                           data.classes.end())) {
    return fmt::format("it knows other classes ({}) than these ({})", listed(model.classes),
                       listed(data.classes));
  }
  return "";
}

}  // namespace thimble
