# librsvg, which draws SVG on cairo. It has no CMake files of its own, and its headers include those
# of GLib, so where they lie is asked of pkg-config.
find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
  pkg_check_modules(Rsvg_PC QUIET IMPORTED_TARGET librsvg-2.0)
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Rsvg REQUIRED_VARS Rsvg_PC_LIBRARIES
                                  VERSION_VAR Rsvg_PC_VERSION)
if(Rsvg_FOUND AND NOT TARGET Rsvg::rsvg)
  add_library(Rsvg::rsvg INTERFACE IMPORTED)
  target_link_libraries(Rsvg::rsvg INTERFACE PkgConfig::Rsvg_PC)
endif()
