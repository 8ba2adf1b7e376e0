#include "classical/hog.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/simd.hpp"

namespace thimble::classical {
namespace {

/// Angle of (dx, dy) in turns, [0, 1].
///
/// The arcus tangent's polynomial is Abramowitz and Stegun's 4.4.49 (error below 2e-8).
inline float turns(float dx, float dy) {
  const float u = std::abs(dx);
  const float v = std::abs(dy);
  const float smaller = u < v ? u : v;
  const float larger = u < v ? v : u;
  const float r = smaller / (larger > 0 ? larger : 1.0F);
  const float s = r * r;
  float p = 0.0028662257F;
  p = p * s - 0.0161657367F;
  p = p * s + 0.0429096138F;
  p = p * s - 0.0752896400F;
  p = p * s + 0.1065626393F;
  p = p * s - 0.1420889944F;
  p = p * s + 0.1999355085F;
  p = p * s - 0.3333314528F;
  constexpr float kTurnsPerRadian = 0.15915494309189535F;
  float angle = (p * s + 1.0F) * r * kTurnsPerRadian;
  angle = v > u ? 0.25F - angle : angle;
  angle = dx < 0 ? 0.5F - angle : angle;
  return dy < 0 ? 1.0F - angle : angle;
}

/// Where a channel's gradient is longer than those before it, takes its place.
THIMBLE_SIMD_CLONES
void longest_gradients(const float* above, const float* row, const float* below, std::size_t n,
                       float* dx, float* dy, float* squares) {
  for (std::size_t x = 0; x < n; ++x) {
    // Rows begin one pixel left of the picture.
    const float horizontal = row[x + 2] - row[x];
    const float vertical = below[x + 1] - above[x + 1];
    const float square = horizontal * horizontal + vertical * vertical;
    const bool longer = square > squares[x];
    dx[x] = longer ? horizontal : dx[x];
    dy[x] = longer ? vertical : dy[x];
    squares[x] = longer ? square : squares[x];
  }
}

/// Turns the squares into lengths and (dx, dy) into places among the bins, from 0 to `bins`.
THIMBLE_SIMD_CLONES
void polar(const float* dx, const float* dy, std::size_t n, float bins_a_turn, float bins,
           float* lengths, float* places) {
  for (std::size_t x = 0; x < n; ++x) {
    lengths[x] = std::sqrt(lengths[x]);
    const float place = turns(dx[x], dy[x]) * bins_a_turn;
    places[x] = place >= bins ? place - bins : place;
  }
}

THIMBLE_SIMD_CLONES
void add_product(const float* from, std::size_t n, float factor, float* to) {
  for (std::size_t i = 0; i < n; ++i) to[i] += from[i] * factor;
}

const std::vector<std::pair<HogNorm, std::string>>& norm_names() {
  static const std::vector<std::pair<HogNorm, std::string>> names{
      {HogNorm::l2, "l2"}, {HogNorm::l2hys, "l2hys"}, {HogNorm::l1sqrt, "l1sqrt"}};
  return names;
}

int cells_along(int pixels, double cell) {
  return std::max(1, static_cast<int>(std::lround(pixels / cell)));
}

}  // namespace

struct Hog::Scratch {
  std::vector<float> padded;                   ///< one channel, with a frame of one pixel
  std::vector<float> dx, dy, lengths, places;  ///< [height, width]
  std::vector<float> row;                      ///< votes of a pixel row, [cell columns, bins]
  std::vector<float> cells;                    ///< [cell rows, cell columns, bins]
};

Hog::Hog(const HogOptions& options, const PictureShape& shape)
    : options_(options),
      shape_(shape),
      cell_rows_(cells_along(shape.height, options.cell)),
      cell_columns_(cells_along(shape.width, options.cell)),
      block_rows_((cell_rows_ - options.block) / options.stride + 1),
      block_columns_((cell_columns_ - options.block) / options.stride + 1),
      row_shares_(shares(shape.height, cell_rows_, options.interpolate)),
      column_shares_(shares(shape.width, cell_columns_, options.interpolate)),
      levels_(256) {
  if (cell_rows_ < options.block || cell_columns_ < options.block) {
    throw UsageError(
        fmt::format("hog: blocks of {}x{} cells of {} pixels do not fit into pictures of {}",
                    options.block, options.block, options.cell, to_string(shape)));
  }
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    const double level = static_cast<double>(i) / 255.0;
    levels_[i] = static_cast<float>(options.sqrt ? std::sqrt(level) : level);
  }
}

std::size_t Hog::dims() const {
  const auto size = [](int x) { return static_cast<std::size_t>(x); };
  return size(block_rows_) * size(block_columns_) * size(options_.block) * size(options_.block) *
         size(options_.orientations);
}

