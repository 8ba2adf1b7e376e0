// How much memory there is to work with.

#pragma once

#include <cstdint>

namespace thimble {

/// Bytes that could be used without swapping, as the system estimates it ("MemAvailable"); where it
/// does not tell, the free pages.
std::uint64_t free_memory_bytes();

}  // namespace thimble
