#include "exploration/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "exploration/reduced_pictures.hpp"

namespace thimble {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kGrain = 256;

/// The smallest box around a picture's ink; empty where right <= left.
struct Box {
  int left = 0;
  int top = 0;
  int right = 0;  ///< one past the last column
  int bottom = 0;
};

/// What is said of one picture.
struct Traits {
  double brightness = 0;
  double contrast = 0;
  double ink = 0;
  double left_right = 1;
  double top_bottom = 1;
  Box box;
};

/// What is counted over the pictures of one class. Integers, so that the order does not matter.
struct Tally {
  std::vector<GreyHistogram> channels;  ///< [channels]
  GreyHistogram grey{};
  std::vector<std::uint64_t> row_ink;     ///< [height] pictures
  std::vector<std::uint64_t> column_ink;  ///< [width] pictures

  explicit Tally(const PictureShape& shape)
      : channels(static_cast<std::size_t>(shape.channels)),
        row_ink(static_cast<std::size_t>(shape.height)),
        column_ink(static_cast<std::size_t>(shape.width)) {}

  void add(const Tally& other) {
    const auto sum = [](auto& to, const auto& from) {
      for (std::size_t i = 0; i < from.size(); ++i) to[i] += from[i];
    };
    for (std::size_t c = 0; c < channels.size(); ++c) sum(channels[c], other.channels[c]);
    sum(grey, other.grey);
    sum(row_ink, other.row_ink);
    sum(column_ink, other.column_ink);
  }
};

/// Measures pictures one by one.
class Surveyor {
 public:
  Surveyor(const PictureShape& shape, int background, int threshold)
      : height_(shape.height),
        width_(shape.width),
        channels_(static_cast<std::size_t>(shape.channels)) {
    for (std::size_t level = 0; level < 256; ++level) {
      is_ink_[level] = std::abs(static_cast<int>(level) - background) > threshold;
    }
  }

  /// @param grey      uint8 [height, width]
  /// @param coloured  uint8 [height, width, channels]
  Traits measure(std::span<const std::uint8_t> grey, std::span<const std::uint8_t> coloured,
                 Tally& tally) {
    count_levels(grey, coloured, tally);
    Traits traits;
    measure_levels(grey, traits);
    measure_ink(grey, traits, tally);
    return traits;
  }

 private:
  void count_levels(std::span<const std::uint8_t> grey, std::span<const std::uint8_t> coloured,
                    Tally& tally) const {
    for (const std::uint8_t level : grey) ++tally.grey[level];
    if (channels_ == 1) return;
    for (std::size_t i = 0; i < coloured.size(); i += channels_) {
      for (std::size_t c = 0; c < channels_; ++c) ++tally.channels[c][coloured[i + c]];
    }
  }

  /// Brightness, contrast and symmetry. A picture and its mirror image have the same mean m and sum
  /// of squares, so their correlation is (sum x x' - p m^2) / (sum x^2 - p m^2), p pixels.
  void measure_levels(std::span<const std::uint8_t> grey, Traits& traits) const {
    const auto height = static_cast<std::size_t>(height_);
    const auto width = static_cast<std::size_t>(width_);
    std::uint64_t sum = 0;
    std::uint64_t squares = 0;
    std::uint64_t across = 0;
    std::uint64_t down = 0;
    for (std::size_t r = 0; r < height; ++r) {
      const std::uint8_t* row = grey.data() + r * width;
      const std::uint8_t* opposite = grey.data() + (height - 1 - r) * width;
      for (std::size_t c = 0; c < width; ++c) {
        const unsigned x = row[c];
        sum += x;
        squares += x * x;
        across += x * row[width - 1 - c];
        down += x * opposite[c];
      }
    }
    const auto pixels = static_cast<double>(grey.size());
    const auto total = static_cast<double>(sum);
    const double spread = static_cast<double>(squares) - total * total / pixels;
    traits.brightness = total / pixels;
    traits.contrast = std::sqrt(std::max(0.0, spread / pixels));
    // p sum x^2 = (sum x)^2 in integers exactly where all pixels are the same.
    if (grey.size() * squares == sum * sum) {
      traits.contrast = 0;
      return;
    }
    traits.left_right = (static_cast<double>(across) - total * total / pixels) / spread;
    traits.top_bottom = (static_cast<double>(down) - total * total / pixels) / spread;
  }

