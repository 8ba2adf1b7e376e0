// WebP through libwebp, lossy and lossless.

#include <webp/decode.h>

#include "base/error.hpp"
#include "imaging/formats.hpp"

namespace thimble {
namespace {

const char* explain(VP8StatusCode status) {
  switch (status) {
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED:
      return "it ends too early";
    case VP8_STATUS_BITSTREAM_ERROR:
      return "its data make no sense";
    case VP8_STATUS_UNSUPPORTED_FEATURE:
      return "it uses an unknown feature";
    case VP8_STATUS_OUT_OF_MEMORY:
      return "not enough memory to decode it";
    default:
      return "it cannot be decoded";
  }
}

}  // namespace

Picture formats::decode_webp(std::span<const std::byte> bytes, const std::string& name,
                             const DecodeLimits& limits) {
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  WebPDecoderConfig config;
  WebPInitDecoderConfig(&config);
  VP8StatusCode status = WebPGetFeatures(data, bytes.size(), &config.input);
  if (status != VP8_STATUS_OK) refuse_damaged(name, "WebP", explain(status));
  if (config.input.has_animation != 0) {
    throw DataError(name + ": an animated WebP, expected a single picture");
  }
  const int width = config.input.width;
  const int height = config.input.height;
  check_size(static_cast<std::uint64_t>(height), static_cast<std::uint64_t>(width), name, limits);

  const bool alpha = config.input.has_alpha != 0;
  Picture picture({height, width, alpha ? 4 : 3});
  config.output.colorspace = alpha ? MODE_RGBA : MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = picture.pixels.data();
  config.output.u.RGBA.stride = width * picture.shape.channels;
  config.output.u.RGBA.size = picture.pixels.size();
  status = WebPDecode(data, bytes.size(), &config);
  WebPFreeDecBuffer(&config.output);
  if (status != VP8_STATUS_OK) refuse_damaged(name, "WebP", explain(status));
  return picture;
}

}  // namespace thimble
