#include "imaging/exif.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

namespace thimble::formats {
namespace {

constexpr std::uint64_t kOrientationTag = 0x0112;
constexpr std::uint64_t kShortType = 3;
constexpr std::size_t kEntryBytes = 12;

/// Numbers of a TIFF structure; 0 outside of it, which no caller takes for an orientation.
class TiffReader {
 public:
  TiffReader(std::span<const std::byte> bytes, bool little_endian)
      : bytes_(bytes), little_endian_(little_endian) {}

  std::uint64_t number(std::uint64_t place, std::size_t size) const {
    if (place > bytes_.size() || bytes_.size() - place < size) return 0;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t at = little_endian_ ? size - 1 - i : i;
      value = value << 8 | std::to_integer<std::uint64_t>(bytes_[place + at]);
    }
    return value;
  }

 private:
  std::span<const std::byte> bytes_;
  bool little_endian_;
};

}  // namespace

int exif_orientation(std::span<const std::byte> segment) {
  constexpr std::string_view kHeader("Exif\0\0", 6);
  const std::string_view text(reinterpret_cast<const char*>(segment.data()), segment.size());
  if (!text.starts_with(kHeader)) return 1;
  const std::string_view tiff = text.substr(kHeader.size());
  const bool little_endian = tiff.starts_with("II");
  if (!little_endian && !tiff.starts_with("MM")) return 1;
  const TiffReader reader(segment.subspan(kHeader.size()), little_endian);

  const std::uint64_t directory = reader.number(4, 4);
  const std::uint64_t entries = reader.number(directory, 2);
  for (std::uint64_t i = 0; i < entries; ++i) {
    const std::uint64_t entry = directory + 2 + i * kEntryBytes;
    if (reader.number(entry, 2) != kOrientationTag) continue;
    const std::uint64_t orientation = reader.number(entry + 8, 2);
    const bool sound =
        reader.number(entry + 2, 2) == kShortType && orientation >= 1 && orientation <= 8;
    return sound ? static_cast<int>(orientation) : 1;
  }
  return 1;
}

Picture turn_upright(Picture picture, int orientation) {
  if (orientation <= 1 || orientation > 8) return picture;
  const int height = picture.shape.height;
  const int width = picture.shape.width;
  const bool swapped = orientation >= 5;
  // Where the pixel at row y, column x of the upright picture is in the stored one.
  const bool from_bottom =
      orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const bool from_right =
      orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const auto channels = static_cast<std::size_t>(picture.shape.channels);
  Picture upright({swapped ? width : height, swapped ? height : width, picture.shape.channels});
  std::uint8_t* to = upright.pixels.data();
  for (int y = 0; y < upright.shape.height; ++y) {
    for (int x = 0; x < upright.shape.width; ++x) {
      const int along = swapped ? x : y;
      const int across = swapped ? y : x;
      const int row = from_bottom ? height - 1 - along : along;
      const int column = from_right ? width - 1 - across : across;
      const std::size_t pixel = static_cast<std::size_t>(row) * static_cast<std::size_t>(width) +
                                static_cast<std::size_t>(column);
      to = std::copy_n(picture.pixels.data() + pixel * channels, channels, to);
    }
  }
  return upright;
}

}  // namespace thimble::formats