std::vector<Hog::Shares> Hog::shares(int pixels, int cells, bool interpolate) {
  std::vector<Shares> all;
  for (int i = 0; i < pixels; ++i) {
    // In cells, from the outer edge of the first; a cell's centre is half a cell on.
    const double place = (i + 0.5) * cells / pixels;
    if (interpolate) {
      const double low = std::floor(place - 0.5);
      const double part = place - 0.5 - low;
      const auto clamped = [cells](double cell) {
        return static_cast<std::size_t>(std::clamp(cell, 0.0, cells - 1.0));
      };
      all.push_back(
          {clamped(low), clamped(low + 1), static_cast<float>(1 - part), static_cast<float>(part)});
    } else {
      const auto cell = static_cast<std::size_t>(std::min(std::floor(place), cells - 1.0));
      all.push_back({cell, cell, 1.0F, 0.0F});
    }
  }
  return all;
}

linalg::Matrix Hog::as_matrix(const std::vector<Shares>& shares, int cells) {
  linalg::Matrix matrix(shares.size(), static_cast<std::size_t>(cells));
  for (std::size_t i = 0; i < shares.size(); ++i) {
    matrix[i][shares[i].low] += shares[i].low_share;
    matrix[i][shares[i].high] += shares[i].high_share;
  }
  return matrix;
}

linalg::Matrix Hog::row_shares() const { return as_matrix(row_shares_, cell_rows_); }

linalg::Matrix Hog::column_shares() const { return as_matrix(column_shares_, cell_columns_); }

void Hog::compute(std::span<const std::uint8_t> pictures, float* out, std::size_t stride) const {
  const std::size_t pixels =
      static_cast<std::size_t>(shape_.height) * static_cast<std::size_t>(shape_.width);
  const auto bins = static_cast<std::size_t>(options_.orientations);
  const auto columns = static_cast<std::size_t>(cell_columns_);
  Scratch scratch;
  scratch.padded.resize(static_cast<std::size_t>(shape_.height + 2) *
                        static_cast<std::size_t>(shape_.width + 2));
  for (auto* values : {&scratch.dx, &scratch.dy, &scratch.lengths, &scratch.places}) {
    values->resize(pixels);
  }
  scratch.row.resize(columns * bins);
  scratch.cells.resize(static_cast<std::size_t>(cell_rows_) * columns * bins);
  for (std::size_t at = 0; at < pictures.size(); at += shape_.size()) {
    gradients(pictures.subspan(at, shape_.size()), scratch);
    vote(scratch);
    normalize_blocks(scratch, out);
    out += stride;
  }
}

void Hog::gradients(std::span<const std::uint8_t> picture, Scratch& scratch) const {
  const auto height = static_cast<std::size_t>(shape_.height);
  const auto width = static_cast<std::size_t>(shape_.width);
  const auto channels = static_cast<std::size_t>(shape_.channels);
  const std::size_t frame = width + 2;
  for (auto* values : {&scratch.dx, &scratch.dy, &scratch.lengths}) {
    std::ranges::fill(*values, 0.0F);
  }
  for (std::size_t channel = 0; channel < channels; ++channel) {
    float* padded = scratch.padded.data();
    for (std::size_t y = 0; y < height; ++y) {
      float* row = padded + (y + 1) * frame;
      const std::uint8_t* from = picture.data() + y * width * channels + channel;
      for (std::size_t x = 0; x < width; ++x) row[x + 1] = levels_[from[x * channels]];
      row[0] = row[1];
      row[width + 1] = row[width];
    }
    std::copy_n(padded + frame, frame, padded);
    std::copy_n(padded + height * frame, frame, padded + (height + 1) * frame);
    for (std::size_t y = 0; y < height; ++y) {
      const float* above = padded + y * frame;
      longest_gradients(above, above + frame, above + 2 * frame, width, &scratch.dx[y * width],
                        &scratch.dy[y * width], &scratch.lengths[y * width]);
    }
  }
  const auto bins = static_cast<float>(options_.orientations);
  polar(scratch.dx.data(), scratch.dy.data(), height * width, options_.is_signed ? bins : 2 * bins,
        bins, scratch.lengths.data(), scratch.places.data());
}

