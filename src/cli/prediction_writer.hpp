// Predictions as rows of text: a table for people, CSV and JSON lines for programs.

#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "data/picture_stream.hpp"
#include "models/classifier.hpp"

namespace thimble::cli {

struct PredictionFormat {
  std::string name = "table";  ///< "table", "csv", "jsonl"
  std::size_t top = 1;         ///< classes a row, most likely first
  /// Rows whose most likely class is less likely than this are marked for review; without it there
  /// is no such column.
  std::optional<double> review_below = {};
};

/// Whether a row is to be marked.
bool needs_review(std::span<const float> probabilities, const PredictionFormat& format);

/// Writes one row a picture, in the order given.
///
/// csv:   input,index,label,probability[,label_2,probability_2…][,review], quoted as in RFC 4180;
///        index is empty for files of one picture; probabilities with 6 decimals
/// jsonl: {"input":…,"index":…,"label":…,"probability":…,"top":[{"label":…,"probability":…}…],
///        "review":…}; index, top (of 1) and review only where there is something to say
class PredictionWriter {
 public:
  virtual ~PredictionWriter() = default;

  /// @param probabilities  float32 [origins.size(), classes]
  virtual void write(const std::vector<PictureOrigin>& origins,
                     const Probabilities& probabilities) = 0;
};

/// @param out  must outlive the writer
/// @throws UsageError  if the format has no such name
std::unique_ptr<PredictionWriter> make_prediction_writer(const PredictionFormat& format,
                                                         const std::vector<std::string>& classes,
                                                         std::ostream& out);

}  // namespace thimble::cli
