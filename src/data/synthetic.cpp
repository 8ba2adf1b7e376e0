#include "data/synthetic.hpp"

#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "data/garment_drawer.hpp"

namespace thimble {
namespace {

// Places in the hash that seeds everything: a number for each split, and one for the order.
constexpr std::uint64_t kTrain = 1;
constexpr std::uint64_t kTest = 2;
constexpr std::uint64_t kOrder = 3;

constexpr std::size_t kMostBytes = std::size_t{1} << 34;  // of one split; 16 GiB

void check_fits(std::size_t pictures, const PictureShape& shape) {
  if (pictures > kMostBytes / shape.size()) {
    throw UsageError("synthetic data set of " + format_count(pictures) + " pictures (" +
                     to_string(shape) + ") does not fit: at most " +
                     format_count(kMostBytes / shape.size()) + " a split");
  }
}

Dataset draw_split(const SyntheticOptions& options, std::uint64_t split, std::size_t n) {
  Dataset dataset;
  dataset.classes = garment_class_names();
  dataset.labels.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    dataset.labels[i] = static_cast<std::int32_t>(i % dataset.classes.size());
  }
  Random order(hash_seed(options.seed, kOrder, split));
  order.shuffle(std::span<std::int32_t>(dataset.labels));
  dataset.images = Images(options.shape, n);
  parallel_for(n, 16, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      draw_garment(dataset.labels[i], hash_seed(options.seed, split, i), options.shape,
                   dataset.images[i]);
    }
  });
  dataset.provenance.name = "synthetic";
  dataset.provenance.split = split == kTrain ? "train" : "test";
  dataset.provenance.synthetic = true;
  dataset.provenance.fingerprint = fingerprint(dataset);
  return dataset;
}

}  // namespace

DatasetSplits make_synthetic(const SyntheticOptions& options) {
  if (options.train == 0) {
    throw UsageError("synthetic data set of 0 training pictures: must be at least 1");
  }
  check_garment_shape(options.shape);
  check_fits(options.train, options.shape);
  check_fits(options.test, options.shape);
  DatasetSplits splits;
  splits.train = draw_split(options, kTrain, options.train);
  if (options.test > 0) splits.test = draw_split(options, kTest, options.test);
  return splits;
}

}  // namespace thimble
