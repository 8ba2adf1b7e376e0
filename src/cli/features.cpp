// thimble features: a network's embeddings of pictures, for other programs.

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/escape.hpp"
#include "base/progress.hpp"
#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/data_options.hpp"
#include "cli/writable.hpp"
#include "data/npy.hpp"
#include "data/picture_stream.hpp"
#include "data/source.hpp"
#include "models/embedding.hpp"

namespace thimble::cli {
namespace {

namespace fs = std::filesystem;

/// Pictures in work at a time.
constexpr std::size_t kChunk = 1024;

struct Arguments {
  std::string model;
  std::vector<std::string> sources;
  std::string data_dir;
  std::string split = "all";
  std::string out = "features.npy";
  std::string labels;
  std::string names;
};

/// Labelled samples of the splits that were asked for, in the order of the rows.
std::vector<Dataset> chosen_splits(DatasetSplits splits, const Arguments& arguments) {
  const std::string& source = arguments.sources.front();
  if (arguments.split == "test" && !splits.test) {
    throw UsageError(fmt::format("{}: it has no test split; leave --split out", source));
  }
  std::vector<Dataset> chosen;
  if (arguments.split != "test") chosen.push_back(std::move(splits.train));
  if (arguments.split != "train" && splits.test) chosen.push_back(*std::move(splits.test));
  return chosen;
}

void embed_dataset(const Embedder& embedder, const Dataset& data, NpyWriter<float>& out,
                   std::size_t total, Progress& progress) {
  const Images& images = data.images;
  std::vector<float> values;
  for (std::size_t begin = 0; begin < images.size(); begin += kChunk) {
    if (progress.stop_requested()) throw Cancelled("stopped; nothing was written");
    const std::size_t end = std::min(images.size(), begin + kChunk);
    values.resize((end - begin) * embedder.dims());
    embedder.embed(images, begin, end, values.data());
    out.write(values);
    progress.update(out.rows(), total, "");
  }
}

void write_labels(const std::vector<Dataset>& splits, const fs::path& path) {
  NpyWriter<std::int64_t> out(path);
  for (const Dataset& data : splits) {
    out.write(std::vector<std::int64_t>(data.labels.begin(), data.labels.end()));
  }
  out.commit();
}

std::string numbered(const std::vector<std::string>& classes) {
  std::vector<std::string> items;
  for (const std::string& name : classes) items.push_back(fmt::format("{} {}", items.size(), name));
  return fmt::format("{}", fmt::join(items, ", "));
}

void run_on_dataset(const Embedder& embedder, const Arguments& arguments) {
  const std::string& source = arguments.sources.front();
  if (!arguments.names.empty()) {
    throw UsageError(fmt::format(
        "--names: {} is a data set, whose rows are in its own order; name pictures or folders "
        "without classes",
        source));
  }
  const std::vector<Dataset> splits = chosen_splits(
      load_dataset(source, {.data_dir = arguments.data_dir, .picture_shape = embedder.input()}),
      arguments);
  std::size_t total = 0;
  std::string parts;
  for (const Dataset& data : splits) {
    if (data.images.shape() != embedder.input()) {
      throw DataError(fmt::format("{}: its pictures are {}, expected {}, as the model takes them",
                                  source, to_string(data.images.shape()),
                                  to_string(embedder.input())));
    }
    parts += fmt::format("{}{} {}", parts.empty() ? "" : ", ", format_count(data.size()),
                         data.provenance.split);
    total += data.size();
  }
  NpyWriter<float> out(arguments.out, embedder.dims());
  {
    ConsoleProgress progress("features", "images");
    for (const Dataset& data : splits) embed_dataset(embedder, data, out, total, progress);
  }
  out.commit();
  std::cout << fmt::format("features   {}: float32 [{}, {}], rows: {}\n", arguments.out, total,
                           embedder.dims(), parts);
  if (!arguments.labels.empty()) {
    write_labels(splits, arguments.labels);
    std::cout << fmt::format("labels     {}: int64 [{}]\nclasses    {}\n", arguments.labels, total,
                             numbered(splits.front().classes));
  }
}

/// Where each row's picture lies, as CSV.
class NamesFile {
 public:
  explicit NamesFile(const std::string& path) {
    if (path.empty()) return;
    file_.emplace(path);
    file_->write("input,index\n");
  }
  void write(const std::vector<PictureOrigin>& origins) {
    if (!file_) return;
    for (const PictureOrigin& origin : origins) {
      file_->write(fmt::format("{},{}\n", csv_field(origin.file),
                               origin.index ? std::to_string(*origin.index) : ""));
    }
  }
  void commit() {
    if (file_) file_->commit();
  }

