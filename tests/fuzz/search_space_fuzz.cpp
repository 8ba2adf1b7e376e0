// Any text as a search space: what parses must come back the same from the TOML it is written as,
// and what is drawn from it must lie in it.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/random.hpp"
#include "tuning/search_space.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using thimble::tuning::SearchSpace;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const SearchSpace space = SearchSpace::parse(text, "fuzz");
    const std::string written = space.to_toml();
    if (SearchSpace::parse(written, "again").to_toml() != written) std::abort();
    thimble::Random random(1);
    for (const auto& [key, value] : space.sample(random)) {
      (void)to_unit(space.parameter(key), value);
    }
    (void)space.size();
  } catch (const thimble::DataError&) {
  } catch (const thimble::UsageError&) {
  }
  return 0;
}
