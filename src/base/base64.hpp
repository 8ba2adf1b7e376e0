// Bytes as text, RFC 4648 section 4.

#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace thimble {

std::string base64_encode(std::span<const std::byte> bytes);

/// The way back, strict: the standard alphabet, padded, no line breaks, and the bits that no byte
/// needs are zero.
/// @throws DataError  naming the first character that is wrong and its place
std::string base64_decode(std::string_view text);

}  // namespace thimble
