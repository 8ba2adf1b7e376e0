// What the pictures of a data set look like, in figures: grey levels, ink, where the drawn thing
// lies, how symmetric it is, which borders stay empty.
//
// All but the figures by channel are of grey levels 0 (black) to 255 (white), of RGB pictures their
// luma. All deviations are of the population (divided by n).

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "data/dataset.hpp"

namespace thimble {

/// Counts of each grey level.
using GreyHistogram = std::array<std::uint64_t, 256>;

/// How a figure is spread over pictures. NaN everywhere if there is no picture. Quantiles are
/// interpolated linearly between order statistics (as numpy.quantile).
struct Distribution {
  double mean = 0;
  double deviation = 0;
  double min = 0;
  double q05 = 0;
  double q25 = 0;
  double median = 0;
  double q75 = 0;
  double q95 = 0;
  double max = 0;
};

/// The distribution of `values`, in any order.
Distribution distribution_of(std::span<const double> values);

/// The colour that things stand on: the most frequent grey level of the outermost pixels.
struct Background {
  std::uint8_t level = 0;
  /// Share of the outermost pixels within StatisticsOptions::ink_threshold of it. Below about one
  /// half the pictures have no plain background, and ink, boxes and margins say little.
  double border_share = 0;
};

/// The smallest upright boxes around the ink of pictures that have any, in pixels.
struct BoxStatistics {
  Distribution left;  ///< empty columns left of the box
  Distribution top;   ///< empty rows above it
  Distribution width;
  Distribution height;
  Distribution center_x;  ///< from the left edge of the picture; its middle is width / 2
  Distribution center_y;  ///< from the top edge
};

/// Rows or columns at each edge without ink.
struct Margins {
  int left = 0;
  int top = 0;
  int right = 0;
  int bottom = 0;
};

/// Figures of a class's pictures, or of all.
struct PictureStatistics {
  std::uint64_t pictures = 0;

  double mean = 0;       ///< grey level of all pixels; NaN without pictures, as all below
  double deviation = 0;  ///< of all pixels
  GreyHistogram histogram{};
  std::vector<double> channel_mean;               ///< [channels]: grey, or red, green, blue
  std::vector<double> channel_deviation;          ///< [channels]
  std::vector<GreyHistogram> channel_histograms;  ///< [channels]

  Distribution brightness;  ///< the pictures' mean grey levels
  Distribution contrast;    ///< the deviations of grey levels within a picture
  Distribution ink;         ///< share of a picture's pixels that are ink, in [0, 1]
  std::uint64_t blank = 0;  ///< pictures without ink
  BoxStatistics box;

  /// Correlation of a picture with its mirror image in [-1, 1]; 1 is perfectly symmetric. A picture
  /// of one grey level counts as 1.
  Distribution left_right;  ///< mirrored at the vertical line in the middle
  Distribution top_bottom;  ///< mirrored at the horizontal line in the middle

  std::vector<double> row_ink;     ///< [height] share of pictures with ink in that row
  std::vector<double> column_ink;  ///< [width] share of pictures with ink in that column
  Margins always_empty;            ///< no picture has ink there; all of the picture if none has any
  Margins mostly_empty;            ///< at most StatisticsOptions::rare_share of the pictures has
};

struct StatisticsOptions {
  /// A pixel is ink if its grey level is farther than this from the background's: a tenth of the
  /// range, above the noise of compressed pictures and scans.
  int ink_threshold = 25;
  /// Rows and columns with ink in at most this share of pictures are counted as mostly empty.
  double rare_share = 0.01;
};

struct DataStatistics {
  StatisticsOptions options;
  Background background;
  PictureStatistics overall;
  std::vector<PictureStatistics> classes;  ///< [classes]
};

/// Parallel; the result does not depend on the number of threads.
/// @throws DataError  if there is no picture
DataStatistics data_statistics(const Dataset& dataset, const StatisticsOptions& options = {});

}  // namespace thimble
