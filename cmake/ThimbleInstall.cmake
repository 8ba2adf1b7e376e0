# What `cmake --install` puts where: the program, one static library and the public headers of each
# room, a CMake package, recipes, models, documentation.

include(CMakePackageConfigHelpers)

set(library_rooms base imaging data nn linalg classical onnx models evaluation exploration comparison
    tuning report serve)
set(package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/Thimble")
set(data_folder "${CMAKE_INSTALL_DATADIR}/thimble")

# The whole library under one name, thimble::thimble.
add_library(thimble_all INTERFACE)
set_target_properties(thimble_all PROPERTIES EXPORT_NAME thimble)
list(TRANSFORM library_rooms PREPEND thimble_ OUTPUT_VARIABLE library_targets)
target_link_libraries(thimble_all INTERFACE ${library_targets})

install(TARGETS thimble RUNTIME COMPONENT program)
install(TARGETS ${library_targets} thimble_all EXPORT ThimbleTargets
        ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT library)

# Public are the headers in a room's own folder. Those in folders below it are private to the room,
# and so is a header that includes a library which only its room may see.
set(private_include "#include [<\"](dnnl|oneapi/|Eigen/|xgboost/|duktape|librsvg|cairo|png\\.h|jpeglib|webp/|zlib|curl/|CLI/|boost/|toml|onnx_format)")
foreach(room IN LISTS library_rooms)
  file(GLOB headers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/${room}/*.hpp")
  foreach(header IN LISTS headers)
    file(STRINGS "${header}" private REGEX "${private_include}")
    if(NOT private)
      install(FILES "${header}" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/thimble/${room}"
              COMPONENT library)
    endif()
  endforeach()
endforeach()

install(EXPORT ThimbleTargets NAMESPACE thimble:: DESTINATION "${package_folder}" COMPONENT library)
configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/cmake/ThimbleConfig.cmake.in" "${PROJECT_BINARY_DIR}/ThimbleConfig.cmake"
  INSTALL_DESTINATION "${package_folder}" PATH_VARS CMAKE_INSTALL_DATADIR)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/ThimbleConfigVersion.cmake"
                                 COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/ThimbleConfig.cmake"
              "${PROJECT_BINARY_DIR}/ThimbleConfigVersion.cmake"
              "${PROJECT_SOURCE_DIR}/cmake/FindDuktape.cmake"
              "${PROJECT_SOURCE_DIR}/cmake/FindGomp.cmake"
              "${PROJECT_SOURCE_DIR}/cmake/FindRsvg.cmake"
              "${PROJECT_SOURCE_DIR}/cmake/FindWebP.cmake"
              "${PROJECT_SOURCE_DIR}/cmake/FindXGBoost.cmake"
              "${PROJECT_SOURCE_DIR}/cmake/Finddnnl.cmake"
        DESTINATION "${package_folder}" COMPONENT library)

install(DIRECTORY recipes models DESTINATION "${data_folder}" COMPONENT program
        FILES_MATCHING PATTERN "*.toml" PATTERN "*.safetensors" PATTERN "*.md")
install(FILES LICENSE README.md DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT program)
install(FILES docs/man/thimble.1 DESTINATION "${CMAKE_INSTALL_MANDIR}/man1" COMPONENT program
        OPTIONAL)

# The program itself prints the completion scripts, so they are made while installing.
set(completions bash "bash-completion/completions/thimble" zsh "zsh/site-functions/_thimble"
                fish "fish/vendor_completions.d/thimble.fish")
while(completions AND NOT CMAKE_CROSSCOMPILING)
  list(POP_FRONT completions shell file)
  install(CODE "
    execute_process(COMMAND \"$<TARGET_FILE:thimble>\" completion ${shell}
                    OUTPUT_VARIABLE script COMMAND_ERROR_IS_FATAL ANY)
    set(file \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR}/${file}\")
    message(STATUS \"Installing: \$ENV{DESTDIR}\${file}\")
    file(WRITE \"\$ENV{DESTDIR}\${file}\" \"\${script}\")" COMPONENT program)
endwhile()

if(THIMBLE_BUILD_TESTS AND NOT THIMBLE_SANITIZE)
  add_test(NAME install_and_example
           COMMAND "${PROJECT_SOURCE_DIR}/scripts/check-install" "${PROJECT_BINARY_DIR}")
  set_tests_properties(install_and_example PROPERTIES TIMEOUT 300)
endif()
