// Finding ONNX Runtime's library (https://onnxruntime.ai) and loading it when it is first needed.

#pragma once

#include <string>

struct OrtApi;

namespace thimble::onnx {

/// A loaded library. It stays loaded until the process ends.
struct RuntimeLibrary {
  const OrtApi* api = nullptr;  ///< of version kRuntimeApi
  std::string version;          ///< "1.20.1"
  std::string file;             ///< as it was found: a path, or a name that the loader knows
};

/// The version of the runtime's functions that are used: that of 1.8, so that every later one
/// serves as well.
inline constexpr unsigned kRuntimeApi = 8;

/// Finds and loads the library: THIMBLE_ONNXRUNTIME, if it is set, and nothing else; then
/// libonnxruntime.so* beside the program, in lib/thimble of the folder above, of /usr/local and of
/// the user's ~/.local; then where the system's loader looks.
/// @throws FileError  if there is none, or it is too old; says where it was looked for and what to
///                    do
RuntimeLibrary find_runtime_library();

/// The library that this process uses, found at the first call.
/// @throws FileError  as find_runtime_library(); the next call looks again
const RuntimeLibrary& runtime_library();

}  // namespace thimble::onnx
