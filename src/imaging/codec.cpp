#include "imaging/codec.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "imaging/formats.hpp"

namespace thimble {
namespace {

constexpr const char* kWanted = "expected PNG, JPEG or WebP";

enum class Format { png, jpeg, webp };

bool has_at(std::string_view bytes, std::size_t place, std::string_view magic) {
  return bytes.size() >= place + magic.size() && bytes.substr(place, magic.size()) == magic;
}

std::optional<Format> find_format(std::string_view bytes) {
  if (has_at(bytes, 0, "\x89PNG\r\n\x1a\n")) return Format::png;
  if (has_at(bytes, 0, "\xff\xd8\xff")) return Format::jpeg;
  if (has_at(bytes, 0, "RIFF") && has_at(bytes, 8, "WEBP")) return Format::webp;
  return std::nullopt;
}

/// The name of a format that people may well try, or "".
std::string_view known_elsewhere(std::string_view bytes) {
  if (has_at(bytes, 0, "GIF8")) return "GIF";
  if (has_at(bytes, 0, "BM") && bytes.size() >= 26) return "BMP";
  if (has_at(bytes, 0, std::string_view("II*\0", 4))) return "TIFF";
  if (has_at(bytes, 0, std::string_view("MM\0*", 4))) return "TIFF";
  if (has_at(bytes, 4, "ftypavif") || has_at(bytes, 4, "ftypavis")) return "AVIF";
  for (const char* brand : {"ftyphei", "ftyphev", "ftypmif1", "ftypmsf1"}) {
    if (has_at(bytes, 4, brand)) return "HEIC";
  }
  if (has_at(bytes, 0, "\xff\x0a") || has_at(bytes, 4, "JXL \r\n")) return "JPEG XL";
  constexpr std::size_t kPreamble = 1024;
  const bool markup = has_at(bytes, 0, "<?xml") || has_at(bytes, 0, "<!--");
  if (has_at(bytes, 0, "<svg") ||
      (markup && bytes.substr(0, kPreamble).find("<svg") != std::string_view::npos)) {
    return "SVG";
  }
  if (has_at(bytes, 0, "%PDF")) return "PDF";
  return "";
}

[[noreturn]] void refuse_format(std::string_view bytes, const std::string& name) {
  if (bytes.empty()) throw DataError(fmt::format("{}: empty, {}", name, kWanted));
  if (const std::string_view known = known_elsewhere(bytes); !known.empty()) {
    throw DataError(
        fmt::format("{}: {} is not supported, {}; {}", name, known, kWanted,
                    known == "GIF" ? "save the frame you want as PNG" : "save it as PNG or JPEG"));
  }
  std::string begin;
  for (const char c : bytes.substr(0, 4)) {
    begin += fmt::format(" {:02x}", static_cast<unsigned char>(c));
  }
  throw DataError(fmt::format("{}: not a picture (begins with{}), {}", name, begin, kWanted));
}

/// a * b / 255, rounded.
unsigned scale(unsigned a, unsigned b) { return (a * b + 127) / 255; }

std::uint8_t blend(unsigned value, unsigned alpha, unsigned background) {
  return static_cast<std::uint8_t>(scale(value, alpha) + scale(background, 255 - alpha));
}

std::uint8_t luma(unsigned red, unsigned green, unsigned blue) {
  return static_cast<std::uint8_t>((299 * red + 587 * green + 114 * blue + 500) / 1000);
}

std::size_t pixel_count(const Picture& picture) {
  const PictureShape& shape = picture.shape;
  const bool known = shape.channels == 1 || shape.channels == 3 || shape.channels == 4;
  if (!known || picture.pixels.size() != shape.size()) {
    throw ShapeError(
        fmt::format("picture of {} values said to be {}, expected 1, 3 or 4 channels "
                    "and height * width * channels values",
                    picture.pixels.size(), to_string(shape)));
  }
  return static_cast<std::size_t>(shape.height) * static_cast<std::size_t>(shape.width);
}

}  // namespace

namespace formats {

void check_size(std::uint64_t height, std::uint64_t width, const std::string& name,
                const DecodeLimits& limits) {
  if (height == 0 || width == 0) {
    throw DataError(fmt::format("{}: {}x{} pixels, expected at least 1x1", name, width, height));
  }
  const auto longest = static_cast<std::uint64_t>(limits.max_dimension);
  if (height > longest || width > longest) {
    throw DataError(fmt::format("{}: {}x{} pixels, expected at most {} on a side", name, width,
                                height, format_count(longest)));
  }
  if (height > limits.max_pixels / width) {
    throw DataError(fmt::format("{}: {}x{} pixels, expected at most {} pixels in all", name, width,
                                height, format_count(limits.max_pixels)));
  }
}

void refuse_damaged(const std::string& name, std::string_view format, std::string_view problem) {
  throw DataError(fmt::format("{}: damaged {}: {}", name, format, problem));
}

}  // namespace formats

Picture decode_picture(std::span<const std::byte> bytes, const std::string& name,
                       const DecodeLimits& limits) {
  if (bytes.size() > limits.max_bytes) {
    throw DataError(fmt::format("{}: a picture file of {}, expected at most {}", name,
                                format_bytes(bytes.size()), format_bytes(limits.max_bytes)));
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto format = find_format(text);
  if (!format) refuse_format(text, name);
  switch (*format) {
    case Format::png:
      return formats::decode_png(bytes, name, limits);
    case Format::jpeg:
      return formats::decode_jpeg(bytes, name, limits);
    case Format::webp:
      break;
  }
  return formats::decode_webp(bytes, name, limits);
}

Picture read_picture(const std::filesystem::path& path, const DecodeLimits& limits) {
  std::error_code unknown;
  const auto size = std::filesystem::file_size(path, unknown);
  if (!unknown && size > limits.max_bytes) {
    throw DataError(fmt::format("{}: a picture file of {}, expected at most {}", path.string(),
                                format_bytes(size), format_bytes(limits.max_bytes)));
  }
  const std::string content = read_file(path, limits.max_bytes);
  return decode_picture(std::as_bytes(std::span(content)), path.string(), limits);
}

bool has_picture_extension(const std::filesystem::path& path) {
  const std::string extension = to_lower(path.extension().string());
  return extension == ".png" || extension == ".jpg" || extension == ".jpeg" || extension == ".webp";
}

void write_png(const std::filesystem::path& path, const Picture& picture) {
  const std::vector<std::byte> bytes = encode_png(picture);
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

Picture to_grey(const Picture& picture, Color background) {
  const std::size_t n = pixel_count(picture);
  if (picture.shape.channels == 1) return picture;
  const auto channels = static_cast<std::size_t>(picture.shape.channels);
  Picture grey({picture.shape.height, picture.shape.width, 1});
  const unsigned behind = luma(background.red, background.green, background.blue);
  const std::uint8_t* from = picture.pixels.data();
  for (std::size_t i = 0; i < n; ++i, from += channels) {
    const std::uint8_t value = luma(from[0], from[1], from[2]);
    grey.pixels[i] = channels == 4 ? blend(value, from[3], behind) : value;
  }
  return grey;
}

Picture to_rgb(const Picture& picture, Color background) {
  const std::size_t n = pixel_count(picture);
  if (picture.shape.channels == 3) return picture;
  Picture rgb({picture.shape.height, picture.shape.width, 3});
  std::uint8_t* to = rgb.pixels.data();
  if (picture.shape.channels == 1) {
    for (const std::uint8_t value : picture.pixels) {
      to = std::fill_n(to, 3, value);
    }
    return rgb;
  }
  const std::uint8_t* from = picture.pixels.data();
  for (std::size_t i = 0; i < n; ++i, from += 4, to += 3) {
    to[0] = blend(from[0], from[3], background.red);
    to[1] = blend(from[1], from[3], background.green);
    to[2] = blend(from[2], from[3], background.blue);
  }
  return rgb;
}

}  // namespace thimble
