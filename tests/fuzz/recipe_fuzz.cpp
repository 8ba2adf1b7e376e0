// Any text as a recipe: what parses must come back the same from the TOML it is written as.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.hpp"
#include "models/recipe.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    thimble::Recipe recipe = thimble::parse_recipe(text, "fuzz", "fuzz");
    const std::string written = to_toml(recipe);
    if (to_toml(thimble::parse_recipe(written, "again", "fuzz")) != written) std::abort();
    override_setting(recipe, std::string(text));
  } catch (const thimble::DataError&) {
  } catch (const thimble::UsageError&) {
  }
  return 0;
}
