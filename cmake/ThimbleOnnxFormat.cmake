# The ONNX file format in C++, generated from the description that Debian's libonnx-dev installs.
#
#   thimble_onnx_format(TARGET)
#
# gives TARGET the private header "onnx_format.pb.h". Its messages are in a namespace of their own,
# so that they never meet those of libonnx in one program; the bytes of a file do not depend on it.

function(thimble_onnx_format target)
  find_package(Protobuf REQUIRED)
  find_file(ONNX_PROTO onnx/onnx.proto PATH_SUFFIXES include REQUIRED)
  set(folder "${PROJECT_BINARY_DIR}/onnx_format")
  file(READ "${ONNX_PROTO}" description)
  string(REPLACE "\npackage onnx;" "\npackage thimble.onnx.format;" description "${description}")
  file(CONFIGURE OUTPUT "${folder}/onnx_format.proto" CONTENT "${description}" @ONLY)
  set(source "${folder}/onnx_format.pb.cc")
  add_custom_command(OUTPUT "${source}" "${folder}/onnx_format.pb.h"
                     COMMAND protobuf::protoc --cpp_out=lite:${folder} --proto_path=${folder} onnx_format.proto
                     DEPENDS "${folder}/onnx_format.proto" VERBATIM)
  set_source_files_properties("${source}" PROPERTIES COMPILE_OPTIONS -w SKIP_PRECOMPILE_HEADERS ON)
  target_sources(${target} PRIVATE "${source}" "${folder}/onnx_format.pb.h")
  target_include_directories(${target} SYSTEM PRIVATE "${folder}")
  target_link_libraries(${target} PRIVATE protobuf::libprotobuf-lite)
endfunction()
