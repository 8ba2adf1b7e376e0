// JPEG through libjpeg-turbo.
//
// As with libpng, errors come by longjmp: the functions that call setjmp hold nothing but plain
// values.

#include <csetjmp>
#include <cstddef>
#include <cstdio>
// jpeglib.h needs the two above.
#include <jerror.h>
#include <jpeglib.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "imaging/exif.hpp"
#include "imaging/formats.hpp"

namespace thimble {
namespace {

/// A progressive picture of many scans takes long to decode and is small: a known way to tie up a
/// server. Real ones have about ten.
constexpr int kMostScans = 100;

struct Reader {
  jpeg_decompress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg_progress_mgr progress{};
  std::jmp_buf jump{};
  std::array<char, JMSG_LENGTH_MAX> message{};
  int orientation = 1;

  Reader() = default;
  ~Reader() { jpeg_destroy_decompress(&jpeg); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
};

[[noreturn]] void on_error(j_common_ptr common) {
  auto& reader = *static_cast<Reader*>(common->client_data);
  common->err->format_message(common, reader.message.data());
  std::longjmp(reader.jump, 1);
}

/// libjpeg goes on after damage with a warning, and fills in grey. Such a picture is refused;
/// warnings that leave the pixels whole are not.
void on_message(j_common_ptr common, int level) {
  if (level >= 0) return;
  switch (common->err->msg_code) {
    case JWRN_EXTRANEOUS_DATA:
    case JWRN_NOT_SEQUENTIAL:
    case JWRN_TOO_MUCH_DATA:
    case JWRN_ADOBE_XFORM:
      return;
    default:
      on_error(common);
  }
}

void on_progress(j_common_ptr common) {
  auto& reader = *static_cast<Reader*>(common->client_data);
  if (reader.jpeg.input_scan_number <= kMostScans) return;
  std::snprintf(reader.message.data(), reader.message.size(), "more than %d scans", kMostScans);
  std::longjmp(reader.jump, 1);
}

void find_orientation(Reader& reader) {
  for (jpeg_saved_marker_ptr marker = reader.jpeg.marker_list; marker; marker = marker->next) {
    if (marker->marker != JPEG_APP0 + 1) continue;
    const int found = formats::exif_orientation(
        {reinterpret_cast<const std::byte*>(marker->data), marker->data_length});
    if (found != 1) reader.orientation = found;
  }
}

/// Reads up to the first pixels and chooses the colours to decode to.
bool read_header(Reader& reader, const unsigned char* bytes, std::size_t size) {
  reader.jpeg.err = jpeg_std_error(&reader.errors);
  reader.errors.error_exit = on_error;
  reader.errors.emit_message = on_message;
  reader.jpeg.client_data = &reader;
  if (setjmp(reader.jump) != 0) return false;
  jpeg_create_decompress(&reader.jpeg);
  reader.progress.progress_monitor = on_progress;
  reader.jpeg.progress = &reader.progress;
  jpeg_mem_src(&reader.jpeg, bytes, size);
  constexpr unsigned kMostMarkerBytes = 0xFFFF;
  jpeg_save_markers(&reader.jpeg, JPEG_APP0 + 1, kMostMarkerBytes);
  jpeg_read_header(&reader.jpeg, TRUE);
  find_orientation(reader);
  switch (reader.jpeg.jpeg_color_space) {
    case JCS_GRAYSCALE:
      reader.jpeg.out_color_space = JCS_GRAYSCALE;
      break;
    case JCS_CMYK:
    case JCS_YCCK:
      reader.jpeg.out_color_space = JCS_CMYK;
      break;
    default:
      reader.jpeg.out_color_space = JCS_RGB;
  }
  return true;
}

/// Has the picture decoded as small as `enough_edge` allows, and quickly: what is then scaled down
/// further needs no smooth upsampling of colours nor the last bit of precision.
void choose_scale(jpeg_decompress_struct& jpeg, int enough_edge) {
  const JDIMENSION longer = std::max(jpeg.image_width, jpeg.image_height);
  const auto enough = static_cast<JDIMENSION>(enough_edge);
  constexpr unsigned kWhole = 8;
  unsigned eighths = kWhole;
  // Only powers of two have fast transforms.
  while (eighths > 1 && std::uint64_t{longer} * (eighths / 2) >= std::uint64_t{enough} * kWhole) {
    eighths /= 2;
  }
  jpeg.scale_num = eighths;
  jpeg.scale_denom = kWhole;
  jpeg.dct_method = JDCT_IFAST;
  jpeg.do_fancy_upsampling = FALSE;
}

/// CMYK without a colour profile, as browsers show it. Adobe's programs store it inverted.
void cmyk_to_rgb(const std::uint8_t* from, std::uint8_t* to, std::size_t width, bool inverted) {
  for (std::size_t x = 0; x < width; ++x, from += 4, to += 3) {
    const unsigned light = inverted ? from[3] : 255u - from[3];
    for (int c = 0; c < 3; ++c) {
      const unsigned value = inverted ? from[c] : 255u - from[c];
      to[c] = static_cast<std::uint8_t>((value * light + 127) / 255);
    }
  }
}

/// @param cmyk_row  room for one row of four channels; null where the pixels are grey or RGB
bool read_pixels(Reader& reader, std::uint8_t* out, std::size_t row_bytes, std::uint8_t* cmyk_row) {
  if (setjmp(reader.jump) != 0) return false;
  jpeg_start_decompress(&reader.jpeg);
  while (reader.jpeg.output_scanline < reader.jpeg.output_height) {
    std::uint8_t* to = out + reader.jpeg.output_scanline * row_bytes;
    JSAMPROW row = cmyk_row ? cmyk_row : to;
    jpeg_read_scanlines(&reader.jpeg, &row, 1);
    if (cmyk_row) {
      cmyk_to_rgb(cmyk_row, to, reader.jpeg.output_width, reader.jpeg.saw_Adobe_marker != 0);
    }
  }
  jpeg_finish_decompress(&reader.jpeg);
  return true;
}

}  // namespace

Picture formats::decode_jpeg(std::span<const std::byte> bytes, const std::string& name,
                             const DecodeLimits& limits) {
  Reader reader;
  const auto refuse = [&] { refuse_damaged(name, "JPEG", reader.message.data()); };
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  if (!read_header(reader, data, bytes.size())) refuse();
  check_size(reader.jpeg.image_height, reader.jpeg.image_width, name, limits);
  if (limits.enough_edge > 0) choose_scale(reader.jpeg, limits.enough_edge);
  jpeg_calc_output_dimensions(&reader.jpeg);
  const JDIMENSION width = reader.jpeg.output_width;
  const bool grey = reader.jpeg.out_color_space == JCS_GRAYSCALE;
  const bool cmyk = reader.jpeg.out_color_space == JCS_CMYK;
  Picture picture(
      {static_cast<int>(reader.jpeg.output_height), static_cast<int>(width), grey ? 1 : 3});
  std::vector<std::uint8_t> cmyk_row(cmyk ? std::size_t{width} * 4 : 0);
  const std::size_t row_bytes = std::size_t{width} * (grey ? 1 : 3);
  if (!read_pixels(reader, picture.pixels.data(), row_bytes, cmyk ? cmyk_row.data() : nullptr)) {
    refuse();
  }
  return turn_upright(std::move(picture), reader.orientation);
}

}  // namespace thimble