 private:
  std::optional<AtomicFile> file_;
};

void run_on_pictures(const Embedder& embedder, const PictureStyle& style,
                     const Arguments& arguments) {
  if (!arguments.labels.empty()) {
    throw UsageError("--labels: these pictures have no classes; name a data set instead");
  }
  if (arguments.split != "all") {
    throw UsageError("--split: these pictures are in no splits; name a data set instead");
  }
  PictureStream stream({arguments.sources.begin(), arguments.sources.end()}, embedder.input(),
                       style);
  NpyWriter<float> out(arguments.out, embedder.dims());
  NamesFile names(arguments.names);
  std::uint64_t failures = 0;
  {
    ConsoleProgress progress("features", "images");
    while (!stream.at_end()) {
      if (progress.stop_requested()) throw Cancelled("stopped; nothing was written");
      const PictureBatch batch = stream.read(kChunk);
      for (const std::string& failure : batch.failures) progress.message("thimble: " + failure);
      for (const std::string& notice : batch.notices) progress.message("note: " + notice);
      failures += batch.failures.size();
      out.write(embedder.embed(batch.images));
      names.write(batch.origins);
      progress.update(out.rows(), 0, "");
    }
  }
  if (out.rows() == 0) throw DataError("no picture could be read");
  out.commit();
  names.commit();
  std::cout << fmt::format("features   {}: float32 [{}, {}]\n", arguments.out, out.rows(),
                           embedder.dims());
  if (!arguments.names.empty()) {
    std::cout << fmt::format("names      {}: a line for each row\n", arguments.names);
  }
  if (stream.resized() > 0) {
    std::cerr << fmt::format("note: {} pictures were resized to the model's {}\n",
                             format_count(stream.resized()), to_string(embedder.input()));
  }
  if (stream.cut_out() > 0) {
    std::cerr << fmt::format("note: {} pictures were brought to the model's style\n",
                             format_count(stream.cut_out()));
  }
  if (failures > 0) throw DataError(fmt::format("{} inputs could not be read", failures));
}

/// Whether the sources are a data set with classes, and not pictures alone.
bool is_dataset(const Arguments& arguments) {
  if (arguments.sources.size() != 1) return false;
  std::error_code ignored;
  const bool exists = fs::exists(arguments.sources.front(), ignored);
  try {
    find_source(arguments.sources.front(), {.data_dir = arguments.data_dir});
  } catch (const DataError&) {
    if (exists) return false;
    throw;
  }
  return true;
}

void run(const Arguments& arguments) {
  for (const std::string& path : {arguments.out, arguments.labels, arguments.names}) {
    require_writable_file(path);
  }
  const std::unique_ptr<Classifier> model = load_classifier(arguments.model);
  const Embedder embedder(*model);
  catch_interrupts();
  if (is_dataset(arguments)) {
    run_on_dataset(embedder, arguments);
  } else {
    run_on_pictures(embedder, model->description().style, arguments);
  }
}

}  // namespace

void add_features_command(CLI::App& program) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program.add_subcommand(
      "features", "Write what a network makes of pictures (embeddings) as a NumPy file");
  command
      ->add_option("model", arguments->model,
                   "A network: a run's folder, a model file or the name of a shipped model")
      ->type_name("MODEL")
      ->required();
  command
      ->add_option("sources", arguments->sources,
                   "A data set as --data takes it elsewhere, or pictures, folders of them, IDX "
                   "files")
      ->type_name("SOURCE")
      ->required();
  add_data_dir_option(*command, arguments->data_dir);
  command->add_option("--split", arguments->split, "Which samples of a data set, training first")
      ->type_name("SPLIT")
      ->check(CLI::IsMember({"all", "train", "test"}))
      ->capture_default_str();
  command->add_option("--out", arguments->out, "The features: float32 [pictures, values]")
      ->type_name("FILE.npy")
      ->capture_default_str();
  command->add_option("--labels", arguments->labels, "Write a data set's labels: int64 [pictures]")
      ->type_name("FILE.npy");
  command
      ->add_option("--names", arguments->names,
                   "Write where each row's picture lies: CSV of input and index in it")
      ->type_name("FILE.csv");
  command->footer(
      "Examples:\n"
      "  thimble features cnn fashion-mnist --split train --out x.npy --labels y.npy\n"
      "  thimble features runs/shoes photos/ --names photos.csv\n"
      "\n"
      "In Python: numpy.load('features.npy'). The values are those that go into the network's "
      "last\n"
      "layer. To learn from them here: 'thimble train --recipe logistic\n"
      "--set features.steps=[\"model:cnn\",\"standardize\"]'.");
  command->callback([arguments] { run(*arguments); });
}

}  // namespace thimble::cli
