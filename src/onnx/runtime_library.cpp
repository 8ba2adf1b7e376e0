#include "onnx/runtime_library.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <onnxruntime_c_api.h>

#include "base/error.hpp"

namespace thimble::onnx {

namespace fs = std::filesystem;

namespace {

constexpr const char* kVariable = "THIMBLE_ONNXRUNTIME";
constexpr const char* kLibrary = "libonnxruntime.so";
constexpr const char* kOldest = "1.8";
/// What the loader may know it as; the last is that of Debian 13, which has the version in it.
constexpr const char* kLoaderNames[] = {"libonnxruntime.so.1", kLibrary, "libonnxruntime.so.1.21"};
constexpr const char* kRemedy =
    "scripts/install-onnxruntime fetches it; Debian 13 has it as libonnxruntime1.21; "
    "THIMBLE_ONNXRUNTIME names the library's file elsewhere";

/// Folders that are looked into, the first first.
std::vector<fs::path> library_folders() {
  std::vector<fs::path> folders;
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) {
    folders.push_back(program.parent_path());
    folders.push_back(program.parent_path().parent_path() / "lib" / "thimble");
  }
  folders.emplace_back("/usr/local/lib/thimble");
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') {
    folders.push_back(fs::path(home) / ".local" / "lib" / "thimble");
  }
  std::vector<fs::path> distinct;
  for (fs::path& folder : folders) {
    if (std::ranges::find(distinct, folder) == distinct.end())
      distinct.push_back(std::move(folder));
  }
  return distinct;
}

/// libonnxruntime.so, libonnxruntime.so.1.20.1, ...; the highest version first, roughly.
std::vector<fs::path> libraries_in(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code none;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, none)) {
    const std::string name = entry.path().filename().string();
    if (name == kLibrary || name.starts_with(std::string(kLibrary) + ".")) {
      found.push_back(entry.path());
    }
  }
  std::ranges::sort(found, std::greater<>());
  return found;
}

struct Attempt {
  std::optional<RuntimeLibrary> library;
  std::string problem;  ///< why there is none
};

Attempt load(const std::string& file) {
  // Local, so that what the library brings with it meets none of ours of the same name.
  void* handle = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    const char* error = ::dlerror();
    return {std::nullopt, error == nullptr ? file + ": cannot be loaded" : error};
  }
  using GetApiBase = const OrtApiBase* (*)();
  const auto get_base = reinterpret_cast<GetApiBase>(::dlsym(handle, "OrtGetApiBase"));
  if (get_base == nullptr) return {std::nullopt, file + ": is not ONNX Runtime"};
  const OrtApiBase& base = *get_base();
  const OrtApi* api = base.GetApi(kRuntimeApi);
  if (api == nullptr) {
    return {std::nullopt, fmt::format("{}: version {}, expected {} or later", file,
                                      base.GetVersionString(), kOldest)};
  }
  return {RuntimeLibrary{api, base.GetVersionString(), file}, ""};
}

}  // namespace

RuntimeLibrary find_runtime_library() {
  if (const char* chosen = std::getenv(kVariable); chosen != nullptr && *chosen != '\0') {
    Attempt attempt = load(chosen);
    if (attempt.library) return std::move(*attempt.library);
    throw FileError(
        fmt::format("ONNX Runtime, which runs ONNX files, cannot be loaded: {} ({} names this "
                    "file; without it the usual places are looked through)",
                    attempt.problem, kVariable));
  }
  const std::vector<fs::path> folders = library_folders();
  std::string problems;
  const auto try_file = [&](const std::string& file,
                            bool is_there) -> std::optional<RuntimeLibrary> {
    Attempt attempt = load(file);
    if (!attempt.library && is_there) problems += "; " + attempt.problem;
    return attempt.library;
  };
  for (const fs::path& folder : folders) {
    for (const fs::path& file : libraries_in(folder)) {
      if (auto library = try_file(file.string(), true)) return *std::move(library);
    }
  }
  for (const char* name : kLoaderNames) {
    if (auto library = try_file(name, false)) return *std::move(library);
  }
  std::vector<std::string> names;
  for (const fs::path& folder : folders) names.push_back(folder.string());
  throw FileError(
      fmt::format("ONNX Runtime, which runs ONNX files, is not installed: no usable {} in {}, nor "
                  "where the system's loader looks{}; {}",
                  kLibrary, fmt::join(names, ", "), problems, kRemedy));
}

const RuntimeLibrary& runtime_library() {
  static const RuntimeLibrary library = find_runtime_library();
  return library;
}

}  // namespace thimble::onnx
