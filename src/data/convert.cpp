#include "data/convert.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "data/csv.hpp"
#include "data/idx.hpp"
#include "data/image_folder.hpp"

namespace thimble {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& folder, const char* what, const std::error_code& error) {
  throw FileError(
      fmt::format("{}: cannot {} this folder: {}", folder.string(), what, error.message()));
}

void expect_free(const fs::path& folder) {
  std::error_code error;
  if (!fs::exists(folder, error)) return;
  if (!fs::is_directory(folder, error)) {
    throw UsageError(fmt::format("{}: exists and is no folder", folder.string()));
  }
  if (!fs::is_empty(folder, error) || error) {
    throw UsageError(fmt::format("{}: exists and is not empty; name a new folder, or remove it",
                                 folder.string()));
  }
}

/// A folder that is filled beside its target and takes its place at the end; without commit() it
/// is removed.
class StagedFolder {
 public:
  explicit StagedFolder(const fs::path& target) : target_(fs::absolute(target).lexically_normal()) {
    if (!target_.has_filename()) target_ = target_.parent_path();
    std::error_code error;
    fs::create_directories(target_.parent_path(), error);
    if (error) fail(target_.parent_path(), "make", error);
    staged_ =
        target_.parent_path() / fmt::format(".{}.tmp-{}", target_.filename().string(), getpid());
    fs::remove_all(staged_, error);
    if (!fs::create_directory(staged_, error)) fail(target_, "make", error);
  }
  ~StagedFolder() {
    std::error_code ignored;
    if (!staged_.empty()) fs::remove_all(staged_, ignored);
  }
  StagedFolder(const StagedFolder&) = delete;
  StagedFolder& operator=(const StagedFolder&) = delete;

  const fs::path& path() const { return staged_; }

  void commit() {
    // One flush for all files: tens of thousands of pictures each flushed alone take minutes.
    const int descriptor = open(staged_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool flushed = descriptor >= 0 && syncfs(descriptor) == 0;
    const std::error_code flush_error(errno, std::generic_category());
    if (descriptor >= 0) close(descriptor);
    if (!flushed) fail(target_, "flush", flush_error);

    std::error_code error;
    fs::rename(staged_, target_, error);  // takes the place of an empty folder, of no other
    if (error) fail(target_, "put in place", error);
    staged_.clear();
  }

 private:
  fs::path target_;
  fs::path staged_;
};

}  // namespace

DataFormat data_format(const std::string& name) {
  if (name == "idx") return DataFormat::idx;
  if (name == "csv") return DataFormat::csv;
  if (name == "images") return DataFormat::images;
  const std::vector<std::string> known{"idx", "csv", "images"};
  throw UsageError(unknown_name("format", name, known));
}

void convert_dataset(const DatasetSplits& splits, DataFormat format, const fs::path& folder,
                     const ConvertOptions& options) {
  expect_free(folder);
  const auto check = [&] {
    if (options.progress && options.progress->stop_requested()) {
      throw Cancelled(fmt::format("{}: stopped; nothing was written", folder.string()));
    }
  };
  StagedFolder staged(folder);
  switch (format) {
    case DataFormat::idx:
      write_idx_folder(staged.path(), splits, options.compress);
      break;
    case DataFormat::csv:
      write_csv_folder(staged.path(), splits);
      break;
    case DataFormat::images:
      write_image_folder(staged.path(), splits, check);
      break;
  }
  check();
  staged.commit();
}

}  // namespace thimble
