#include "classical/subtree_grower.hpp"

#include <algorithm>

#include "base/parallel.hpp"

namespace thimble::classical {
namespace {

/// Nodes with at least this many values to look at share their features among the threads.
constexpr std::size_t kValuesWorthThreads = 200'000;

constexpr std::size_t kWordBits = 64;

bool contains(const FeatureSet& set, std::uint32_t feature) {
  return set[feature / kWordBits] >> feature % kWordBits & 1;
}

/// Features of the same group are looked at by the same thread.
constexpr std::size_t kGroup = 16;

}  // namespace

SubtreeGrower::SubtreeGrower(const GrowthPlan& plan)
    : plan_(plan),
      tree_(plan.features.dims(), plan.classes),
      importances_(plan.features.dims()),
      draw_(plan.features.dims()) {
  tree_.roots.push_back(leaf_branch(0));
}

void SubtreeGrower::grow(const OpenNode& root, const FeatureSet& constant, std::size_t cut_below) {
  first_depth_ = root.depth;
  constant_.assign(1, constant);
  open_.push_back(root);
  open_.back().parent = -1;
  while (!open_.empty()) {
    const OpenNode node = open_.back();
    open_.pop_back();
    const std::size_t level = node.depth - first_depth_;
    if (node.samples.size() < cut_below) {
      cut_off_.push_back({node, constant_[level]});
      continue;
    }
    samples_.assign(plan_.features, node.samples, plan_.classes);
    if (constant_.size() < level + 2) constant_.resize(level + 2);
    constant_[level + 1] = constant_[level];
    const Split best = choose_split(node);
    if (best.found()) {
      split(node, best);
    } else {
      attach(node, make_leaf());
    }
    plan_.progress(best.found() ? 0 : node.samples.size());
  }
}

/// The split to be made; none if the node is to be a leaf.
Split SubtreeGrower::choose_split(const OpenNode& node) {
  if (must_be_leaf(node)) return {};
  const Split best = find_split(node);
  if (!best.found()) return {};
  // The gini score is weight minus weighted impurity, that of entropy minus weighted impurity.
  const auto weight = static_cast<double>(samples_.weight());
  const double after = plan_.entropy == nullptr ? weight - best.score.value : -best.score.value;
  const double before = weighted_impurity(samples_.totals(), samples_.weight(), plan_.entropy);
  const double decrease = std::max(0.0, before - after) / static_cast<double>(plan_.weight);
  if (decrease < plan_.options.min_impurity_decrease) return {};
  importances_[static_cast<std::size_t>(best.feature)] += decrease;
  return best;
}

void SubtreeGrower::attach(const OpenNode& node, Branch branch) {
  if (node.parent < 0) {
    tree_.roots[0] = branch;
    return;
  }
  TreeNode& parent = tree_.nodes[static_cast<std::size_t>(node.parent)];
  (node.is_left ? parent.left : parent.right) = branch;
}

bool SubtreeGrower::must_be_leaf(const OpenNode& node) const {
  const TreeOptions& options = plan_.options;
  const std::size_t n = node.samples.size();
  return samples_.slot_count() == 1 || n < options.min_samples_split ||
         n < 2 * options.min_samples_leaf ||
         (options.max_depth != 0 && node.depth >= options.max_depth);
}

Branch SubtreeGrower::make_leaf() {
  if (samples_.slot_count() == 1) return leaf_branch(samples_.slot_classes()[0]);
  const std::size_t row = tree_.distributions.size() / plan_.classes;
  tree_.distributions.resize(tree_.distributions.size() + plan_.classes);
  float* distribution = &tree_.distributions[row * plan_.classes];
  for (std::size_t slot = 0; slot < samples_.slot_count(); ++slot) {
    distribution[samples_.slot_classes()[slot]] = static_cast<float>(
        static_cast<double>(samples_.totals()[slot]) / static_cast<double>(samples_.weight()));
  }
  return leaf_branch(plan_.classes + row);
}

Split SubtreeGrower::find_split(const OpenNode& node) {
  const std::size_t dims = plan_.features.dims();
  const FeatureSet& constant = constant_[node.depth - first_depth_ + 1];
  const std::size_t wanted =
      plan_.options.max_features == 0 ? dims : std::min(plan_.options.max_features, dims);
  Split best;
  candidates_.clear();
  if (wanted == dims) {
    for (std::uint32_t feature = 0; feature < dims; ++feature) {
      if (!contains(constant, feature)) candidates_.push_back(feature);
    }
    look_at(node, candidates_, best);
    return best;
  }
  draw_.restart(node.key);
  bool found_variable = false;
  std::size_t drawn = 0;
  while (!draw_.exhausted() && (drawn < wanted || !found_variable)) {
    candidates_.clear();
    const std::size_t batch = std::max<std::size_t>(wanted - std::min(wanted, drawn), 1);
    for (std::size_t i = 0; i < batch && !draw_.exhausted(); ++i, ++drawn) {
      const std::uint32_t feature = draw_.next();
      if (!contains(constant, feature)) candidates_.push_back(feature);
    }
    if (candidates_.empty()) continue;
    look_at(node, candidates_, best);
    found_variable = std::ranges::count(candidate_constant_, 0) > 0;
  }
  return best;
}

/// Searches `features` for a split, on several threads where there are many values; notes which
/// are constant.
void SubtreeGrower::look_at(const OpenNode& node, std::span<const std::uint32_t> features,
                            Split& best) {
  candidate_constant_.resize(features.size());
  const std::size_t values = features.size() * node.samples.size();
  const std::size_t groups = (features.size() + kGroup - 1) / kGroup;
  const auto threads = static_cast<std::size_t>(values < kValuesWorthThreads ? 1 : thread_count());
  while (searches_.size() < threads) {
    searches_.push_back(make_split_search(plan_.options, plan_.features, plan_.entropy));
  }
  const auto search = [&](std::size_t thread, std::size_t begin, std::size_t end, Split& found) {
    searches_[thread]->search(samples_, node.key, features.subspan(begin, end - begin),
                              &candidate_constant_[begin], found);
  };
  if (threads == 1) {
    search(0, 0, features.size(), best);
  } else {
    std::vector<Split> bests(threads);
    parallel_tasks_indexed(groups, [&](int thread, std::size_t group) {
      const auto t = static_cast<std::size_t>(thread);
      search(t, group * kGroup, std::min(features.size(), (group + 1) * kGroup), bests[t]);
    });
    for (const Split& split : bests) {
      if (is_better(split, best)) best = split;
    }
  }
  FeatureSet& constant = constant_[node.depth - first_depth_ + 1];
  for (std::size_t i = 0; i < features.size(); ++i) {
    if (candidate_constant_[i]) {
      constant[features[i] / kWordBits] |= std::uint64_t{1} << features[i] % kWordBits;
    }
  }
}

/// Makes the open node a node with two open children; samples keep their order on either side.
void SubtreeGrower::split(const OpenNode& node, const Split& split) {
  const auto feature = static_cast<std::size_t>(split.feature);
  const auto branch = static_cast<Branch>(tree_.nodes.size());
  tree_.nodes.push_back({static_cast<std::uint32_t>(feature),
                         plan_.features.threshold(feature, split.left_bin, split.right_bin), 0, 0});
  attach(node, branch);

  const std::uint8_t* bins = samples_.bins(feature);
  const std::span<const std::size_t> offsets = samples_.offsets();
  right_.resize(node.samples.size());
  std::size_t left = 0;
  for (std::size_t i = 0; i < node.samples.size(); ++i) {
    const TreeSample sample = node.samples[i];
    const bool goes_left = bins[offsets[i]] <= split.left_bin;
    node.samples[left] = sample;
    right_[i - left] = sample;
    left += goes_left;
  }
  std::copy_n(right_.begin(), node.samples.size() - left, node.samples.begin() + left);
  for (const bool is_left : {false, true}) {
    open_.push_back({is_left ? node.samples.first(left) : node.samples.subspan(left),
                     node.depth + 1, child_key(node.key, is_left), branch, is_left});
  }
}

}  // namespace thimble::classical
