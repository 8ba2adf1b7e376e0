// PNG through libpng.
//
// libpng reports errors by longjmp, which must not pass over C++ destructors: every function below
// that calls setjmp holds nothing but plain values, and what needs a destructor lives in its
// callers.

#include <png.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstring>
#include <new>

#include <fmt/format.h>

#include "base/error.hpp"
#include "imaging/formats.hpp"

namespace thimble {
namespace {

/// Where libpng's callbacks leave the reason before they jump.
using Message = std::array<char, 160>;

[[noreturn]] void on_error(png_structp png, png_const_charp text) {
  auto& message = *static_cast<Message*>(png_get_error_ptr(png));
  std::strncpy(message.data(), text, message.size() - 1);
  png_longjmp(png, 1);
}

void on_warning(png_structp, png_const_charp) {}

struct Reader {
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::span<const std::byte> left;
  Message message{};

  explicit Reader(std::span<const std::byte> bytes) : left(bytes) {
    png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &message, on_error, on_warning);
    if (png) info = png_create_info_struct(png);
    if (!info) {
      png_destroy_read_struct(&png, nullptr, nullptr);
      throw std::bad_alloc();
    }
  }
  ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
};

void on_read(png_structp png, png_bytep out, std::size_t count) {
  auto& left = static_cast<Reader*>(png_get_io_ptr(png))->left;
  if (count > left.size()) png_error(png, "it ends too early");
  std::memcpy(out, left.data(), count);
  left = left.subspan(count);
}

/// Reads up to the first pixels.
bool read_header(Reader& reader) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;
  png_set_read_fn(reader.png, &reader, on_read);
  // Our own limits are checked between the header and the pixels, with a better message.
  png_set_user_limits(reader.png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  // Text, profiles and times are skipped unread, so that they can cost nothing.
  png_set_keep_unknown_chunks(reader.png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
  png_read_info(reader.png, reader.info);
  return true;
}

/// Asks for 8-bit grey, RGB or RGBA.
bool set_up_conversion(Reader& reader) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;
  png_set_expand(reader.png);
  png_set_scale_16(reader.png);
  const bool alpha = (png_get_color_type(reader.png, reader.info) & PNG_COLOR_MASK_ALPHA) != 0 ||
                     png_get_valid(reader.png, reader.info, PNG_INFO_tRNS) != 0;
  if (alpha) png_set_gray_to_rgb(reader.png);
  png_set_interlace_handling(reader.png);
  png_read_update_info(reader.png, reader.info);
  return true;
}

bool read_pixels(Reader& reader, png_bytepp rows) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;
  png_read_image(reader.png, rows);
  png_read_end(reader.png, nullptr);
  return true;
}

std::vector<png_bytep> row_pointers(Picture& picture) {
  std::vector<png_bytep> rows(static_cast<std::size_t>(picture.shape.height));
  const std::size_t row_bytes = picture.pixels.size() / rows.size();
  for (std::size_t y = 0; y < rows.size(); ++y) rows[y] = picture.pixels.data() + y * row_bytes;
  return rows;
}

struct Writer {
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::vector<std::byte> bytes;
  Message message{};

  Writer() {
    png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &message, on_error, on_warning);
    if (png) info = png_create_info_struct(png);
    if (!info) {
      png_destroy_write_struct(&png, nullptr);
      throw std::bad_alloc();
    }
  }
  ~Writer() { png_destroy_write_struct(&png, &info); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
};

bool append(std::vector<std::byte>& bytes, std::span<const std::byte> more) noexcept {
  try {
    bytes.insert(bytes.end(), more.begin(), more.end());
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

void on_write(png_structp png, png_bytep data, std::size_t count) {
  auto& bytes = static_cast<Writer*>(png_get_io_ptr(png))->bytes;
  if (!append(bytes, {reinterpret_cast<const std::byte*>(data), count})) {
    png_error(png, "out of memory");
  }
}

void on_flush(png_structp) {}

bool write_all(Writer& writer, const PictureShape& shape, const std::uint8_t* pixels) {
  if (setjmp(png_jmpbuf(writer.png)) != 0) return false;
  png_set_write_fn(writer.png, &writer, on_write, on_flush);
  png_set_user_limits(writer.png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  const int color_type = shape.channels == 1   ? PNG_COLOR_TYPE_GRAY
                         : shape.channels == 3 ? PNG_COLOR_TYPE_RGB
                                               : PNG_COLOR_TYPE_RGB_ALPHA;
  png_set_IHDR(writer.png, writer.info, static_cast<png_uint_32>(shape.width),
               static_cast<png_uint_32>(shape.height), 8, color_type, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(writer.png, writer.info);
  const std::size_t row_bytes = shape.size() / static_cast<std::size_t>(shape.height);
  for (int y = 0; y < shape.height; ++y) {
    png_write_row(writer.png, pixels + static_cast<std::size_t>(y) * row_bytes);
  }
  png_write_end(writer.png, nullptr);
  return true;
}

}  // namespace

Picture formats::decode_png(std::span<const std::byte> bytes, const std::string& name,
                            const DecodeLimits& limits) {
  Reader reader(bytes);
  const auto refuse = [&] { refuse_damaged(name, "PNG", reader.message.data()); };
  if (!read_header(reader)) refuse();
  const png_uint_32 width = png_get_image_width(reader.png, reader.info);
  const png_uint_32 height = png_get_image_height(reader.png, reader.info);
  check_size(height, width, name, limits);
  if (!set_up_conversion(reader)) refuse();
  Picture picture({static_cast<int>(height), static_cast<int>(width),
                   png_get_channels(reader.png, reader.info)});
  std::vector<png_bytep> rows = row_pointers(picture);
  if (png_get_rowbytes(reader.png, reader.info) * height != picture.pixels.size()) {
    refuse_damaged(name, "PNG", "rows of an unexpected length");
  }
  if (!read_pixels(reader, rows.data())) refuse();
  return picture;
}

std::vector<std::byte> encode_png(const Picture& picture) {
  const PictureShape& shape = picture.shape;
  const bool known = shape.channels == 1 || shape.channels == 3 || shape.channels == 4;
  if (!known || shape.height < 1 || shape.width < 1 || picture.pixels.size() != shape.size()) {
    throw ShapeError(
        fmt::format("PNG of {} from {} values, expected at least one pixel, 1, 3 or "
                    "4 channels and height * width * channels values",
                    to_string(shape), picture.pixels.size()));
  }
  Writer writer;
  if (!write_all(writer, shape, picture.pixels.data())) {
    throw Error(fmt::format("cannot encode a PNG: {}", writer.message.data()));
  }
  return std::move(writer.bytes);
}

}  // namespace thimble
