#include "exploration/exploration.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <span>
#include <utility>

#include "base/error.hpp"
#include "exploration/exploration_json.hpp"
#include "exploration/neighborhood.hpp"

namespace thimble {
namespace {

using nlohmann::json;

constexpr std::size_t kSmallestMap = 5;  ///< pictures that embed() wants

/// The progress of one step as its part of the whole.
class StepProgress : public Progress {
 public:
  /// @param begin, share  in [0, 1], of the whole
  StepProgress(Progress& whole, std::string name, double begin, double share)
      : whole_(whole), name_(std::move(name)), begin_(begin), share_(share) {}

  void update(std::uint64_t done, std::uint64_t total, const std::string& detail) override {
    const double part =
        total == 0 ? 0 : std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
    whole_.update(static_cast<std::uint64_t>(std::lround(kParts * (begin_ + share_ * part))),
                  kParts, detail.empty() ? name_ : name_ + ": " + detail);
  }
  void message(const std::string& text) override { whole_.message(text); }
  bool stop_requested() const override { return whole_.stop_requested(); }

 private:
  static constexpr int kParts = 1000;

  Progress& whole_;
  std::string name_;
  double begin_;
  double share_;
};

/// What is to be done, and about how long each takes beside the others.
class Steps {
 public:
  using Work = std::function<void(Progress&)>;

  void add(const std::string& name, double weight, Work work) {
    steps_.push_back({name, weight, std::move(work)});
  }

  std::vector<Exploration::Step> run(Progress& progress) const {
    double all = 0;
    for (const Step& step : steps_) all += step.weight;
    double done = 0;
    std::vector<Exploration::Step> times;
    for (const Step& step : steps_) {
      if (progress.stop_requested()) throw Cancelled("stopped");
      StepProgress part(progress, step.name, done / all, step.weight / all);
      part.update(0, 1, "");
      const auto start = std::chrono::steady_clock::now();
      step.work(part);
      const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
      times.push_back({step.name, taken.count()});
      done += step.weight;
    }
    return times;
  }

