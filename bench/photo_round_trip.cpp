// The way of a picture through a product photo and back: renders a data set's pictures as photos of
// several kinds, prepares them as a picture from outside, and counts what a model still gets right.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/random.hpp"
#include "data/source.hpp"
#include "evaluation/prediction.hpp"
#include "evaluation/significance.hpp"
#include "imaging/contact_sheet.hpp"
#include "imaging/preparation.hpp"
#include "imaging/resize.hpp"
#include "models/classifier.hpp"
#include "models/shipped.hpp"
#include "product_photo.hpp"

namespace {

using namespace thimble;
using nlohmann::json;

struct Arguments {
  std::string source = "fashion-mnist";
  std::string data_dir;
  std::string model;
  std::string split = "test";
  std::vector<std::string> conditions = {std::begin(kPhotoKinds), std::end(kPhotoKinds)};
  std::size_t count = 2000;
  std::uint64_t seed = 1;
  std::optional<int> enough_edge;  ///< that of the service
  std::string photos;
  std::optional<int> threads;
  bool as_json = false;
};

void add_options(CLI::App& app, Arguments& arguments) {
  app.add_option("--data", arguments.source, "Data set, as `thimble train` takes it");
  app.add_option("--data-dir", arguments.data_dir, "Folder with the named data sets");
  app.add_option("--model", arguments.model, "Model file, run or shipped model (default: shipped)");
  app.add_option("--split", arguments.split, "train or test")
      ->check(CLI::IsMember({"train", "test"}));
  app.add_option("--conditions", arguments.conditions, "Which kinds of photos")
      ->delimiter(',')
      ->check(
          CLI::IsMember(std::vector<std::string>(std::begin(kPhotoKinds), std::end(kPhotoKinds))));
  app.add_option("--count", arguments.count, "Pictures, the same under each condition");
  app.add_option("--seed", arguments.seed, "Of the choice of pictures and of the photos");
  app.add_option("--enough-edge", arguments.enough_edge, "Smallest size to decode JPEGs to");
  app.add_option(
      "--photos", arguments.photos,
      "Folder for the photos, and a sheet of each condition's pictures before and after");
  app.add_option("--threads", arguments.threads, "Threads to use");
  app.add_flag("--json", arguments.as_json, "Print JSON");
}

/// What becomes of the pictures under one condition.
struct Returned {
  std::string condition;
  Images prepared;
  Images resized;  ///< merely resized
  Images negated;  ///< resized, light on dark
  std::vector<std::vector<std::byte>> photos;
  std::vector<std::string> notices;
  std::size_t noticed = 0;
};

Returned send(const Images& pictures, const std::string& condition, std::uint64_t number,
              const PictureStyle& style, const Arguments& arguments) {
  const int edge = arguments.enough_edge.value_or(enough_edge(pictures.shape(), style));
  const PictureShape shape = pictures.shape();
  const std::size_t n = pictures.size();
  Returned returned{condition, Images(shape, n),           Images(shape, n), Images(shape, n),
                    {},        std::vector<std::string>(n)};
  if (!arguments.photos.empty()) returned.photos.resize(n);
  parallel_tasks(n, [&](std::size_t i) {
    const SerialScope serial;
    const std::uint64_t seed = hash_seed(arguments.seed, number, i);
    const std::vector<std::byte> jpeg = product_photo(condition, pictures[i], shape, seed);
    const PreparedPicture prepared =
        prepare_picture(decode_picture(jpeg, "photo", {.enough_edge = edge}), shape, style);
    std::ranges::copy(prepared.picture.pixels, returned.prepared[i].begin());
    returned.notices[i] = prepared.notice;
    const Picture resized = fit_to(decode_picture(jpeg, "photo"), shape);
    std::ranges::copy(resized.pixels, returned.resized[i].begin());
    std::ranges::transform(resized.pixels, returned.negated[i].begin(),
                           [](int value) { return static_cast<std::uint8_t>(255 - value); });
    if (!returned.photos.empty()) returned.photos[i] = jpeg;
  });
  returned.noticed = n - static_cast<std::size_t>(std::ranges::count(returned.notices, ""));
  return returned;
}

std::vector<std::int32_t> classify(const Classifier& model, const Images& pictures) {
  const Probabilities probabilities = predict(model, pictures);
  std::vector<std::int32_t> classes;
  for (std::size_t i = 0; i < probabilities.size(); ++i) {
    const auto row = probabilities[i];
    classes.push_back(static_cast<std::int32_t>(std::ranges::max_element(row) - row.begin()));
  }
  return classes;
}

double accuracy(const std::vector<std::int32_t>& classes, const std::vector<std::int32_t>& labels) {
  std::size_t right = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) right += classes[i] == labels[i] ? 1 : 0;
  return static_cast<double>(right) / static_cast<double>(labels.size());
}