  void measure_ink(std::span<const std::uint8_t> grey, Traits& traits, Tally& tally) {
    const auto width = static_cast<std::size_t>(width_);
    columns_.assign(width, 0);
    Box& box = traits.box;
    box = {width_, height_, 0, 0};
    std::size_t ink = 0;
    for (int r = 0; r < height_; ++r) {
      const std::uint8_t* row = grey.data() + static_cast<std::size_t>(r) * width;
      std::size_t in_row = 0;
      for (std::size_t c = 0; c < width; ++c) {
        const std::uint8_t inked = is_ink_[row[c]];
        in_row += inked;
        columns_[c] |= inked;
      }
      if (in_row == 0) continue;
      ink += in_row;
      ++tally.row_ink[static_cast<std::size_t>(r)];
      box.top = std::min(box.top, r);
      box.bottom = r + 1;
    }
    for (int c = 0; c < width_; ++c) {
      if (!columns_[static_cast<std::size_t>(c)]) continue;
      ++tally.column_ink[static_cast<std::size_t>(c)];
      box.left = std::min(box.left, c);
      box.right = c + 1;
    }
    traits.ink = static_cast<double>(ink) / static_cast<double>(grey.size());
  }

  int height_;
  int width_;
  std::size_t channels_;
  std::array<std::uint8_t, 256> is_ink_{};
  std::vector<std::uint8_t> columns_;  ///< of the picture at hand: if there is ink
};

Background find_background(const Images& grey, int threshold) {
  const auto height = static_cast<std::size_t>(grey.shape().height);
  const auto width = static_cast<std::size_t>(grey.shape().width);
  GreyHistogram border{};
  for (std::size_t i = 0; i < grey.size(); ++i) {
    const auto picture = grey[i];
    for (std::size_t r = 0; r < height; ++r) {
      const bool whole_row = r == 0 || r + 1 == height;
      const std::size_t step = whole_row || width < 3 ? 1 : width - 1;
      for (std::size_t c = 0; c < width; c += step) ++border[picture[r * width + c]];
    }
  }
  const auto most = std::ranges::max_element(border) - border.begin();
  std::uint64_t near = 0;
  std::uint64_t all = 0;
  for (int level = 0; level < 256; ++level) {
    const std::uint64_t count = border[static_cast<std::size_t>(level)];
    all += count;
    if (std::abs(level - static_cast<int>(most)) <= threshold) near += count;
  }
  return {static_cast<std::uint8_t>(most), static_cast<double>(near) / static_cast<double>(all)};
}

struct Moments {
  double mean;
  double deviation;
};

Moments moments_of(const GreyHistogram& histogram) {
  std::uint64_t count = 0;
  std::uint64_t sum = 0;
  for (std::size_t level = 0; level < 256; ++level) {
    count += histogram[level];
    sum += histogram[level] * level;
  }
  if (count == 0) return {kNaN, kNaN};
  const double mean = static_cast<double>(sum) / static_cast<double>(count);
  double squares = 0;
  for (std::size_t level = 0; level < 256; ++level) {
    const double difference = static_cast<double>(level) - mean;
    squares += static_cast<double>(histogram[level]) * difference * difference;
  }
  return {mean, std::sqrt(squares / static_cast<double>(count))};
}

std::vector<double> shares(std::span<const std::uint64_t> counts, std::size_t pictures) {
  std::vector<double> result;
  for (const std::uint64_t count : counts) {
    result.push_back(pictures == 0 ? kNaN
                                   : static_cast<double>(count) / static_cast<double>(pictures));
  }
  return result;
}

Margins margins_of(const PictureStatistics& statistics, double most) {
  const auto empty = [most](auto begin, auto end) {
    return static_cast<int>(
        std::find_if(begin, end, [most](double share) { return share > most; }) - begin);
  };
  const auto& rows = statistics.row_ink;
  const auto& columns = statistics.column_ink;
  return {empty(columns.begin(), columns.end()), empty(rows.begin(), rows.end()),
          empty(columns.rbegin(), columns.rend()), empty(rows.rbegin(), rows.rend())};
}

/// The distribution of one trait over the pictures for which `counts` holds.
template <class Value, class Counts>
Distribution over(std::span<const Traits* const> traits, const Value& value, const Counts& counts) {
  std::vector<double> values;
  values.reserve(traits.size());
  for (const Traits* one : traits) {
    if (counts(*one)) values.push_back(value(*one));
  }
  return distribution_of(values);
}

bool any(const Traits&) { return true; }
bool inked(const Traits& traits) { return traits.ink > 0; }

BoxStatistics box_statistics(std::span<const Traits* const> traits) {
  const auto of = [&](const auto& value) {
    return over(
        traits, [&](const Traits& one) { return static_cast<double>(value(one.box)); }, inked);
  };
  return {of([](const Box& box) { return box.left; }),
          of([](const Box& box) { return box.top; }),
          of([](const Box& box) { return box.right - box.left; }),
          of([](const Box& box) { return box.bottom - box.top; }),
          of([](const Box& box) { return (box.left + box.right) / 2.0; }),
          of([](const Box& box) { return (box.top + box.bottom) / 2.0; })};
}

PictureStatistics summarize(std::span<const Traits* const> traits, const Tally& tally,
                            double rare_share) {
  PictureStatistics result;
  result.pictures = traits.size();
  const Moments moments = moments_of(tally.grey);
  result.mean = moments.mean;
  result.deviation = moments.deviation;
  result.histogram = tally.grey;
  result.channel_histograms = tally.channels;
  if (tally.channels.size() == 1) result.channel_histograms[0] = tally.grey;
  for (const GreyHistogram& histogram : result.channel_histograms) {
    const Moments channel = moments_of(histogram);
    result.channel_mean.push_back(channel.mean);
    result.channel_deviation.push_back(channel.deviation);
  }
  const auto of = [&](double Traits::*trait) {
    return over(
        traits, [trait](const Traits& one) { return one.*trait; }, any);
  };
  result.brightness = of(&Traits::brightness);
  result.contrast = of(&Traits::contrast);
  result.ink = of(&Traits::ink);
  result.left_right = of(&Traits::left_right);
  result.top_bottom = of(&Traits::top_bottom);
  const auto blank = std::ranges::count_if(traits, [](const Traits* one) { return !inked(*one); });
  result.blank = static_cast<std::uint64_t>(blank);
  result.box = box_statistics(traits);
  result.row_ink = shares(tally.row_ink, traits.size());
  result.column_ink = shares(tally.column_ink, traits.size());
  result.always_empty = margins_of(result, 0);
  result.mostly_empty = margins_of(result, rare_share);
  return result;
}

}  // namespace

