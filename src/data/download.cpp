#include "data/download.hpp"

#include <curl/curl.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <memory>
#include <system_error>

#include <fmt/format.h>

#include "base/shipped.hpp"
#include "base/text.hpp"

namespace thimble {
namespace {

/// The file that grows. Locked, so that two programs fetching the same thing do not mix.
class PartialFile {
 public:
  explicit PartialFile(const std::filesystem::path& path) : path_(path) {
    descriptor_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor_ < 0) fail(errno);
    if (flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      close(descriptor_);
      throw FileError(fmt::format("{}: being written by another process", path.string()));
    }
    const off_t end = lseek(descriptor_, 0, SEEK_END);
    if (end >= 0) size_ = static_cast<std::uint64_t>(end);
  }
  ~PartialFile() { close(descriptor_); }
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;

  std::uint64_t size() const { return size_; }

  /// Returns false, and keeps the reason, if the disk is full or the like.
  bool append(const char* bytes, std::size_t count) {
    while (count > 0) {
      const ssize_t written = write(descriptor_, bytes, count);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) {
        error_ = errno;
        return false;
      }
      bytes += written;
      count -= static_cast<std::size_t>(written);
      size_ += static_cast<std::uint64_t>(written);
    }
    return true;
  }

  void clear() {
    if (ftruncate(descriptor_, 0) != 0 || lseek(descriptor_, 0, SEEK_SET) != 0) fail(errno);
    size_ = 0;
  }

  void flush() {
    if (fsync(descriptor_) != 0) fail(errno);
  }

  void expect_written() const {
    if (error_ != 0) fail(error_);
  }

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
  int error_ = 0;

  [[noreturn]] void fail(int error) const {
    throw FileError(fmt::format("{}: cannot write this file: {}", path_.string(),
                                std::generic_category().message(error)));
  }
};

using Clock = std::chrono::steady_clock;

struct Transfer {
  PartialFile& file;
  const DownloadOptions& options;
  Clock::time_point last_byte = Clock::now();
  bool silent = false;
  bool too_long = false;
  bool stopped = false;
};

std::size_t on_data(char* bytes, std::size_t, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  if (transfer.file.size() + count > transfer.options.most_bytes) {
    transfer.too_long = true;
    return 0;
  }
  transfer.last_byte = Clock::now();
  return transfer.file.append(bytes, count) ? count : 0;
}

/// Called by libcurl about once a second, and whenever data arrives.
int on_tick(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& transfer = *static_cast<Transfer*>(user);
  const auto& report = transfer.options.on_progress;
  transfer.stopped = report && !report(transfer.file.size());
  // libcurl's own low-speed limit averages over seconds, and so takes long to notice.
  const std::chrono::duration<double> waited = Clock::now() - transfer.last_byte;
  transfer.silent = waited.count() > transfer.options.stall_timeout_s;
  return transfer.stopped || transfer.silent ? 1 : 0;
}

struct FreeHandle {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using Handle = std::unique_ptr<CURL, FreeHandle>;

Handle new_handle() {
  static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  Handle handle(ready ? curl_easy_init() : nullptr);
  if (!handle) throw Error("libcurl cannot be started");
  return handle;
}

void set_options(CURL* handle, const std::string& url, Transfer& transfer) {
  constexpr long kMostRedirects = 10;
  const std::string agent = "thimble/" + program_version();
  curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle, CURLOPT_USERAGENT, agent.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https,file");
  curl_easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(handle, CURLOPT_MAXREDIRS, kMostRedirects);
  curl_easy_setopt(handle, CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(1000 * transfer.options.connect_timeout_s));
  curl_easy_setopt(handle, CURLOPT_RESUME_FROM_LARGE,
                   static_cast<curl_off_t>(transfer.file.size()));
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_data);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, on_tick);
  curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &transfer);
}

/// Did the other side refuse to send the rest of a file, rather than the file?
bool cannot_continue(CURL* handle, CURLcode code) {
  constexpr long kRangeNotSatisfiable = 416;
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  return code == CURLE_RANGE_ERROR || code == CURLE_BAD_DOWNLOAD_RESUME ||
         (code == CURLE_HTTP_RETURNED_ERROR && status == kRangeNotSatisfiable);
}

}  // namespace

void download(const std::string& url, const std::filesystem::path& partial,
              const DownloadOptions& options) {
  PartialFile file(partial);
  for (;;) {
    Transfer transfer{file, options};
    const Handle handle = new_handle();
    std::array<char, CURL_ERROR_SIZE> reason{};
    curl_easy_setopt(handle.get(), CURLOPT_ERRORBUFFER, reason.data());
    set_options(handle.get(), url, transfer);
    const CURLcode code = curl_easy_perform(handle.get());

    file.expect_written();
    if (transfer.stopped) throw Cancelled(fmt::format("{}: stopped", url));
    if (transfer.too_long) {
      throw DataError(
          fmt::format("{}: longer than the {} bytes expected", url, options.most_bytes));
    }
    if (code == CURLE_OK) break;
    if (transfer.silent) {
      throw DownloadError(
          fmt::format("{}: not a byte for {}", url, format_duration(options.stall_timeout_s)));
    }
    if (file.size() > 0 && cannot_continue(handle.get(), code)) {
      file.clear();
      continue;
    }
    throw DownloadError(
        fmt::format("{}: {}", url, reason[0] ? reason.data() : curl_easy_strerror(code)));
  }
  file.flush();
}

}  // namespace thimble
