// Fingerprints of bytes: SHA-256 for our own, MD5 where a publisher gives only that.

#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace thimble {

/// A digest that grows as bytes arrive. Copies are not needed: hex() may be asked at any time.
///
/// @throws Error  from the constructor if this machine's OpenSSL refuses the algorithm
class Digest {
 public:
  void update(std::span<const std::byte> bytes);
  void update(std::string_view text) { update(std::as_bytes(std::span(text))); }

  /// The digest of everything so far, lower-case hexadecimal.
  std::string hex() const;

 protected:
  explicit Digest(const char* algorithm);

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

class Sha256 : public Digest {
 public:
  Sha256() : Digest("SHA256") {}
};

class Md5 : public Digest {
 public:
  Md5() : Digest("MD5") {}
};

/// SHA-256 of `bytes`, 64 hex digits.
std::string sha256_hex(std::span<const std::byte> bytes);
/// MD5 of `bytes`, 32 hex digits. Known files are known by it; it proves nothing against malice.
std::string md5_hex(std::span<const std::byte> bytes);

}  // namespace thimble