 private:
  struct Step {
    std::string name;
    double weight;
    Work work;
  };
  std::vector<Step> steps_;
};

void add_data_steps(Steps& steps, const Dataset& train, Exploration& found) {
  steps.add("statistics", 1, [&](Progress&) { found.statistics = data_statistics(train); });
  steps.add("mean pictures", 0.5, [&](Progress&) { found.pictures = class_pictures(train); });
  steps.add("informative pixels", 1,
            [&](Progress& p) { found.information = mutual_information(train, p); });
  steps.add("correlations", 1,
            [&](Progress& p) { found.correlation = pixel_correlation(train, p); });
  steps.add("class distances", 2,
            [&](Progress& p) { found.distances = class_distances(train, p); });
}

void add_neighbor_steps(Steps& steps, const DatasetSplits& splits, Neighborhood& neighborhood,
                        Exploration& found) {
  steps.add("nearest pictures", 12, [&](Progress& p) {
    neighborhood = find_neighbors(splits, p);
    found.neighbors = neighborhood.k;
  });
  steps.add("class overlap", 0.2,
            [&](Progress&) { found.overlap = neighbor_overlap(splits, neighborhood); });
  steps.add("duplicates", 1,
            [&](Progress&) { found.duplicates = find_duplicates(splits, neighborhood); });
  steps.add("outliers", 3,
            [&](Progress& p) { found.outliers = find_outliers(splits, neighborhood, p); });
}

json rows_of(std::span<const double> values, std::size_t columns) {
  json rows = json::array();
  for (std::size_t first = 0; columns > 0 && first < values.size(); first += columns) {
    rows.push_back(values.subspan(first, columns));
  }
  return rows;
}

json map_json(const Embedding& map) {
  json points = json::array();
  for (std::size_t i = 0; i < map.indices.size(); ++i) {
    points.push_back({{"index", map.indices[i]},
                      {"label", map.labels[i]},
                      {"pca", {map.pca.x[i], map.pca.y[i]}},
                      {"tsne", {map.tsne.x[i], map.tsne.y[i]}}});
  }
  const auto classes =
      static_cast<std::size_t>(std::sqrt(static_cast<double>(map.neighbor_shares.size())) + 0.5);
  return {{"points", std::move(points)},
          {"explained_variance_ratio", map.explained_variance_ratio},
          {"perplexity", map.perplexity},
          {"kl_divergence", map.kl_divergence},
          {"pca_trustworthiness", map.pca_trustworthiness},
          {"tsne_trustworthiness", map.tsne_trustworthiness},
          {"neighbor_shares", rows_of(map.neighbor_shares, classes)}};
}

json labels_json(const LabelAudit& audit) {
  const std::size_t listed =
      std::min(audit.ranking.size(), std::max<std::size_t>(200, audit.ranking.size() / 20));
  json ranking = json::array();
  for (const JudgedLabel& one : std::span(audit.ranking).first(listed)) {
    ranking.push_back({{"index", one.index},
                       {"given", one.given},
                       {"suggested", one.suggested},
                       {"given_probability", one.given_probability},
                       {"suggested_probability", one.suggested_probability},
                       {"score", one.score},
                       {"is_error", one.is_error}});
  }
  const std::size_t classes = audit.thresholds.size();
  json joint_counts = json::array();
  for (std::size_t first = 0; first < audit.confident_joint.size(); first += classes) {
    joint_counts.push_back(std::span(audit.confident_joint).subspan(first, classes));
  }
  return {{"ranking", std::move(ranking)},
          {"thresholds", audit.thresholds},
          {"confident_joint", std::move(joint_counts)},
          {"joint", rows_of(audit.joint, classes)},
          {"estimated_errors", audit.estimated_errors},
          {"accuracy", audit.accuracy},
          {"recipes", audit.recipes},
          {"folds", audit.folds},
          {"seconds", audit.seconds}};
}

}  // namespace

Exploration explore(const DatasetSplits& splits, const ExploreOptions& options,
                    Progress& progress) {
  const Dataset& train = splits.train;
  if (train.size() == 0) {
    throw DataError(train.provenance.name + ": no training pictures, nothing to explore");
  }
  Exploration found;
  Neighborhood neighborhood;
  Steps steps;
  add_data_steps(steps, train, found);
  add_neighbor_steps(steps, splits, neighborhood, found);
  if (options.map && train.size() >= kSmallestMap) {
    steps.add("map", 20, [&](Progress& p) {
      found.map = embed(train, {.samples = options.map_pictures, .seed = options.seed}, &p);
    });
  }
  if (options.labels) {
    steps.add("suspicious labels", 180,
              [&](Progress& p) { found.labels = audit_labels(train, options.label_audit, &p); });
  }
  found.steps = steps.run(progress);
  return found;
}

nlohmann::json to_json(const Exploration& exploration) {
  json steps = json::array();
  for (const Exploration::Step& step : exploration.steps) {
    steps.push_back({{"name", step.name}, {"seconds", step.seconds}});
  }
  return {{"statistics", to_json(exploration.statistics)},
          {"class_pictures", to_json(exploration.pictures)},
          {"mutual_information", to_json(exploration.information)},
          {"pixel_correlation", to_json(exploration.correlation)},
          {"class_distances", to_json(exploration.distances)},
          {"neighbors", exploration.neighbors},
          {"neighbor_overlap", to_json(exploration.overlap)},
          {"duplicates", to_json(exploration.duplicates)},
          {"outliers", to_json(exploration.outliers)},
          {"map", exploration.map ? map_json(*exploration.map) : json()},
          {"labels", exploration.labels ? labels_json(*exploration.labels) : json()},
          {"steps", std::move(steps)}};
}

}  // namespace thimble
