# Files built into a library.
#
#   thimble_embed(TARGET FUNCTION file...)
#
# adds to TARGET the definition of `std::span<const thimble::EmbeddedFile> FUNCTION()`
# (base/embedded.hpp): the files under their names without folders. FUNCTION is qualified.

function(thimble_embed target function)
  set(source "${PROJECT_BINARY_DIR}/embedded/${target}.cpp")
  string(REGEX MATCH "^(.*)::([^:]*)$" _ "${function}")
  set(namespace "${CMAKE_MATCH_1}")
  set(name "${CMAKE_MATCH_2}")
  set(index 0)
  set(sections "")
  set(declarations "")
  set(entries "")
  foreach(file IN LISTS ARGN)
    cmake_path(GET file FILENAME base)
    set(symbol "thimble_embedded_${target}_${index}")
    # The assembler copies the file as it is; a compiler takes seconds for a megabyte of text.
    string(APPEND sections
      "    \".global ${symbol}, ${symbol}_end\\n\"\n"
      "    \"${symbol}: .incbin \\\"${file}\\\"\\n\"\n"
      "    \"${symbol}_end: .byte 0\\n\"\n")
    string(APPEND declarations "extern const char ${symbol}[];\nextern const char ${symbol}_end[];\n")
    string(APPEND entries "      {\"${base}\", {${symbol}, ${symbol}_end}},\n")
    math(EXPR index "${index} + 1")
  endforeach()
  file(CONFIGURE OUTPUT "${source}" @ONLY CONTENT [[
#include <array>

#include "base/embedded.hpp"

asm(".section .rodata\n"
@sections@    ".previous\n");

extern "C" {
@declarations@}

namespace @namespace@ {

std::span<const EmbeddedFile> @name@() {
  static const std::array<EmbeddedFile, @index@> files{{
@entries@  }};
  return files;
}

}  // namespace @namespace@
]])
  set_source_files_properties("${source}" PROPERTIES OBJECT_DEPENDS "${ARGN}")
  target_sources(${target} PRIVATE "${source}")
endfunction()
