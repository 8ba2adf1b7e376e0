#include "base/base64.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include <fmt/format.h>

#include "base/error.hpp"

namespace thimble {
namespace {

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::uint8_t kNoDigit = 0xFF;

constexpr std::array<std::uint8_t, 256> make_values() {
  std::array<std::uint8_t, 256> values{};
  for (std::uint8_t& value : values) value = kNoDigit;
  for (std::size_t i = 0; i < kDigits.size(); ++i) {
    values[static_cast<std::uint8_t>(kDigits[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}

constexpr std::array<std::uint8_t, 256> kValues = make_values();

std::uint8_t value_of(char c) { return kValues[static_cast<std::uint8_t>(c)]; }

[[noreturn]] void refuse(std::string_view text, std::size_t at) {
  const char c = text[at];
  const bool printable = c > ' ' && c < 0x7F;
  throw DataError(
      fmt::format("character {} is {}, expected A-Z, a-z, 0-9, + or /{}", at + 1,
                  printable ? fmt::format("'{}'", c)
                            : fmt::format("the byte {:#04x}", static_cast<std::uint8_t>(c)),
                  c == '\n' || c == '\r' ? " (`base64 -w0` writes no line breaks)"
                  : c == '-' || c == '_' ? " (that is the alphabet for URLs, not the standard one)"
                                         : ""));
}

/// Four digits as 24 bits.
std::uint32_t group_at(std::string_view text, std::size_t at) {
  std::uint32_t group = 0;
  for (std::size_t k = 0; k < 4; ++k) {
    const std::uint8_t value = value_of(text[at + k]);
    if (value == kNoDigit) refuse(text, at + k);
    group = group << 6 | value;
  }
  return group;
}

}  // namespace

std::string base64_encode(std::span<const std::byte> bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t present = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < present ? static_cast<std::uint32_t>(bytes[i + k]) : 0);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      text += k <= present ? kDigits[group >> (18 - 6 * k) & 63] : '=';
    }
  }
  return text;
}

std::string base64_decode(std::string_view text) {
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  const std::size_t digits = text.size() - padding;
  // A wrong character is the more telling message, so the length is judged after them.
  const std::size_t whole = digits / 4 * 4;
  std::string bytes(whole / 4 * 3, '\0');
  char* out = bytes.data();
  for (std::size_t i = 0; i < whole; i += 4) {
    const std::uint32_t group = group_at(text, i);
    *out++ = static_cast<char>(group >> 16);
    *out++ = static_cast<char>(group >> 8);
    *out++ = static_cast<char>(group);
  }
  for (std::size_t i = whole; i < digits; ++i) {
    if (value_of(text[i]) == kNoDigit) refuse(text, i);
  }
  if (text.size() % 4 != 0) {
    throw DataError(
        fmt::format("{} characters, expected a multiple of 4 (padded with '=')", text.size()));
  }
  if (padding != 0) {
    if (digits - whole != 4 - padding) refuse(text, digits);
    const std::uint32_t group =
        static_cast<std::uint32_t>(value_of(text[whole])) << 18 |
        static_cast<std::uint32_t>(value_of(text[whole + 1])) << 12 |
        (padding == 1 ? static_cast<std::uint32_t>(value_of(text[whole + 2])) << 6 : 0);
    if ((group & (padding == 1 ? 0xFFu : 0xFFFFu)) != 0) {
      throw DataError(
          "the last character is followed by nothing, but its lowest bits are not zero");
    }
    bytes += static_cast<char>(group >> 16);
    if (padding == 1) bytes += static_cast<char>(group >> 8);
  }
  return bytes;
}

}  // namespace thimble
