// One decoder a picture format, and what they share. Called by codec.cpp alone.

#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "imaging/codec.hpp"

namespace thimble::formats {

Picture decode_png(std::span<const std::byte> bytes, const std::string& name,
                   const DecodeLimits& limits);
Picture decode_jpeg(std::span<const std::byte> bytes, const std::string& name,
                    const DecodeLimits& limits);
Picture decode_webp(std::span<const std::byte> bytes, const std::string& name,
                    const DecodeLimits& limits);

/// Throws DataError if a picture of this size would be over a limit.
void check_size(std::uint64_t height, std::uint64_t width, const std::string& name,
                const DecodeLimits& limits);

/// Throws DataError "name: damaged PNG: problem".
[[noreturn]] void refuse_damaged(const std::string& name, std::string_view format,
                                 std::string_view problem);

}  // namespace thimble::formats
