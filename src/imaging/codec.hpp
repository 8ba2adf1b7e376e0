// Pictures in the formats people have: PNG, JPEG and WebP in, PNG out.
//
// The bytes may come from a stranger. Every limit is checked before memory is reserved, and what is
// damaged, cut short or too large is refused with its name and the reason.

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "imaging/images.hpp"

namespace thimble {

/// One picture, uint8 [height, width, channels]. Channels: 1 grey, 3 RGB, 4 RGB with straight
/// (not premultiplied) alpha; nothing else.
struct Picture {
  PictureShape shape;
  std::vector<std::uint8_t> pixels;

  Picture() = default;
  /// A black (and, with 4 channels, transparent) picture.
  explicit Picture(PictureShape s) : shape(s), pixels(s.size()) {}
  Picture(PictureShape s, std::vector<std::uint8_t> p) : shape(s), pixels(std::move(p)) {}

  bool operator==(const Picture&) const = default;
};

struct Color {
  std::uint8_t red = 0;
  std::uint8_t green = 0;
  std::uint8_t blue = 0;

  bool operator==(const Color&) const = default;
};

inline constexpr Color kWhite{255, 255, 255};

/// What a picture may cost at most, and how much of it is wanted.
struct DecodeLimits {
  std::uint64_t max_bytes = 64'000'000;   ///< of the encoded picture
  std::uint64_t max_pixels = 40'000'000;  ///< height * width
  int max_dimension = 20'000;             ///< height and width
  /// Not 0: a JPEG may come out as a half, a quarter or an eighth of its size, as long as its
  /// longer edge keeps this many pixels; many times as fast. Its colours may be off by a few
  /// levels.
  int enough_edge = 0;
};

/// Decodes a picture whose format is found from its bytes.
///
/// Palettes become RGB, 16-bit values 8-bit (rounded), fewer than 8 bits are stretched to 0..255.
/// A picture with transparency has 4 channels, also where its colours are grey. CMYK becomes RGB. A
/// JPEG is turned upright as its EXIF orientation says. Colour profiles are ignored.
///
/// @param name  for messages: the file's name
/// @throws DataError  if it is damaged, cut short, over a limit, animated (WebP), or none of PNG,
///                    JPEG and WebP; names the picture, what was found and what was wanted
Picture decode_picture(std::span<const std::byte> bytes, const std::string& name,
                       const DecodeLimits& limits = {});

/// decode_picture of a file.
/// @throws FileError  if the file cannot be read
Picture read_picture(const std::filesystem::path& path, const DecodeLimits& limits = {});

/// Does a name end like a picture that read_picture takes (.png, .jpg, .jpeg, .webp)?
bool has_picture_extension(const std::filesystem::path& path);

/// The picture as a PNG file: grey, RGB or RGBA with 8 bits, without loss.
/// @throws ShapeError  if there are no pixels, too few or too many, or the channels are not 1, 3, 4
std::vector<std::byte> encode_png(const Picture& picture);

/// Writes a PNG file atomically.
void write_png(const std::filesystem::path& path, const Picture& picture);

/// One channel: luma 0.299 R + 0.587 G + 0.114 B (Rec. 601), transparency over `background`. Grey
/// stays as it is, also where it was spelled as RGB.
Picture to_grey(const Picture& picture, Color background = kWhite);

/// Three channels; transparency over `background`.
Picture to_rgb(const Picture& picture, Color background = kWhite);

}  // namespace thimble
