#include "base/hash.hpp"

#include <array>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "base/error.hpp"

namespace thimble {
namespace {

void check(int ok, const char* what) {
  if (ok != 1) throw Error(fmt::format("OpenSSL refuses to {}", what));
}

}  // namespace

void Digest::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Digest::Digest(const char* algorithm) : context_(EVP_MD_CTX_new()) {
  const EVP_MD* method = EVP_get_digestbyname(algorithm);
  if (!context_ || !method || EVP_DigestInit_ex(context_.get(), method, nullptr) != 1) {
    throw Error(fmt::format("OpenSSL on this machine does not offer {}", algorithm));
  }
}

void Digest::update(std::span<const std::byte> bytes) {
  check(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()), "digest bytes");
}

std::string Digest::hex() const {
  const std::unique_ptr<EVP_MD_CTX, Free> copy(EVP_MD_CTX_new());
  check(copy && EVP_MD_CTX_copy_ex(copy.get(), context_.get()) == 1, "copy a digest");
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  check(EVP_DigestFinal_ex(copy.get(), digest.data(), &size), "finish a digest");
  std::string text;
  for (unsigned i = 0; i < size; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

std::string sha256_hex(std::span<const std::byte> bytes) {
  Sha256 digest;
  digest.update(bytes);
  return digest.hex();
}

std::string md5_hex(std::span<const std::byte> bytes) {
  Md5 digest;
  digest.update(bytes);
  return digest.hex();
}

}  // namespace thimble
