// Any bytes as a PNG. The checksums are put right first, or hardly an input would reach the pixels.

#include <zlib.h>

#include <cstdint>
#include <vector>

#include "base/error.hpp"
#include "imaging/resize.hpp"

namespace {

constexpr std::size_t kSignatureBytes = 8;
constexpr std::size_t kChunkOverhead = 12;  // length, type, checksum

std::uint32_t number_at(const std::vector<std::uint8_t>& bytes, std::size_t place) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | bytes[place + i];
  return value;
}

void correct_checksums(std::vector<std::uint8_t>& bytes) {
  std::size_t chunk = kSignatureBytes;
  while (chunk + kChunkOverhead <= bytes.size()) {
    const std::size_t length = number_at(bytes, chunk);
    if (length > bytes.size() - chunk - kChunkOverhead) return;
    const auto sum = crc32(0, bytes.data() + chunk + 4, static_cast<uInt>(length + 4));
    for (std::size_t i = 0; i < 4; ++i) {
      bytes[chunk + 8 + length + i] = static_cast<std::uint8_t>(sum >> (24 - 8 * i));
    }
    chunk += kChunkOverhead + length;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::uint8_t> bytes{0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
  if (size < bytes.size()) return 0;
  bytes.insert(bytes.end(), data + bytes.size(), data + size);
  correct_checksums(bytes);
  try {
    const thimble::Picture picture = thimble::decode_picture(
        std::as_bytes(std::span(bytes)), "fuzz", {.max_pixels = 250'000, .max_dimension = 5'000});
    (void)thimble::fit_to(picture, {28, 28, 1});
  } catch (const thimble::DataError&) {
  }
  return 0;
}
