#include "base/atomic_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/error.hpp"

namespace thimble {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 18;

std::string reason(int error) { return std::generic_category().message(error); }

/// The name that is free for this process: nobody else here has the number, and what an earlier
/// process of the same id left behind may be overwritten.
std::filesystem::path temporary_name(const std::filesystem::path& target) {
  static std::atomic<unsigned> count{0};
  std::filesystem::path name = target;
  name += fmt::format(".tmp-{}-{}", getpid(), count++);
  return name;
}

int open_new(const std::filesystem::path& path) {
  unlink(path.c_str());
  return open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
}

/// Makes a rename durable. Some file systems cannot flush a folder and say EINVAL.
bool flush_folder(const std::filesystem::path& folder) {
  const int descriptor =
      open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  // A folder that may be written but not read is rare and no reason to fail after the rename.
  if (descriptor < 0) return errno == EACCES;
  const bool flushed = fsync(descriptor) == 0 || errno == EINVAL;
  const int error = errno;
  close(descriptor);
  errno = error;
  return flushed;
}

}  // namespace

AtomicFile::AtomicFile(std::filesystem::path target) : target_(std::move(target)) {
  struct stat status {};
  const bool exists = stat(target_.c_str(), &status) == 0;
  if (exists && S_ISDIR(status.st_mode)) {
    errno = EISDIR;
    fail("write");
  }
  if (exists && !S_ISREG(status.st_mode)) {
    // A device or a pipe (/dev/stdout) is written to directly; renaming would replace it.
    descriptor_ = open(target_.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor_ < 0) fail("write");
    return;
  }
  std::error_code not_resolved;
  if (std::filesystem::is_symlink(target_, not_resolved)) {
    // Write where the link points, so that it stays a link.
    const auto resolved = std::filesystem::weakly_canonical(target_, not_resolved);
    if (!not_resolved) target_ = resolved;
  }
  temporary_ = temporary_name(target_);
  descriptor_ = open_new(temporary_);
  if (descriptor_ < 0) {
    temporary_.clear();
    fail("write");
  }
  if (exists) (void)!fchmod(descriptor_, status.st_mode & 07777);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) close(descriptor_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const std::size_t taken = std::min(bytes.size(), kBufferBytes - buffer_.size());
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.begin() + static_cast<long>(taken));
    bytes = bytes.subspan(taken);
    if (buffer_.size() == kBufferBytes) flush();
  }
}

void AtomicFile::write(std::string_view text) { write(std::as_bytes(std::span(text))); }

void AtomicFile::overwrite(std::uint64_t offset, std::span<const std::byte> bytes) {
  flush();
  while (!bytes.empty()) {
    const ssize_t written =
        pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0) {
      if (errno == EINTR) continue;
      fail("write");
    }
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
}

void AtomicFile::commit() {
  flush();
  const bool direct = temporary_.empty();
  // Pipes and terminals cannot be flushed and say EINVAL.
  if (fsync(descriptor_) != 0 && !(direct && errno != EIO)) fail("write");
  const int descriptor = std::exchange(descriptor_, -1);
  if (close(descriptor) != 0) fail("write");
  if (direct) return;
  if (rename(temporary_.c_str(), target_.c_str()) != 0) fail("write");
  temporary_.clear();
  if (!flush_folder(target_.parent_path())) fail("flush the folder of");
}

void AtomicFile::flush() {
  const std::byte* from = buffer_.data();
  std::size_t left = buffer_.size();
  while (left > 0) {
    const ssize_t written = ::write(descriptor_, from, left);
    if (written < 0) {
      if (errno == EINTR) continue;
      fail("write");
    }
    from += written;
    left -= static_cast<std::size_t>(written);
  }
  buffer_.clear();
}

void AtomicFile::fail(const char* what) {
  throw FileError(
      fmt::format("{}: cannot {} this file: {}", target_.string(), what, reason(errno)));
}

void write_file(const std::filesystem::path& target, std::string_view content) {
  AtomicFile file(target);
  file.write(content);
  file.commit();
}

std::string read_file(const std::filesystem::path& path, std::uint64_t limit_bytes) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const auto fail = [&](const std::string& why) {
    if (descriptor >= 0) close(descriptor);
    throw FileError(fmt::format("{}: cannot read this file: {}", path.string(), why));
  };
  if (descriptor < 0) fail(reason(errno));
  struct stat status {};
  if (fstat(descriptor, &status) != 0) fail(reason(errno));
  const auto too_large = [&](std::uint64_t bytes) {
    fail(fmt::format("{} bytes or more, expected at most {}", bytes, limit_bytes));
  };
  if (S_ISREG(status.st_mode) && static_cast<std::uint64_t>(status.st_size) > limit_bytes) {
    too_large(static_cast<std::uint64_t>(status.st_size));
  }

  // The size is only a hint: the file may grow or shrink meanwhile, and a pipe has none.
  std::string content;
  std::size_t filled = 0;
  std::size_t room = S_ISREG(status.st_mode) ? static_cast<std::size_t>(status.st_size) + 1 : 65536;
  for (;;) {
    if (filled == content.size()) content.resize(filled + std::exchange(room, filled + 65536));
    const ssize_t got = read(descriptor, content.data() + filled, content.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(reason(errno));
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
    if (filled > limit_bytes) too_large(filled);
  }
  close(descriptor);
  content.resize(filled);
  return content;
}

}  // namespace thimble
