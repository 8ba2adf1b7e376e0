// What a photo would look like without the object: a smooth surface fitted to what lies around it.

#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "imaging/photo/planes.hpp"

namespace thimble::photo {

/// One place of a photo.
struct Sample {
  float x = 0;  ///< in pixels of the photo
  float y = 0;
  std::array<float, 3> color{};  ///< luma, cb, cr
};

/// A second-degree polynomial in x and y for luma and both colour differences: light that falls off
/// to a side or to the corners, on a background of one colour.
class Background {
 public:
  /// Fits by iteratively reweighted least squares: first by absolute deviations, which a part of
  /// the object among the samples moves little, then leaving out what is far off (Tukey's biweight;
  /// Holland and Welsch, "Robust regression using iteratively reweighted least-squares", 1977).
  /// @param samples        at least one
  /// @param height, width  of the photo
  static Background fit(std::span<const Sample> samples, int height, int width);

  /// Fits to other samples of the same photo, beginning with this surface.
  Background refit(std::span<const Sample> samples) const;

  /// The same colour everywhere, without any noise.
  static Background plain(std::array<float, 3> color);

  /// One channel of a row of planes.
  /// @param channel  0 luma, 1 cb, 2 cr
  /// @param row      planes.width values, written
  void draw_row(const Planes& planes, int channel, int y, std::span<float> row) const;

  std::array<float, 3> at(float x, float y) const;

  /// How far the samples that belong to the background lie off it: standard deviation of luma, and
  /// of a colour difference.
  float luma_noise() const { return luma_noise_; }
  float color_noise() const { return color_noise_; }

 private:
  static constexpr std::size_t kTerms = 6;  // 1, x, y, x x, x y, y y

  std::array<float, kTerms> terms(float x, float y) const;
  void settle(std::span<const Sample> samples);

  std::array<std::array<float, kTerms>, 3> coefficients_{};
  float x_scale_ = 0;
  float y_scale_ = 0;
  float luma_noise_ = 0;
  float color_noise_ = 0;
};

}  // namespace thimble::photo
