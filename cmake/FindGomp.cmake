# The OpenMP run-time library that Debian's oneDNN uses. Thimble runs its own loops on the same
# thread pool whichever compiler builds it, so it links this library by name instead of asking the
# compiler for its own OpenMP.
find_library(Gomp_LIBRARY NAMES gomp libgomp.so.1)
if(NOT Gomp_LIBRARY)
  execute_process(COMMAND g++ -print-file-name=libgomp.so OUTPUT_VARIABLE _gomp
                  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(_gomp AND EXISTS "${_gomp}")
    set(Gomp_LIBRARY "${_gomp}" CACHE FILEPATH "libgomp" FORCE)
  endif()
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Gomp REQUIRED_VARS Gomp_LIBRARY)
if(Gomp_FOUND AND NOT TARGET Gomp::gomp)
  add_library(Gomp::gomp UNKNOWN IMPORTED)
  set_target_properties(Gomp::gomp PROPERTIES IMPORTED_LOCATION "${Gomp_LIBRARY}")
endif()
