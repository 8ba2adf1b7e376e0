#include "cli/prediction_writer.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/escape.hpp"
#include "evaluation/evaluation.hpp"

namespace thimble::cli {
namespace {

/// Turns a batch into one piece of text, so that rows go out whole.
class RowWriter : public PredictionWriter {
 public:
  RowWriter(PredictionFormat format, std::vector<std::string> classes, std::ostream& out)
      : format_(std::move(format)), classes_(std::move(classes)), out_(out) {
    format_.top = std::min(format_.top, classes_.size());
  }

  void write(const std::vector<PictureOrigin>& origins,
             const Probabilities& probabilities) override {
    std::string text;
    if (!begun_) begin(origins, text);
    begun_ = true;
    for (std::size_t i = 0; i < origins.size(); ++i) {
      const auto best = top_classes(probabilities[i], format_.top);
      add_row(origins[i], probabilities[i], best, text);
    }
    out_ << text << std::flush;
  }

 protected:
  virtual void begin(const std::vector<PictureOrigin>& first, std::string& text) = 0;
  virtual void add_row(const PictureOrigin& origin, std::span<const float> probabilities,
                       const std::vector<std::size_t>& best, std::string& text) = 0;

  const PredictionFormat& format() const { return format_; }
  const std::string& class_name(std::size_t index) const { return classes_[index]; }
  const std::vector<std::string>& classes() const { return classes_; }

 private:
  PredictionFormat format_;
  std::vector<std::string> classes_;
  std::ostream& out_;
  bool begun_ = false;
};

class TableWriter : public RowWriter {
 public:
  using RowWriter::RowWriter;

 private:
  static constexpr std::size_t kWidestInput = 60;

  static std::string name_of(const PictureOrigin& origin) {
    return origin.index ? fmt::format("{} #{}", origin.file, *origin.index) : origin.file;
  }

  // Rows come as they are read, so the first of them set the width.
  void begin(const std::vector<PictureOrigin>& first, std::string& text) override {
    for (const PictureOrigin& origin : first) {
      // Room for larger numbers later on.
      const std::size_t room = origin.index ? 3 : 0;
      input_width_ = std::max(input_width_, name_of(origin).size() + room);
    }
    input_width_ = std::min(input_width_, kWidestInput);
    for (const std::string& name : classes()) class_width_ = std::max(class_width_, name.size());
    fmt::format_to(std::back_inserter(text), "{:<{}}", "input", input_width_);
    for (std::size_t k = 1; k <= format().top; ++k) {
      fmt::format_to(std::back_inserter(text), "  {:<{}} {:>7}",
                     k == 1 ? "label" : fmt::format("{}.", k), class_width_, "%");
    }
    text += '\n';
  }

  void add_row(const PictureOrigin& origin, std::span<const float> probabilities,
               const std::vector<std::size_t>& best, std::string& text) override {
    fmt::format_to(std::back_inserter(text), "{:<{}}", name_of(origin), input_width_);
    for (std::size_t index : best) {
      fmt::format_to(std::back_inserter(text), "  {:<{}} {:>7.2f}", class_name(index), class_width_,
                     100 * probabilities[index]);
    }
    if (needs_review(probabilities, format())) text += "  review";
    text += '\n';
  }

  std::size_t input_width_ = 5;
  std::size_t class_width_ = 5;
};

class CsvWriter : public RowWriter {
 public:
  using RowWriter::RowWriter;

 private:
  void begin(const std::vector<PictureOrigin>&, std::string& text) override {
    text += "input,index,label,probability";
    for (std::size_t k = 2; k <= format().top; ++k) {
      fmt::format_to(std::back_inserter(text), ",label_{},probability_{}", k, k);
    }
    text += format().review_below ? ",review\n" : "\n";
  }

  void add_row(const PictureOrigin& origin, std::span<const float> probabilities,
               const std::vector<std::size_t>& best, std::string& text) override {
    text += csv_field(origin.file) + ',';
    if (origin.index) text += std::to_string(*origin.index);
    for (std::size_t index : best) {
      fmt::format_to(std::back_inserter(text), ",{},{:.6f}", csv_field(class_name(index)),
                     probabilities[index]);
    }
    if (format().review_below) {
      text += needs_review(probabilities, format()) ? ",true" : ",false";
    }
    text += '\n';
  }
};

class JsonLinesWriter : public RowWriter {
 public:
  using RowWriter::RowWriter;

 private:
  void begin(const std::vector<PictureOrigin>&, std::string&) override {}

  // As many decimals as the CSV has; the digits beyond are noise of the float.
  static double rounded(float probability) {
    return std::round(static_cast<double>(probability) * 1e6) / 1e6;
  }

  void add_row(const PictureOrigin& origin, std::span<const float> probabilities,
               const std::vector<std::size_t>& best, std::string& text) override {
    nlohmann::ordered_json row;
    row["input"] = origin.file;
    if (origin.index) row["index"] = *origin.index;
    row["label"] = class_name(best.front());
    row["probability"] = rounded(probabilities[best.front()]);
    if (format().top > 1) {
      for (std::size_t index : best) {
        row["top"].push_back(
            {{"label", class_name(index)}, {"probability", rounded(probabilities[index])}});
      }
    }
    if (format().review_below) row["review"] = needs_review(probabilities, format());
    // A file name need not be UTF-8; JSON must.
    text += row.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
  }
};

}  // namespace

bool needs_review(std::span<const float> probabilities, const PredictionFormat& format) {
  return format.review_below &&
         static_cast<double>(probabilities[predicted_class(probabilities)]) < *format.review_below;
}

std::unique_ptr<PredictionWriter> make_prediction_writer(const PredictionFormat& format,
                                                         const std::vector<std::string>& classes,
                                                         std::ostream& out) {
  if (format.name == "table") return std::make_unique<TableWriter>(format, classes, out);
  if (format.name == "csv") return std::make_unique<CsvWriter>(format, classes, out);
  if (format.name == "jsonl") return std::make_unique<JsonLinesWriter>(format, classes, out);
  throw UsageError(fmt::format("unknown format '{}', expected table, csv or jsonl", format.name));
}

}  // namespace thimble::cli
