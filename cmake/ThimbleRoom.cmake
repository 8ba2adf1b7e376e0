# A room is one folder of src/ built as one static library, thimble_<name>, alias thimble::<name>.

function(thimble_compile_options target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion
                                           -Wnon-virtual-dtor -Woverloaded-virtual)
  # Nobody reads errno after std::sqrt, and a call that may set it is never vectorised.
  target_compile_options(${target} PRIVATE -fno-math-errno)
  # A loop marked as free of dependences may stay scalar in a build that does not optimise.
  if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
    target_compile_options(${target} PRIVATE -Wno-pass-failed)
  endif()
  if(THIMBLE_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(THIMBLE_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${THIMBLE_SANITIZE} -fno-omit-frame-pointer
                                             -fno-sanitize-recover=undefined)
    target_link_options(${target} PRIVATE -fsanitize=${THIMBLE_SANITIZE})
  endif()
endfunction()

# Compiles headers once, for builds whose time goes to the compiler: what nearly every file includes
# once for all targets of a `kind`, "tests" or "rooms", and together with the headers named here once
# more for the target that names them. A build that precompiles for the tests alone takes no more than
# those named for a room, and so still notices where a file of src/ lacks an include.
function(thimble_precompile target kind)
  if(NOT THIMBLE_PRECOMPILE)
    return()
  endif()
  set(headers <algorithm> <filesystem> <functional> <map> <memory> <optional> <span> <string> <vector>
              <fmt/format.h> <nlohmann/json.hpp>)
  if(kind STREQUAL tests)
    list(APPEND headers <gmock/gmock.h> <gtest/gtest.h>)
  elseif(NOT THIMBLE_PRECOMPILE STREQUAL all)
    set(headers)
  endif()
  list(APPEND headers ${ARGN})
  if(NOT headers)
    return()
  endif()
  # With a time in it, no cache would know the precompiled header again.
  target_compile_options(${target} PRIVATE
    $<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>)
  get_property(first GLOBAL PROPERTY THIMBLE_PRECOMPILED_${kind})
  if(first AND NOT ARGN)
    target_precompile_headers(${target} REUSE_FROM ${first})
    return()
  endif()
  target_precompile_headers(${target} PRIVATE ${headers})
  if(NOT ARGN)
    set_property(GLOBAL PROPERTY THIMBLE_PRECOMPILED_${kind} ${target})
  endif()
endfunction()

function(thimble_room name)
  cmake_parse_arguments(ROOM "" "" "DEPENDS;PRIVATE_DEPENDS;PRECOMPILE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/src/${name}/*.cpp")
  add_library(thimble_${name} STATIC ${sources})
  add_library(thimble::${name} ALIAS thimble_${name})
  set_target_properties(thimble_${name} PROPERTIES EXPORT_NAME ${name})
  target_include_directories(thimble_${name} PUBLIC
    $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/src>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/thimble>)
  target_link_libraries(thimble_${name} PUBLIC ${ROOM_DEPENDS} PRIVATE ${ROOM_PRIVATE_DEPENDS})
  target_compile_features(thimble_${name} PUBLIC cxx_std_20)
  thimble_compile_options(thimble_${name})
  thimble_precompile(thimble_${name} rooms ${ROOM_PRECOMPILE})
endfunction()