Distribution distribution_of(std::span<const double> values) {
  if (values.empty()) return {kNaN, kNaN, kNaN, kNaN, kNaN, kNaN, kNaN, kNaN, kNaN};
  std::vector<double> sorted(values.begin(), values.end());
  std::ranges::sort(sorted);
  const auto n = static_cast<double>(sorted.size());
  double mean = 0;
  for (const double value : sorted) mean += value / n;
  double variance = 0;
  for (const double value : sorted) variance += (value - mean) * (value - mean) / n;
  const auto quantile = [&](double share) {
    const double at = share * (n - 1);
    const auto below = static_cast<std::size_t>(at);
    const std::size_t above = std::min(below + 1, sorted.size() - 1);
    return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
  };
  return {mean,          std::sqrt(variance), sorted.front(), quantile(0.05), quantile(0.25),
          quantile(0.5), quantile(0.75),      quantile(0.95), sorted.back()};
}

DataStatistics data_statistics(const Dataset& dataset, const StatisticsOptions& options) {
  if (dataset.size() == 0) throw DataError("statistics: there is no picture");
  const PictureShape& shape = dataset.images.shape();
  const Images grey = to_grey(dataset.images);
  const std::size_t classes = dataset.classes.size();

  DataStatistics result;
  result.options = options;
  result.background = find_background(grey, options.ink_threshold);

  std::vector<Traits> traits(dataset.size());
  std::vector<std::vector<Tally>> tallies(static_cast<std::size_t>(thread_count()),
                                          std::vector<Tally>(classes, Tally(shape)));
  parallel_for_indexed(dataset.size(), kGrain, [&](int range, std::size_t begin, std::size_t end) {
    Surveyor surveyor(shape, result.background.level, options.ink_threshold);
    for (std::size_t i = begin; i < end; ++i) {
      const auto label = static_cast<std::size_t>(dataset.labels[i]);
      Tally& tally = tallies[static_cast<std::size_t>(range)][label];
      traits[i] = surveyor.measure(grey[i], dataset.images[i], tally);
    }
  });

  std::vector<const Traits*> all;
  std::vector<std::vector<const Traits*>> by_class(classes);
  for (std::size_t i = 0; i < dataset.size(); ++i) {
    all.push_back(&traits[i]);
    by_class[static_cast<std::size_t>(dataset.labels[i])].push_back(&traits[i]);
  }
  Tally total(shape);
  for (std::size_t c = 0; c < classes; ++c) {
    Tally tally(shape);
    for (const std::vector<Tally>& of_thread : tallies) tally.add(of_thread[c]);
    total.add(tally);
    result.classes.push_back(summarize(by_class[c], tally, options.rare_share));
  }
  result.overall = summarize(all, total, options.rare_share);
  return result;
}

}  // namespace thimble