/// The photos as files, and a sheet on which each picture stands over what came back of it.
void keep_photos(const Returned& returned, const Images& pictures, const Arguments& arguments) {
  const std::filesystem::path folder = arguments.photos;
  std::filesystem::create_directories(folder);
  std::vector<SheetCell> cells;
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    AtomicFile file(folder / fmt::format("{}-{:04}.jpg", returned.condition, i));
    file.write(returned.photos[i]);
    file.commit();
    const PictureShape shape = pictures.shape();
    Picture pair({shape.height, 2 * shape.width + 1, 1});
    const auto copy = [&](std::span<const std::uint8_t> from, int left) {
      for (int y = 0; y < shape.height; ++y) {
        std::copy_n(from.begin() + y * shape.width, shape.width,
                    pair.pixels.begin() + y * pair.shape.width + left);
      }
    };
    copy(pictures[i], 0);
    copy(returned.prepared[i], shape.width + 1);
    cells.push_back({std::move(pair), std::to_string(i), std::nullopt});
  }
  SheetOptions sheet;
  sheet.title = returned.condition;
  sheet.columns = 10;
  write_png(folder / (returned.condition + ".png"), draw_contact_sheet(sheet, cells));
}

json compare(const std::string& condition, const std::vector<std::int32_t>& prepared,
             const std::vector<std::int32_t>& undisturbed,
             const std::vector<std::int32_t>& labels) {
  const Interval interval =
      accuracy_difference_interval(paired_counts(prepared, undisturbed, labels));
  const double before = accuracy(undisturbed, labels);
  const double after = accuracy(prepared, labels);
  return {{"condition", condition},       {"pictures", labels.size()},
          {"undisturbed", before},        {"prepared", after},
          {"difference", after - before}, {"difference_interval", {interval.low, interval.high}}};
}

std::string line(const json& row) {
  return fmt::format(
      "{:<11} {:>8} {:>11.2f} % {:>8.2f} % {:>+7.2f}  [{:+.2f}, {:+.2f}] {:>9.2f} % "
      "{:>9.2f} %\n",
      row["condition"].get<std::string>(), row["pictures"].get<std::size_t>(),
      100 * row["undisturbed"].get<double>(), 100 * row["prepared"].get<double>(),
      100 * row["difference"].get<double>(), 100 * row["difference_interval"][0].get<double>(),
      100 * row["difference_interval"][1].get<double>(), 100 * row["resized"].get<double>(),
      100 * row["negated"].get<double>());
}

void append(std::vector<std::int32_t>& all, const std::vector<std::int32_t>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

void run(const Arguments& arguments) {
  if (arguments.threads) set_thread_count(*arguments.threads);
  const DatasetSplits splits = load_dataset(arguments.source, {.data_dir = arguments.data_dir});
  if (arguments.split == "test" && !splits.test) {
    throw UsageError(arguments.source + ": no test set; take --split train");
  }
  const Dataset& dataset = arguments.split == "test" ? *splits.test : splits.train;
  std::vector<std::size_t> order(dataset.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  Random(arguments.seed).shuffle(std::span(order));
  order.resize(std::min(order.size(), arguments.count));
  const Images pictures = dataset.images.select(order);
  std::vector<std::int32_t> labels;
  for (const std::size_t i : order) labels.push_back(dataset.labels[i]);
  const std::unique_ptr<Classifier> model =
      load_classifier(arguments.model.empty() ? shipped_model() : find_model(arguments.model));
  PictureStyle style = model->description().style;
  style.kind = PictureStyle::Kind::cut_out;
  const std::vector<std::int32_t> undisturbed = classify(*model, pictures);

  if (!arguments.as_json) {
    std::cout << "condition   pictures   undisturbed   prepared  points        95 %       resized"
                 "   + negated\n";
  }
  json rows = json::array();
  std::vector<std::int32_t> all_prepared, all_resized, all_negated, all_undisturbed, all_labels;
  const auto report = [&](json row, double resized, double negated) {
    row["resized"] = resized;
    row["negated"] = negated;
    if (!arguments.as_json) std::cout << line(row) << std::flush;
    rows.push_back(std::move(row));
  };
  for (const std::string& condition : arguments.conditions) {
    const auto number = static_cast<std::uint64_t>(std::ranges::find(kPhotoKinds, condition) -
                                                   std::begin(kPhotoKinds));
    const Returned returned = send(pictures, condition, number, style, arguments);
    if (!arguments.photos.empty()) keep_photos(returned, pictures, arguments);
    const auto prepared = classify(*model, returned.prepared);
    const auto resized = classify(*model, returned.resized);
    const auto negated = classify(*model, returned.negated);
    json row = compare(condition, prepared, undisturbed, labels);
    row["noticed"] = returned.noticed;
    report(std::move(row), accuracy(resized, labels), accuracy(negated, labels));
    append(all_prepared, prepared);
    append(all_resized, resized);
    append(all_negated, negated);
    append(all_undisturbed, undisturbed);
    append(all_labels, labels);
  }
  report(compare("all", all_prepared, all_undisturbed, all_labels),
         accuracy(all_resized, all_labels), accuracy(all_negated, all_labels));
  if (arguments.as_json) {
    std::cout << json{{"data", arguments.source},
                      {"split", arguments.split},
                      {"model", model->description().name},
                      {"seed", arguments.seed},
                      {"enough_edge",
                       arguments.enough_edge.value_or(enough_edge(pictures.shape(), style))},
                      {"conditions", rows}}
                     .dump(2)
              << "\n";
  }
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Counts what a model gets right of pictures that went through a product photo");
  add_options(app, arguments);
  CLI11_PARSE(app, argc, argv);
  try {
    run(arguments);
  } catch (const Error& error) {
    std::cerr << "photo_round_trip: " << error.what() << "\n";
    return 1;
  }
  return 0;
}
