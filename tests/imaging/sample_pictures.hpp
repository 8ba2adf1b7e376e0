// Pictures for tests, and the encoders that Thimble itself does not need.

#pragma once

#include <csetjmp>
#include <cstddef>
#include <cstdio>
// jpeglib.h needs the two above.
#include <jpeglib.h>
#include <png.h>
#include <webp/encode.h>

#include <cstdint>
#include <cstdlib>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <rapidcheck.h>

#include "imaging/codec.hpp"

namespace thimble {

/// Pictures of up to most x most pixels with random values.
inline rc::Gen<Picture> any_picture(int channels, int most = 24) {
  return rc::gen::exec([=] {
    const PictureShape shape{*rc::gen::inRange(1, most + 1), *rc::gen::inRange(1, most + 1),
                             channels};
    return Picture(shape, *rc::gen::container<std::vector<std::uint8_t>>(
                              shape.size(), rc::gen::arbitrary<std::uint8_t>()));
  });
}

/// A soft picture, which lossy formats keep well.
inline Picture gradient_picture(PictureShape shape) {
  Picture picture(shape);
  std::uint8_t* pixel = picture.pixels.data();
  for (int y = 0; y < shape.height; ++y) {
    for (int x = 0; x < shape.width; ++x) {
      for (int c = 0; c < shape.channels; ++c) {
        *pixel++ = static_cast<std::uint8_t>(c == 0   ? 255 * y / shape.height
                                             : c == 1 ? 255 * x / shape.width
                                                      : 128);
      }
    }
  }
  return picture;
}

inline std::vector<std::byte> to_bytes(std::span<const std::uint8_t> values) {
  const auto bytes = std::as_bytes(values);
  return {bytes.begin(), bytes.end()};
}

/// A PNG as other programs write them.
struct PngSpec {
  int height = 1;
  int width = 1;
  int color_type = PNG_COLOR_TYPE_GRAY;
  int bit_depth = 8;
  bool interlaced = false;
  std::vector<png_color> palette = {};
  std::vector<png_byte> palette_alpha = {};
  const png_color_16* transparent = nullptr;  ///< the colour that stands for nothing
};

/// @param rows  packed as PNG packs them, height rows of equal length
inline std::vector<std::byte> make_png(const PngSpec& spec, std::vector<std::uint8_t> rows) {
  std::vector<std::byte> bytes;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  const auto write = [](png_structp p, png_bytep data, std::size_t count) {
    auto& out = *static_cast<std::vector<std::byte>*>(png_get_io_ptr(p));
    const auto more = std::as_bytes(std::span(data, count));
    out.insert(out.end(), more.begin(), more.end());
  };
  png_set_write_fn(png, &bytes, write, [](png_structp) {});
  png_set_IHDR(png, info, static_cast<png_uint_32>(spec.width),
               static_cast<png_uint_32>(spec.height), spec.bit_depth, spec.color_type,
               spec.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (!spec.palette.empty()) {
    png_set_PLTE(png, info, spec.palette.data(), static_cast<int>(spec.palette.size()));
  }
  if (!spec.palette_alpha.empty() || spec.transparent) {
    png_set_tRNS(png, info, spec.palette_alpha.data(), static_cast<int>(spec.palette_alpha.size()),
                 spec.transparent);
  }
  png_write_info(png, info);
  std::vector<png_bytep> pointers;
  const std::size_t row_bytes = rows.size() / static_cast<std::size_t>(spec.height);
  for (std::size_t y = 0; y < static_cast<std::size_t>(spec.height); ++y) {
    pointers.push_back(rows.data() + y * row_bytes);
  }
  png_write_image(png, pointers.data());
  png_write_end(png, nullptr);
  png_destroy_write_struct(&png, &info);
  return bytes;
}

struct JpegSpec {
  int quality = 95;
  bool progressive = false;
  bool adobe = true;                    ///< CMYK: says that an Adobe program made it
  std::vector<std::uint8_t> exif = {};  ///< an APP1 segment's content
};

/// Grey, RGB, or four channels taken for CMYK.
inline std::vector<std::byte> make_jpeg(const Picture& picture, const JpegSpec& spec = {}) {
  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* data = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&jpeg, &data, &size);
  jpeg.image_height = static_cast<JDIMENSION>(picture.shape.height);
  jpeg.image_width = static_cast<JDIMENSION>(picture.shape.width);
  jpeg.input_components = picture.shape.channels;
  jpeg.in_color_space = picture.shape.channels == 1   ? JCS_GRAYSCALE
                        : picture.shape.channels == 3 ? JCS_RGB
                                                      : JCS_CMYK;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, spec.quality, TRUE);
  if (!spec.adobe) jpeg.write_Adobe_marker = FALSE;
  if (spec.progressive) jpeg_simple_progression(&jpeg);
  jpeg_start_compress(&jpeg, TRUE);
  if (!spec.exif.empty()) {
    jpeg_write_marker(&jpeg, JPEG_APP0 + 1, spec.exif.data(),
                      static_cast<unsigned>(spec.exif.size()));
  }
  const std::size_t row_bytes =
      picture.pixels.size() / static_cast<std::size_t>(picture.shape.height);
  while (jpeg.next_scanline < jpeg.image_height) {
    auto* row = const_cast<std::uint8_t*>(picture.pixels.data() + jpeg.next_scanline * row_bytes);
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  auto bytes = to_bytes({data, size});
  std::free(data);
  return bytes;
}

/// Without loss. RGB, or RGBA with colours kept under full transparency too.
inline std::vector<std::byte> make_webp(const Picture& picture, bool lossless = true) {
  WebPConfig config;
  WebPPicture webp;
  WebPMemoryWriter writer;
  WebPConfigInit(&config);
  WebPPictureInit(&webp);
  WebPMemoryWriterInit(&writer);
  config.lossless = lossless ? 1 : 0;
  config.exact = 1;
  config.quality = 95;
  webp.use_argb = 1;
  webp.width = picture.shape.width;
  webp.height = picture.shape.height;
  webp.writer = WebPMemoryWrite;
  webp.custom_ptr = &writer;
  const int stride = picture.shape.width * picture.shape.channels;
  const bool imported = picture.shape.channels == 4
                            ? WebPPictureImportRGBA(&webp, picture.pixels.data(), stride) != 0
                            : WebPPictureImportRGB(&webp, picture.pixels.data(), stride) != 0;
  if (!imported || WebPEncode(&config, &webp) == 0) throw std::runtime_error("no WebP made");
  auto bytes = to_bytes({writer.mem, writer.size});
  WebPPictureFree(&webp);
  WebPMemoryWriterClear(&writer);
  return bytes;
}

/// An APP1 segment with the orientation tag.
inline std::vector<std::uint8_t> exif_with_orientation(int orientation, bool little_endian) {
  const auto value = static_cast<std::uint8_t>(orientation);
  if (little_endian) {
    return {'E',  'x', 'i', 'f', 0, 0, 'I', 'I', 42,    0, 8, 0, 0, 0, 1, 0,
            0x12, 1,   3,   0,   1, 0, 0,   0,   value, 0, 0, 0, 0, 0, 0, 0};
  }
  return {'E', 'x',  'i', 'f', 0, 0, 'M', 'M', 0, 42,    0, 0, 0, 8, 0, 1,
          1,   0x12, 0,   3,   0, 0, 0,   1,   0, value, 0, 0, 0, 0, 0, 0};
}

/// The largest difference between two pictures' values; 256 if their shapes differ.
inline int largest_difference(const Picture& a, const Picture& b) {
  if (a.shape != b.shape || a.pixels.size() != b.pixels.size()) return 256;
  int largest = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) {
    largest = std::max(largest, std::abs(a.pixels[i] - b.pixels[i]));
  }
  return largest;
}

}  // namespace thimble
