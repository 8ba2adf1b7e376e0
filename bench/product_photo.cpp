#include "product_photo.hpp"

#include <csetjmp>
#include <cstddef>
#include <cstdio>
// jpeglib.h needs the two above.
#include <jpeglib.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>

#include "base/random.hpp"
#include "imaging/resize.hpp"

namespace thimble {
namespace {

struct Rgb {
  float red = 0;
  float green = 0;
  float blue = 0;
};

/// How one photo is taken.
struct Scene {
  int height = 0;
  int width = 0;
  int side = 0;  ///< of the square that the data set's picture fills
  int left = 0;
  int top = 0;
  Rgb background;
  float slope_x = 0;  ///< levels from one side to the other
  float slope_y = 0;
  float vignette = 0;  ///< levels lost in the corners
  float darkest = 0;   ///< luma of what is brightest in the data set
  Rgb tint;            ///< added to the garment; no luma
  float shadow = 0;    ///< share of the light it takes
  float shadow_x = 0;  ///< where it falls, in sides
  float shadow_y = 0;
  float noise = 0;  ///< standard deviation in levels
  int quality = 90;
};

/// A colour of no luma, `strength` levels long.
Rgb chroma(Random& random, double strength) {
  const double angle = random.uniform(0, 6.283185307179586);
  const auto cb = static_cast<float>(strength * std::cos(angle));
  const auto cr = static_cast<float>(strength * std::sin(angle));
  return {1.402f * cr, -0.344f * cb - 0.714f * cr, 1.772f * cb};
}

Rgb gray(double luma, const Rgb& tint = {}) {
  const auto level = static_cast<float>(luma);
  return {level + tint.red, level + tint.green, level + tint.blue};
}

/// Median brightness that the garment has on white.
double garment_luma(std::span<const std::uint8_t> picture) {
  std::vector<std::uint8_t> own;
  std::ranges::copy_if(picture, std::back_inserter(own), [](int value) { return value > 8; });
  if (own.empty()) return 255;
  const auto middle = own.begin() + static_cast<std::ptrdiff_t>(own.size() / 2);
  std::nth_element(own.begin(), middle, own.end());
  return 255.0 - *middle;
}

/// A background that the garment can be told from: nobody takes a photo of a grey shirt on the same
/// grey.
double other_luma(Random& random, double low, double high, double garment) {
  double luma = random.uniform(low, high);
  for (int i = 0; i < 50 && std::abs(luma - garment) < 40; ++i) luma = random.uniform(low, high);
  return luma;
}

void set_dark(Scene& scene, Random& random) {
  const double luma = random.uniform(12, 60);
  scene.background = gray(luma, chroma(random, random.uniform(0, 8)));
  scene.darkest = static_cast<float>(luma + random.uniform(40, 70));
}

void set_gradient(Scene& scene, Random& random, double garment) {
  scene.background =
      gray(other_luma(random, 110, 220, garment), chroma(random, random.uniform(10, 40)));
  scene.slope_x = static_cast<float>(random.uniform(-50, 50));
  scene.slope_y = static_cast<float>(random.uniform(-50, 50));
  scene.vignette = static_cast<float>(random.uniform(0, 20));
}

void set_shadow(Scene& scene, Random& random) {
  scene.background = gray(random.uniform(225, 255));
  scene.shadow = static_cast<float>(random.uniform(0.1, 0.35));
  scene.shadow_x = static_cast<float>(random.uniform(-0.08, 0.08));
  scene.shadow_y = static_cast<float>(random.uniform(0.0, 0.08));
}

/// @param fill  how much of the frame's shorter side the garment takes
void place(Scene& scene, Random& random, double fill, bool anywhere) {
  scene.side = std::max(28, static_cast<int>(fill * std::min(scene.height, scene.width)));
  const int free_x = scene.width - scene.side;
  const int free_y = scene.height - scene.side;
  scene.left = anywhere ? static_cast<int>(random.uniform() * free_x) : free_x / 2;
  scene.top = anywhere ? static_cast<int>(random.uniform() * free_y) : free_y / 2;
}

Scene draw_scene(const std::string& condition, std::span<const std::uint8_t> picture,
                 std::uint64_t seed) {
  Random random(seed);
  Scene scene;
  // Evenly over the orders of magnitude from 300 to 2,000 pixels.
  const double longer = 300 * std::pow(2000.0 / 300, random.uniform());
  const double shape = random.below(2) == 0 ? 1.0 : 0.75;
  const bool upright = random.below(2) == 0;
  scene.height = static_cast<int>(longer * (upright ? 1 : shape));
  scene.width = static_cast<int>(longer * (upright ? shape : 1));
  scene.quality = 60 + static_cast<int>(random.below(36));
  scene.background = gray(255);
  const double garment = garment_luma(picture);
  double fill = random.uniform(0.75, 0.95);
  bool anywhere = false;
  if (condition == "grey") scene.background = gray(other_luma(random, 120, 225, garment));
  if (condition == "gradient") set_gradient(scene, random, garment);
  if (condition == "margins") fill = random.uniform(0.45, 0.6);
  if (condition == "off-centre") {
    fill = random.uniform(0.5, 0.8);
    anywhere = true;
  }
  if (condition == "tinted") scene.tint = chroma(random, random.uniform(15, 60));
  if (condition == "shadow") set_shadow(scene, random);
  if (condition == "noise") {
    scene.background = gray(other_luma(random, 200, 255, garment));
    scene.noise = static_cast<float>(random.uniform(3, 9));
  }
  if (condition == "dark") set_dark(scene, random);
  if (condition == "mixed") {
    const std::uint64_t kind = random.below(5);
    if (kind == 1) scene.background = gray(other_luma(random, 120, 225, garment));
    if (kind == 2) set_gradient(scene, random, garment);
    if (kind == 3) set_shadow(scene, random);
    if (kind == 4) set_dark(scene, random);
    fill = random.uniform(0.5, 0.95);
    anywhere = random.below(2) == 0;
    if (random.below(2) == 0) scene.tint = chroma(random, random.uniform(10, 50));
    if (random.below(2) == 0) scene.noise = static_cast<float>(random.uniform(1, 6));
  }
  place(scene, random, fill, anywhere);
  return scene;
}

/// Where the garment is: all that is not reached from the edge over black pixels. 255 there, else
/// 0.
Picture find_garment(std::span<const std::uint8_t> picture, const PictureShape& shape) {
  constexpr int kBlack = 8;
  Picture mask(shape, std::vector<std::uint8_t>(shape.size(), 255));
  std::vector<std::pair<int, int>> open;
  const auto visit = [&](int y, int x) {
    if (y < 0 || x < 0 || y >= shape.height || x >= shape.width) return;
    const auto i = static_cast<std::size_t>(y * shape.width + x);
    if (mask.pixels[i] == 0 || picture[i] > kBlack) return;
    mask.pixels[i] = 0;
    open.emplace_back(y, x);
  };
  for (int i = 0; i < shape.width; ++i) {
    visit(0, i);
    visit(shape.height - 1, i);
  }
  for (int i = 0; i < shape.height; ++i) {
    visit(i, 0);
    visit(i, shape.width - 1);
  }
  while (!open.empty()) {
    const auto [y, x] = open.back();
    open.pop_back();
    visit(y - 1, x);
    visit(y + 1, x);
    visit(y, x - 1);
    visit(y, x + 1);
  }
  return mask;
}

/// What the shadow of the garment looks like, on twice the side, soft.
Picture soften(const Picture& mask) {
  const int height = mask.shape.height;
  const int width = mask.shape.width;
  Picture soft({2 * height, 2 * width, 1});
  for (int y = 0; y < 2 * height; ++y) {
    for (int x = 0; x < 2 * width; ++x) {
      double sum = 0;
      double total = 0;
      for (int dy = -4; dy <= 4; ++dy) {
        for (int dx = -4; dx <= 4; ++dx) {
          const double weight = std::exp(-(dx * dx + dy * dy) / 4.5);
          total += weight;
          const int row = y - height / 2 + dy;
          const int column = x - width / 2 + dx;
          if (row < 0 || column < 0 || row >= height || column >= width) continue;
          sum += weight * mask.pixels[static_cast<std::size_t>(row * width + column)];
        }
      }
      soft.pixels[static_cast<std::size_t>(y * 2 * width + x)] =
          static_cast<std::uint8_t>(sum / total);
    }
  }
  return soft;
}

class Photographer {
 public:
  Photographer(std::span<const std::uint8_t> picture, const PictureShape& shape, const Scene& scene)
      : scene_(scene) {
    const Picture mask = find_garment(picture, shape);
    const int side = scene.side;
    garment_ = resize(Picture(shape, {picture.begin(), picture.end()}), side, side);
    outline_ = resize(mask, side, side, ResizeFilter::bilinear);
    if (scene.shadow > 0) {
      shadow_ = resize(soften(mask), 2 * side, 2 * side, ResizeFilter::bilinear);
    }
  }

