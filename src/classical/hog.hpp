// Histograms of oriented gradients: which way the edges of each part of a picture run.
//
// N. Dalal, B. Triggs: "Histograms of Oriented Gradients for Human Detection", CVPR 2005.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "classical/feature_step.hpp"
#include "imaging/images.hpp"

namespace thimble::classical {

enum class HogNorm {
  l2,      ///< v / sqrt(|v|^2 + epsilon^2)
  l2hys,   ///< l2, cut at 0.2, l2 again
  l1sqrt,  ///< sqrt(v / (|v|_1 + epsilon))
};

/// Lowe's, as in the paper: where l2hys cuts.
inline constexpr float kHysteresisLimit = 0.2F;

struct HogOptions {
  double cell = 4;         ///< pixels; cells are stretched to cover the picture evenly
  int block = 2;           ///< cells along the side of what is normalised together
  int stride = 1;          ///< cells from block to block
  int orientations = 9;    ///< bins of the histograms
  bool is_signed = false;  ///< bins over 360 degrees: dark to bright is not bright to dark
  HogNorm norm = HogNorm::l2hys;
  double epsilon = 0.1;     ///< gradients much weaker than this count for little; a full step
                            ///< from black to white has gradient 1
  bool interpolate = true;  ///< share votes between neighbouring cells and orientations
  bool sqrt = false;        ///< take square roots of the pixels first
  double weight = 1;        ///< of all values, beside those of other picture steps
};

/// HOG of pictures of one shape.
///
/// The picture is divided into round(height / cell) by round(width / cell) cells of equal, perhaps
/// fractional, sides. Each pixel's gradient (central differences; pixels outside repeat the edge;
/// of several channels the longest gradient) votes with its length for its orientation in its cell.
/// With interpolation the vote is shared linearly among the two nearest orientations and the 2 x 2
/// nearest cells; what would fall outside the picture stays in the edge cell. Blocks of cells,
/// overlapping where stride < block, are normalised each for itself; cells at the end that fill no
/// block are left out.
///
/// Orientation i is i of `orientations` parts of 180 (or 360) degrees, so that upright and level
/// edges, which products have most of, fall into one bin each. An edge with the bright side on the
/// right has angle 0, with the bright side below 90 degrees.
class Hog {
 public:
  /// @throws UsageError  if not one block of cells fits into the picture
  Hog(const HogOptions& options, const PictureShape& shape);

  std::size_t dims() const;

  const HogOptions& options() const { return options_; }
  int cell_rows() const { return cell_rows_; }
  int cell_columns() const { return cell_columns_; }
  int block_rows() const { return block_rows_; }
  int block_columns() const { return block_columns_; }
  /// What each of the 256 pixel values counts as.
  const std::vector<float>& levels() const { return levels_; }
  /// What share of the votes of a pixel's row goes to each row of cells, [height, cell rows]; and
  /// the same for columns, [width, cell columns].
  linalg::Matrix row_shares() const;
  linalg::Matrix column_shares() const;

  /// @param pictures  uint8 [n, height, width, channels]
  /// @param out       float [n, dims()], rows `stride` apart; a row is [block rows, block columns,
  ///                  cell rows of the block, cell columns of the block, orientations]
  void compute(std::span<const std::uint8_t> pictures, float* out, std::size_t stride) const;

 private:
  /// Two cells and the shares of a pixel's vote that they get.
  struct Shares {
    std::size_t low, high;
    float low_share, high_share;
  };
  struct Scratch;

  static std::vector<Shares> shares(int pixels, int cells, bool interpolate);
  static linalg::Matrix as_matrix(const std::vector<Shares>& shares, int cells);
  void gradients(std::span<const std::uint8_t> picture, Scratch& scratch) const;
  void vote(Scratch& scratch) const;
  void normalize_blocks(const Scratch& scratch, float* out) const;
  void normalize(float* values, std::size_t n) const;

  HogOptions options_;
  PictureShape shape_;
  int cell_rows_;
  int cell_columns_;
  int block_rows_;
  int block_columns_;
  std::vector<Shares> row_shares_;
  std::vector<Shares> column_shares_;
  std::vector<float> levels_;
};

/// `hog cell=4 block=2 ...`: options named as HogOptions' members.
class HogStep : public PictureStep {
 public:
  explicit HogStep(FeatureLine& line);

  std::string line() const override;
  std::size_t dims(const PictureShape& shape) const override;
  void extract(const Images& pictures, std::size_t begin, std::size_t end, float* out,
               std::size_t stride) const override;
  const HogOptions& options() const { return options_; }

 private:
  HogOptions options_;
};

}  // namespace thimble::classical
