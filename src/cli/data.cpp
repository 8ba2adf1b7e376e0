#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/progress.hpp"
#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/data_options.hpp"
#include "data/convert.hpp"
#include "data/fetch.hpp"
#include "data/source.hpp"
#include "imaging/codec.hpp"
#include "imaging/contact_sheet.hpp"

namespace thimble::cli {
namespace {

// fetch

struct DataFetch {
  std::string name;
  std::string data_dir;
  std::vector<std::string> mirrors;
};

void run(const DataFetch& arguments) {
  catch_interrupts();
  FetchReport report;
  {
    ConsoleProgress progress("fetch " + arguments.name, "B");
    report = fetch_dataset(
        arguments.name,
        {.data_dir = arguments.data_dir, .mirrors = arguments.mirrors, .progress = &progress});
  }
  std::cout << fmt::format(
      "{}: {} files in {} ({} fetched, {} there before), MD5 and SHA-256 as published\n",
      arguments.name, report.fetched.size() + report.present.size(), report.folder.string(),
      report.fetched.size(), report.present.size());
}

void add_fetch(CLI::App& data) {
  CLI::App* command =
      data.add_subcommand("fetch", "Download a data set, checked against the published sums");
  const auto arguments = std::make_shared<DataFetch>();
  command->add_option("name", arguments->name, "fashion-mnist or mnist")
      ->type_name("NAME")
      ->required();
  command
      ->add_option("--data-dir", arguments->data_dir,
                   "Where to make the data set's folder; else THIMBLE_DATA_DIR, else the user's "
                   "data folder")
      ->type_name("FOLDER");
  command
      ->add_option("--mirror", arguments->mirrors,
                   "Address of a folder with the files, instead of the published ones; {name} in "
                   "it becomes the data set's name; may be given several times")
      ->type_name("URL")
      ->allow_extra_args(false)
      ->envname("THIMBLE_MIRROR");
  command->footer(
      "An interrupted download goes on where it was when the command is given again.\n"
      "\n"
      "Examples:\n"
      "  thimble data fetch fashion-mnist\n"
      "  thimble data fetch mnist --data-dir ~/data\n"
      "  thimble data fetch mnist --mirror https://mirror.example.org/{name}/");
  command->callback([arguments] { run(*arguments); });
}

// info

struct DataInfo {
  DataOptions data;
  bool json = false;
};

std::string title_of(const DatasetSplits& splits) {
  const Provenance& provenance = splits.train.provenance;
  if (!provenance.synthetic) return provenance.name;
  return provenance.name + (provenance.name == "synthetic" ? " pictures, drawn by Thimble"
                                                           : " (synthetic, drawn by Thimble)");
}

nlohmann::ordered_json info_json(const DatasetSplits& splits, const Source& source) {
  const PictureShape& shape = splits.train.images.shape();
  nlohmann::ordered_json info{{"name", splits.train.provenance.name},
                              {"kind", to_string(source.kind)},
                              {"path", source.path.string()},
                              {"synthetic", splits.train.provenance.synthetic},
                              {"published", is_published(splits)},
                              {"shape", {shape.height, shape.width, shape.channels}}};
  const auto add_split = [&](const Dataset& set) {
    info["splits"][set.provenance.split] = {{"samples", set.size()},
                                            {"fingerprint", set.provenance.fingerprint},
                                            {"class_counts", set.class_counts()}};
  };
  add_split(splits.train);
  if (splits.test) add_split(*splits.test);
  info["classes"] = splits.train.classes;
  info["notes"] = splits.notes;
  return info;
}

std::string class_table(const DatasetSplits& splits) {
  std::size_t width = 5;
  for (const std::string& name : splits.train.classes) width = std::max(width, name.size());
  const std::vector<std::size_t> train = splits.train.class_counts();
  const std::vector<std::size_t> test =
      splits.test ? splits.test->class_counts() : std::vector<std::size_t>();
  std::string text =
      fmt::format("\n{:>5}  {:<{}}  {:>9}", "label", "class", width, splits.train.provenance.split);
  if (splits.test) text += fmt::format("  {:>9}", "test");
  text += '\n';
  for (std::size_t k = 0; k < train.size(); ++k) {
    text += fmt::format("{:>5}  {:<{}}  {:>9}", k, splits.train.classes[k], width,
                        format_count(train[k]));
    if (splits.test) text += fmt::format("  {:>9}", format_count(test[k]));
    text += '\n';
  }
  return text;
}

std::string info_text(const DatasetSplits& splits, const Source& source) {
  std::string text = fmt::format("data         {}\n", title_of(splits));
  if (is_published(splits)) text += "content      exactly as published\n";
  if (!source.path.empty()) {
    text += fmt::format("from         {} ({})\n", source.path.string(), to_string(source.kind));
  }
  text += fmt::format("pictures     {}\n", to_string(splits.train.images.shape()));
  const auto add_split = [&](const Dataset& set) {
    text += fmt::format("{:<12} {} samples, fingerprint {}\n", set.provenance.split,
                        format_count(set.size()), set.provenance.fingerprint);
  };
  add_split(splits.train);
  if (splits.test) add_split(*splits.test);
  return text + class_table(splits);
}

void run(const DataInfo& arguments) {
  const Source source = find_source(arguments.data.source, {.data_dir = arguments.data.data_dir});
  const DatasetSplits splits = load(arguments.data);
  if (arguments.json) {
    std::cout << info_json(splits, source).dump(2) << '\n';
  } else {
    std::cout << info_text(splits, source);
  }
}

constexpr const char* kSourceHelp =
    "Name (fashion-mnist, mnist, synthetic), folder of IDX files, CSV file or folder, or folder of "
    "class folders";

void add_source(CLI::App& command, DataOptions& data) {
  command.add_option("source", data.source, kSourceHelp)->type_name("SOURCE")->required();
  add_data_dir_option(command, data.data_dir);
}

void add_info(CLI::App& data) {
  CLI::App* command = data.add_subcommand(
      "info", "Tell what a data set holds: counts, shape, classes, fingerprints");
  const auto arguments = std::make_shared<DataInfo>();
  add_source(*command, arguments->data);
  command->add_flag("--json", arguments->json, "Print JSON");
  command->footer(
      "Examples:\n"
      "  thimble data info fashion-mnist\n"
      "  thimble data info photos/ --json");
  command->callback([arguments] { run(*arguments); });
}

// convert

struct DataConvert {
  DataOptions data;
  std::string format;
  std::string folder;
  bool compress = false;
};

void run(const DataConvert& arguments) {
  const DataFormat format = data_format(arguments.format);
  if (arguments.compress && format != DataFormat::idx) {
    throw UsageError("--gzip: goes with --to idx only");
  }
  const DatasetSplits splits = load(arguments.data);
  catch_interrupts();
  ConsoleProgress progress("convert", "images");
  convert_dataset(splits, format, arguments.folder,
                  {.compress = arguments.compress, .progress = &progress});
  std::cout << fmt::format(
      "{}: {} samples of {} as {}\n", arguments.folder,
      format_count(splits.train.size() + (splits.test ? splits.test->size() : 0)), title_of(splits),
      arguments.format);
}

void add_convert(CLI::App& data) {
  CLI::App* command =
      data.add_subcommand("convert", "Write a data set in another format, without loss");
  const auto arguments = std::make_shared<DataConvert>();
  add_source(*command, arguments->data);
  command->add_option("--to", arguments->format, "Format to write: idx, csv or images")
      ->type_name("FORMAT")
      ->required();
  command->add_option("dest", arguments->folder, "Folder to make; must not exist, or be empty")
      ->type_name("DEST")
      ->required();
  command->add_flag("--gzip", arguments->compress, "Compress IDX files");
  command->footer(
      "Class names and what else a format cannot hold go into dataset.json beside the pictures.\n"
      "\n"
      "Examples:\n"
      "  thimble data convert fashion-mnist --to images fashion-mnist-png\n"
      "  thimble data convert photos/ --to idx photos-idx --gzip");
  command->callback([arguments] { run(*arguments); });
}

// show

struct DataShow {
  DataOptions data;
  std::string split = "train";
  int count = 10;
  std::string out = "contact-sheet.png";
};

/// Pictures of one class, evenly spaced from its first to its last.
SheetSection class_section(const Dataset& set, std::size_t label, int count) {
  std::vector<std::size_t> samples;
  for (std::size_t i = 0; i < set.size(); ++i) {
    if (static_cast<std::size_t>(set.labels[i]) == label) samples.push_back(i);
  }
  SheetSection section{
      fmt::format("{} {} ({})", label, set.classes[label], format_count(samples.size())), {}};
  const std::size_t shown = std::min(samples.size(), static_cast<std::size_t>(count));
  for (std::size_t k = 0; k < shown; ++k) {
    const auto pixels = set.images[samples[k * samples.size() / shown]];
    section.cells.push_back(
        {Picture(set.images.shape(), {pixels.begin(), pixels.end()}), "", std::nullopt});
  }
  return section;
}

const Dataset& choose_split(const DatasetSplits& splits, const std::string& name) {
  if (name != "train" && name != "test") {
    throw UsageError(fmt::format("--split: got '{}', expected train or test", name));
  }
  if (name == "train") return splits.train;
  if (splits.test) return *splits.test;
  throw UsageError(fmt::format("--split test: {} has no test set", splits.train.provenance.name));
}

void run(const DataShow& arguments) {
  if (arguments.count < 1) {
    throw UsageError(fmt::format("--count: got {}, expected 1 or more", arguments.count));
  }
  const DatasetSplits splits = load(arguments.data);
  const Dataset& set = choose_split(splits, arguments.split);
  std::vector<SheetSection> sections;
  for (std::size_t label = 0; label < set.classes.size(); ++label) {
    sections.push_back(class_section(set, label, arguments.count));
  }
  SheetOptions options;
  options.title = fmt::format("{}, {}: {} pictures, {}", title_of(splits), set.provenance.split,
                              format_count(set.size()), to_string(set.images.shape()));
  options.columns = std::min(arguments.count, 20);
  write_png(arguments.out, draw_contact_sheet(options, sections));
  std::cout << fmt::format("{}: {} of each of {} classes\n", arguments.out, arguments.count,
                           set.classes.size());
}

void add_show(CLI::App& data) {
  CLI::App* command = data.add_subcommand("show", "Draw a contact sheet of a data set as PNG");
  const auto arguments = std::make_shared<DataShow>();
  add_source(*command, arguments->data);
  command->add_option("--out", arguments->out, "Picture to write")
      ->type_name("FILE")
      ->capture_default_str();
  command->add_option("--count", arguments->count, "Pictures of each class")
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--split", arguments->split, "Set to show: train or test")
      ->type_name("SPLIT")
      ->capture_default_str();
  command->footer(
      "Examples:\n"
      "  thimble data show fashion-mnist\n"
      "  thimble data show synthetic:seed=7 --count 20 --out synthetic.png");
  command->callback([arguments] { run(*arguments); });
}

}  // namespace

void add_data_command(CLI::App& program) {
  CLI::App* data = program.add_subcommand("data", "Fetch, inspect, convert and show data sets");
  data->require_subcommand(1);
  data->footer(
      "Examples:\n"
      "  thimble data fetch fashion-mnist\n"
      "  thimble data info fashion-mnist\n"
      "  thimble data convert fashion-mnist --to images fashion-mnist-png\n"
      "  thimble data show synthetic --out synthetic.png");
  add_fetch(*data);
  add_info(*data);
  add_convert(*data);
  add_show(*data);
}

}  // namespace thimble::cli