  Picture take(std::uint64_t seed) const {
    Random random(seed);
    Picture photo({scene_.height, scene_.width, 3});
    std::uint8_t* out = photo.pixels.data();
    for (int y = 0; y < scene_.height; ++y) {
      for (int x = 0; x < scene_.width; ++x, out += 3) {
        Rgb color = background(y, x);
        const float light = 1 - scene_.shadow * shadow(y, x);
        color = {color.red * light, color.green * light, color.blue * light};
        blend_garment(color, y - scene_.top, x - scene_.left);
        if (scene_.noise > 0) {
          add_noise(color, random);
        }
        out[0] = to_level(color.red);
        out[1] = to_level(color.green);
        out[2] = to_level(color.blue);
      }
    }
    return photo;
  }

 private:
  static std::uint8_t to_level(float value) {
    return static_cast<std::uint8_t>(std::clamp(value, 0.0f, 255.0f) + 0.5f);
  }

  Rgb background(int y, int x) const {
    const float u = 2 * static_cast<float>(x) / static_cast<float>(scene_.width) - 1;
    const float v = 2 * static_cast<float>(y) / static_cast<float>(scene_.height) - 1;
    const float more =
        (scene_.slope_x * u + scene_.slope_y * v) / 2 - scene_.vignette * (u * u + v * v) / 2;
    const Rgb& base = scene_.background;
    return {base.red + more, base.green + more, base.blue + more};
  }

