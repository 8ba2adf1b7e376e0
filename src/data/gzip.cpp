#include "data/gzip.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/text.hpp"

namespace thimble {
namespace {

constexpr std::size_t kInputBytes = std::size_t{1} << 18;
constexpr int kGzipWindow = 15 + 16;  // 32 KiB window, gzip header and trailer (zlib.h)
// Deflate codes at most 258 bytes in 2 bits: 1032 to 1 (zlib's technical notes).
constexpr std::uint64_t kMostInflation = 1032;

[[noreturn]] void fail_to_read(const std::filesystem::path& path, int error) {
  throw FileError(fmt::format("{}: cannot read this file: {}", path.string(),
                              std::generic_category().message(error)));
}

uInt clamp_to_uint(std::size_t n) {
  return static_cast<uInt>(std::min<std::size_t>(n, std::numeric_limits<uInt>::max()));
}

}  // namespace

struct GzipReader::Inflater {
  Inflater() : input(kInputBytes) {
    if (inflateInit2(&stream, kGzipWindow) != Z_OK) throw Error("zlib cannot start to inflate");
  }
  ~Inflater() { inflateEnd(&stream); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  z_stream stream{};
  std::vector<std::uint8_t> input;
  bool member_open = true;
  bool finished = false;
};

GzipReader::GzipReader(std::filesystem::path path) : path_(std::move(path)) {
  descriptor_ = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0) fail_to_read(path_, errno);
  // The destructor does not run when a constructor throws.
  try {
    struct stat status {};
    if (fstat(descriptor_, &status) != 0) fail_to_read(path_, errno);
    if (!S_ISREG(status.st_mode)) throw FileError(fmt::format("{}: not a regular file", name()));
    file_bytes_ = static_cast<std::uint64_t>(status.st_size);

    std::uint8_t magic[2] = {};
    compressed_ = read_file(magic) == 2 && magic[0] == 0x1F && magic[1] == 0x8B;
    if (lseek(descriptor_, 0, SEEK_SET) != 0) fail_to_read(path_, errno);
    if (compressed_) inflater_ = std::make_unique<Inflater>();
  } catch (...) {
    close(descriptor_);
    throw;
  }
}

GzipReader::~GzipReader() { close(descriptor_); }

std::size_t GzipReader::read(std::span<std::uint8_t> out) {
  std::size_t filled = 0;
  if (peeked_ && !out.empty()) {
    out[filled++] = peek_;
    peeked_ = false;
  }
  return filled +
         (compressed_ ? inflate_some(out.subspan(filled)) : read_file(out.subspan(filled)));
}

bool GzipReader::at_end() {
  if (!peeked_) peeked_ = read({&peek_, 1}) == 1;
  return !peeked_;
}

std::uint64_t GzipReader::most_bytes() const {
  return compressed_ ? file_bytes_ * kMostInflation : file_bytes_;
}

std::size_t GzipReader::read_file(std::span<std::uint8_t> out) {
  std::size_t filled = 0;
  while (filled < out.size()) {
    const ssize_t got = ::read(descriptor_, out.data() + filled, out.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_to_read(path_, errno);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  return filled;
}

std::size_t GzipReader::inflate_some(std::span<std::uint8_t> out) {
  z_stream& stream = inflater_->stream;
  std::size_t filled = 0;
  while (filled < out.size() && !inflater_->finished) {
    if (stream.avail_in == 0) {
      stream.next_in = inflater_->input.data();
      stream.avail_in = static_cast<uInt>(read_file(inflater_->input));
    }
    if (!inflater_->member_open) {
      if (!next_member()) inflater_->finished = true;
      continue;
    }
    if (stream.avail_in == 0) {
      throw DataError(fmt::format("{}: the gzip data is cut short after {}", name(),
                                  format_bytes(stream.total_out)));
    }
    const uInt room = clamp_to_uint(out.size() - filled);
    stream.next_out = out.data() + filled;
    stream.avail_out = room;
    const int status = inflate(&stream, Z_NO_FLUSH);
    filled += room - stream.avail_out;
    if (status == Z_STREAM_END) {
      inflater_->member_open = false;
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      throw DataError(fmt::format("{}: the gzip data is damaged after {}: {}", name(),
                                  format_bytes(stream.total_out),
                                  stream.msg ? stream.msg : "no reason given by zlib"));
    }
  }
  return filled;
}

/// A gzip file may be several, one after the other (RFC 1952, 2.2), and be padded with zeros.
bool GzipReader::next_member() {
  z_stream& stream = inflater_->stream;
  for (;;) {
    while (stream.avail_in > 0 && *stream.next_in == 0) {
      ++stream.next_in;
      --stream.avail_in;
    }
    if (stream.avail_in > 0) break;
    stream.next_in = inflater_->input.data();
    stream.avail_in = static_cast<uInt>(read_file(inflater_->input));
    if (stream.avail_in == 0) return false;
  }
  if (*stream.next_in != 0x1F) {
    throw DataError(fmt::format("{}: something that is not gzip follows the gzip data", name()));
  }
  if (inflateReset(&stream) != Z_OK) throw Error("zlib cannot start to inflate");
  inflater_->member_open = true;
  return true;
}

std::string gzip(std::span<const std::uint8_t> bytes) {
  z_stream stream{};
  constexpr int kMemoryLevel = 9;
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, kMemoryLevel,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    throw Error("zlib cannot start to compress");
  }
  std::string compressed;
  std::vector<std::uint8_t> piece(kInputBytes);
  int status = Z_OK;
  while (status != Z_STREAM_END) {
    if (stream.avail_in == 0 && !bytes.empty()) {
      stream.next_in = const_cast<Bytef*>(bytes.data());  // zlib reads it only
      stream.avail_in = clamp_to_uint(bytes.size());
      bytes = bytes.subspan(stream.avail_in);
    }
    stream.next_out = piece.data();
    stream.avail_out = static_cast<uInt>(piece.size());
    status = deflate(&stream, bytes.empty() ? Z_FINISH : Z_NO_FLUSH);
    compressed.append(reinterpret_cast<const char*>(piece.data()), piece.size() - stream.avail_out);
  }
  deflateEnd(&stream);
  return compressed;
}

}  // namespace thimble
