#include "base/hash.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace thimble {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

// The test vectors of RFC 1321 and FIPS 180-2.
TEST(Hash, KnownDigests) {
  EXPECT_EQ(md5_hex({}), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(md5_hex(bytes_of("message digest")), "f96b697d7cb7938d525a2f31aaf161d0");
  EXPECT_EQ(sha256_hex({}), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex(bytes_of("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

RC_GTEST_PROP(Hash, PiecesGiveTheSameAsTheWhole, (const std::string& text)) {
  const auto cut = *rc::gen::inRange<std::size_t>(0, text.size() + 1);
  Sha256 digest;
  digest.update(text.substr(0, cut));
  (void)digest.hex();  // asking in between changes nothing
  digest.update(text.substr(cut));
  RC_ASSERT(digest.hex() == sha256_hex(bytes_of(text)));
}

}  // namespace
}  // namespace thimble