  float shadow(int y, int x) const {
    if (scene_.shadow == 0) return 0;
    const auto side = static_cast<float>(scene_.side);
    const int row = y - scene_.top + scene_.side / 2 - static_cast<int>(scene_.shadow_y * side);
    const int column = x - scene_.left + scene_.side / 2 - static_cast<int>(scene_.shadow_x * side);
    const int width = 2 * scene_.side;
    if (row < 0 || column < 0 || row >= width || column >= width) return 0;
    return shadow_.pixels[static_cast<std::size_t>(row) * static_cast<std::size_t>(width) +
                          static_cast<std::size_t>(column)] /
           255.0f;
  }

  void blend_garment(Rgb& color, int row, int column) const {
    if (row < 0 || column < 0 || row >= scene_.side || column >= scene_.side) return;
    const std::size_t i = static_cast<std::size_t>(row) * static_cast<std::size_t>(scene_.side) +
                          static_cast<std::size_t>(column);
    // An outline is sharper in a photo than in a small picture of it.
    const float inside = std::clamp((outline_.pixels[i] / 255.0f - 0.35f) / 0.3f, 0.0f, 1.0f);
    if (inside == 0) return;
    const float luma = scene_.darkest + (255 - scene_.darkest) * (1 - garment_.pixels[i] / 255.0f);
    // Very dark and very light cloth has little colour.
    const float tint = std::min(1.0f, std::min(luma, 255 - luma) / 80);
    const auto mix = [&](float& value, float own) {
      value += inside * (luma + tint * own - value);
    };
    mix(color.red, scene_.tint.red);
    mix(color.green, scene_.tint.green);
    mix(color.blue, scene_.tint.blue);
  }

  /// Each the sum of four bytes, about normal.
  void add_noise(Rgb& color, Random& random) const {
    constexpr float kDeviation = 147.8f;  // of four uniform bytes' sum
    constexpr float kMean = 510;
    for (float* value : {&color.red, &color.green, &color.blue}) {
      const std::uint64_t bits = random.bits();
      const auto sum = static_cast<float>((bits & 255) + (bits >> 8 & 255) + (bits >> 16 & 255) +
                                          (bits >> 24 & 255));
      *value += scene_.noise * (sum - kMean) / kDeviation;
    }
  }

  const Scene& scene_;
  Picture garment_;
  Picture outline_;
  Picture shadow_;
};

std::vector<std::byte> encode_jpeg(const Picture& picture, int quality) {
  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* data = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&jpeg, &data, &size);
  jpeg.image_height = static_cast<JDIMENSION>(picture.shape.height);
  jpeg.image_width = static_cast<JDIMENSION>(picture.shape.width);
  jpeg.input_components = 3;
  jpeg.in_color_space = JCS_RGB;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, quality, TRUE);
  jpeg_start_compress(&jpeg, TRUE);
  const std::size_t row_bytes = static_cast<std::size_t>(picture.shape.width) * 3;
  while (jpeg.next_scanline < jpeg.image_height) {
    auto* row = const_cast<std::uint8_t*>(picture.pixels.data() + jpeg.next_scanline * row_bytes);
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  const auto bytes = std::as_bytes(std::span(data, size));
  std::vector<std::byte> result(bytes.begin(), bytes.end());
  std::free(data);
  return result;
}

}  // namespace

std::vector<std::byte> product_photo(const std::string& kind, std::span<const std::uint8_t> picture,
                                     const PictureShape& shape, std::uint64_t seed) {
  const Scene scene = draw_scene(kind, picture, seed);
  return encode_jpeg(Photographer(picture, shape, scene).take(mix64(seed)), scene.quality);
}

}  // namespace thimble
