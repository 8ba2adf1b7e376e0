#include "report/drawing/svg_raster.hpp"

#include <librsvg/rsvg.h>

#include <cstring>
#include <memory>
#include <new>

#include <fmt/format.h>

#include "base/error.hpp"

namespace thimble::report {
namespace {

struct FreeObject {
  void operator()(RsvgHandle* handle) const { g_object_unref(handle); }
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
  void operator()(cairo_t* context) const { cairo_destroy(context); }
};

[[noreturn]] void refuse(GError* error) {
  const std::string message = error ? error->message : "unknown error";
  if (error) g_error_free(error);
  throw Error(fmt::format("cannot draw an SVG figure: {}", message));
}

/// Of cairo's native-endian 0xXXRRGGBB words.
Picture picture_of(cairo_surface_t* surface) {
  cairo_surface_flush(surface);
  Picture picture(
      {cairo_image_surface_get_height(surface), cairo_image_surface_get_width(surface), 3});
  const auto stride = static_cast<std::size_t>(cairo_image_surface_get_stride(surface));
  const unsigned char* data = cairo_image_surface_get_data(surface);
  std::uint8_t* out = picture.pixels.data();
  for (int y = 0; y < picture.shape.height; ++y) {
    const unsigned char* row = data + static_cast<std::size_t>(y) * stride;
    for (int x = 0; x < picture.shape.width; ++x) {
      std::uint32_t word = 0;
      std::memcpy(&word, row + 4 * static_cast<std::size_t>(x), sizeof(word));
      *out++ = static_cast<std::uint8_t>(word >> 16);
      *out++ = static_cast<std::uint8_t>(word >> 8);
      *out++ = static_cast<std::uint8_t>(word);
    }
  }
  return picture;
}

}  // namespace

Picture draw_svg(const std::string& svg, int width, int height, int scale) {
  GError* error = nullptr;
  const std::unique_ptr<RsvgHandle, FreeObject> drawing(
      rsvg_handle_new_from_data(reinterpret_cast<const guint8*>(svg.data()), svg.size(), &error));
  if (!drawing) refuse(error);
  const std::unique_ptr<cairo_surface_t, FreeObject> surface(
      cairo_image_surface_create(CAIRO_FORMAT_RGB24, width * scale, height * scale));
  const std::unique_ptr<cairo_t, FreeObject> context(cairo_create(surface.get()));
  if (cairo_status(context.get()) != CAIRO_STATUS_SUCCESS) throw std::bad_alloc();
  cairo_set_source_rgb(context.get(), 1, 1, 1);
  cairo_paint(context.get());
  const RsvgRectangle room{0, 0, static_cast<double>(width * scale),
                           static_cast<double>(height * scale)};
  if (!rsvg_handle_render_document(drawing.get(), context.get(), &room, &error)) refuse(error);
  return picture_of(surface.get());
}

}  // namespace thimble::report