void Hog::vote(Scratch& scratch) const {
  const auto height = static_cast<std::size_t>(shape_.height);
  const auto width = static_cast<std::size_t>(shape_.width);
  const auto bins = static_cast<std::size_t>(options_.orientations);
  const std::size_t row_size = scratch.row.size();
  std::ranges::fill(scratch.cells, 0.0F);
  for (std::size_t y = 0; y < height; ++y) {
    std::ranges::fill(scratch.row, 0.0F);
    const float* lengths = &scratch.lengths[y * width];
    const float* places = &scratch.places[y * width];
    for (std::size_t x = 0; x < width; ++x) {
      const float place = options_.interpolate ? places[x] : std::round(places[x]);
      const auto whole = static_cast<std::size_t>(static_cast<int>(place));
      const float part = place - static_cast<float>(whole);
      // Places near the end of the turn are next to bin 0.
      const std::size_t bin = whole < bins ? whole : whole - bins;
      const std::size_t next = bin + 1 < bins ? bin + 1 : 0;
      const Shares& share = column_shares_[x];
      float* low = &scratch.row[share.low * bins];
      float* high = &scratch.row[share.high * bins];
      const float low_vote = lengths[x] * share.low_share;
      const float high_vote = lengths[x] * share.high_share;
      low[bin] += low_vote * (1 - part);
      low[next] += low_vote * part;
      high[bin] += high_vote * (1 - part);
      high[next] += high_vote * part;
    }
    const Shares& share = row_shares_[y];
    add_product(scratch.row.data(), row_size, share.low_share,
                &scratch.cells[share.low * row_size]);
    add_product(scratch.row.data(), row_size, share.high_share,
                &scratch.cells[share.high * row_size]);
  }
}

void Hog::normalize_blocks(const Scratch& scratch, float* out) const {
  const auto bins = static_cast<std::size_t>(options_.orientations);
  const auto block = static_cast<std::size_t>(options_.block);
  const auto stride = static_cast<std::size_t>(options_.stride);
  const std::size_t row_size = scratch.row.size();
  const std::size_t block_size = block * block * bins;
  for (std::size_t i = 0; i < static_cast<std::size_t>(block_rows_); ++i) {
    for (std::size_t j = 0; j < static_cast<std::size_t>(block_columns_); ++j) {
      for (std::size_t r = 0; r < block; ++r) {
        std::copy_n(&scratch.cells[(i * stride + r) * row_size + j * stride * bins], block * bins,
                    out + r * block * bins);
      }
      normalize(out, block_size);
      out += block_size;
    }
  }
}

void Hog::normalize(float* values, std::size_t n) const {
  const auto epsilon = static_cast<float>(options_.epsilon);
  const auto weight = static_cast<float>(options_.weight);
  if (options_.norm == HogNorm::l1sqrt) {
    float sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += values[i];
    const float factor = 1 / (sum + epsilon);
    for (std::size_t i = 0; i < n; ++i) values[i] = std::sqrt(values[i] * factor) * weight;
    return;
  }
  const auto inverse_length = [&] {
    float squares = 0;
    for (std::size_t i = 0; i < n; ++i) squares += values[i] * values[i];
    return 1 / std::sqrt(squares + epsilon * epsilon);
  };
  float factor = inverse_length();
  if (options_.norm == HogNorm::l2hys) {
    for (std::size_t i = 0; i < n; ++i) {
      values[i] = std::min(values[i] * factor, kHysteresisLimit);
    }
    factor = inverse_length();
  }
  for (std::size_t i = 0; i < n; ++i) values[i] *= factor * weight;
}

HogStep::HogStep(FeatureLine& line) {
  options_.cell = line.option("cell", options_.cell, 1.0, 1024.0);
  options_.block = line.option("block", options_.block, 1, 64);
  options_.stride = line.option("stride", options_.stride, 1, 64);
  options_.orientations = line.option("orientations", options_.orientations, 1, 360);
  options_.is_signed = line.option("signed", options_.is_signed);
  std::vector<std::string> choices;
  for (const auto& [norm, name] : norm_names()) choices.push_back(name);
  const std::string name = line.option("norm", "l2hys", choices);
  options_.norm =
      std::ranges::find(norm_names(), name, &std::pair<HogNorm, std::string>::second)->first;
  options_.epsilon = line.option("epsilon", options_.epsilon, 1e-6, 1e3);
  options_.interpolate = line.option("interpolate", options_.interpolate);
  options_.sqrt = line.option("sqrt", options_.sqrt);
  options_.weight = line.option("weight", options_.weight, kLeastWeight, kMostWeight);
  line.finish();
}

std::string HogStep::line() const {
  return fmt::format(
      "hog cell={} block={} stride={} orientations={} signed={} norm={} epsilon={} interpolate={} "
      "sqrt={} weight={}",
      options_.cell, options_.block, options_.stride, options_.orientations, options_.is_signed,
      std::ranges::find(norm_names(), options_.norm, &std::pair<HogNorm, std::string>::first)
          ->second,
      options_.epsilon, options_.interpolate, options_.sqrt, options_.weight);
}

std::size_t HogStep::dims(const PictureShape& shape) const { return Hog(options_, shape).dims(); }

void HogStep::extract(const Images& pictures, std::size_t begin, std::size_t end, float* out,
                      std::size_t stride) const {
  const std::size_t size = pictures.shape().size();
  Hog(options_, pictures.shape())
      .compute(pictures.pixels().subspan(begin * size, (end - begin) * size), out, stride);
}

}  // namespace thimble::classical
