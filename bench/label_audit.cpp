// Does the audit find wrong labels? Gives some training pictures of a data set wrong labels at
// random, audits them, and prints how many rank among the most suspicious; then audits the labels
// as they are and prints where pictures known to be mislabelled rank. One JSON object each.

#include <algorithm>
#include <cmath>
#include <iostream>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/random.hpp"
#include "data/source.hpp"
#include "exploration/label_audit.hpp"

namespace {

using namespace thimble;
using nlohmann::json;

struct Arguments {
  std::string source = "fashion-mnist";
  std::string data_dir;
  std::vector<std::string> recipes;
  std::vector<std::string> settings;
  int folds = LabelAuditOptions{}.folds;
  std::vector<std::uint64_t> seeds = {1};
  double noise = 0.03;
  double top = 0.04;
  // Of Fashion-MNIST: a pullover that is labelled as a dress, a dress labelled as a pullover.
  std::vector<std::size_t> known = {28264, 42018};
  std::optional<int> threads;
};

void add_options(CLI::App& app, Arguments& arguments) {
  app.add_option("--data", arguments.source, "Data set, as `thimble train` takes it");
  app.add_option("--data-dir", arguments.data_dir, "Folder with the named data sets");
  app.add_option("--recipes", arguments.recipes, "Recipes whose mean judges (default: explore's)")
      ->delimiter(',');
  app.add_option("--set", arguments.settings, "A setting of every recipe: training.epochs=4");
  app.add_option("--folds", arguments.folds, "Folds");
  app.add_option("--seeds", arguments.seeds, "Seeds of noise and folds, a pass with noise each")
      ->delimiter(',');
  app.add_option("--noise", arguments.noise, "Share of labels to make wrong");
  app.add_option("--top", arguments.top, "Share of all that counts as most suspicious");
  app.add_option("--known", arguments.known, "Pictures whose rank to print, counted from 0")
      ->delimiter(',');
  app.add_option("--threads", arguments.threads, "Threads to use");
}

/// Gives a share of the samples another label, each other class equally likely.
/// @return  their indices
std::set<std::size_t> make_wrong(Dataset& dataset, double share, std::uint64_t seed) {
  Random random(seed);
  std::vector<std::size_t> order(dataset.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  random.shuffle(std::span(order));
  order.resize(static_cast<std::size_t>(std::llround(share * static_cast<double>(order.size()))));
  const std::size_t classes = dataset.classes.size();
  for (const std::size_t i : order) {
    const auto label = static_cast<std::size_t>(dataset.labels[i]);
    dataset.labels[i] =
        static_cast<std::int32_t>((label + 1 + random.below(classes - 1)) % classes);
  }
  return {order.begin(), order.end()};
}

json facts(const LabelAudit& audit) {
  return {{"recipes", audit.recipes},
          {"folds", audit.folds},
          {"accuracy", audit.accuracy},
          {"estimated_errors", audit.estimated_errors},
          {"seconds", audit.seconds}};
}

json measure_noise(Dataset dataset, const Arguments& arguments, LabelAuditOptions options) {
  const std::set<std::size_t> wrong = make_wrong(dataset, arguments.noise, options.seed);
  const LabelAudit audit = audit_labels(dataset, options, nullptr);
  const auto top = static_cast<std::size_t>(arguments.top * static_cast<double>(dataset.size()));
  const auto found =
      std::count_if(audit.ranking.begin(), audit.ranking.begin() + static_cast<std::ptrdiff_t>(top),
                    [&](const JudgedLabel& judged) { return wrong.contains(judged.index); });
  json result = facts(audit);
  result["seed"] = options.seed;
  result["made_wrong"] = wrong.size();
  result["looked_at"] = top;
  result["found"] = found;
  result["share_found"] = static_cast<double>(found) / static_cast<double>(wrong.size());
  return result;
}

json measure_known(const Dataset& dataset, const Arguments& arguments,
                   const LabelAuditOptions& options) {
  const LabelAudit audit = audit_labels(dataset, options, nullptr);
  json result = facts(audit);
  for (std::size_t rank = 0; rank < audit.ranking.size(); ++rank) {
    const JudgedLabel& judged = audit.ranking[rank];
    if (std::ranges::find(arguments.known, judged.index) == arguments.known.end()) continue;
    result["known"].push_back(
        {{"picture", judged.index},
         {"rank", rank},
         {"given", dataset.classes[static_cast<std::size_t>(judged.given)]},
         {"suggested", dataset.classes[static_cast<std::size_t>(judged.suggested)]}});
  }
  return result;
}

void run(const Arguments& arguments) {
  if (arguments.threads) set_thread_count(*arguments.threads);
  const Dataset dataset = load_dataset(arguments.source, {.data_dir = arguments.data_dir}).train;
  LabelAuditOptions options;
  options.folds = arguments.folds;
  for (const std::string& name : arguments.recipes) options.recipes.push_back(load_recipe(name));
  if (options.recipes.empty()) options.recipes = default_audit_recipes(dataset);
  for (Recipe& recipe : options.recipes) {
    for (const std::string& setting : arguments.settings) override_setting(recipe, setting);
  }
  if (arguments.noise > 0) {
    for (const std::uint64_t seed : arguments.seeds) {
      options.seed = seed;
      std::cout << measure_noise(dataset, arguments, options).dump() << std::endl;
    }
  }
  options.seed = arguments.seeds.at(0);
  if (!arguments.known.empty()) {
    std::cout << measure_known(dataset, arguments, options).dump() << std::endl;
  }
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Counts the wrong labels that the audit finds");
  add_options(app, arguments);
  CLI11_PARSE(app, argc, argv);
  try {
    run(arguments);
  } catch (const Error& error) {
    std::cerr << "bench_label_audit: " << error.what() << "\n";
    return 1;
  }
  return 0;
}
