#include "data/gzip.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/error.hpp"
#include "base/random.hpp"
#include "temporary_folder.hpp"

namespace thimble {
namespace {

using ::testing::HasSubstr;
using Bytes = std::vector<std::uint8_t>;

std::string compressed(const Bytes& bytes) { return gzip(bytes); }
std::string text_of(const Bytes& bytes) { return {bytes.begin(), bytes.end()}; }

/// Reads everything, `step` bytes at a time.
Bytes read_all(const std::filesystem::path& path, std::size_t step) {
  GzipReader reader(path);
  Bytes all;
  Bytes piece(step);
  while (const std::size_t got = reader.read(piece)) {
    all.insert(all.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(got));
  }
  EXPECT_TRUE(reader.at_end());
  return all;
}

Bytes random_bytes(std::size_t n, std::uint64_t values = 256) {
  Random random(n);
  Bytes bytes(n);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random.below(values));
  return bytes;
}

TEST(GzipReader, ReadsPlainAndCompressedAlike) {
  const TemporaryFolder folder;
  EXPECT_TRUE(rc::check("what was written comes back", [&] {
    const auto bytes = *rc::gen::arbitrary<Bytes>();
    const auto step = *rc::gen::inRange<std::size_t>(1, 50);
    // Bytes that happen to begin as gzip does cannot be told from gzip.
    const bool begins_as_gzip = bytes.size() >= 2 && bytes[0] == 0x1F && bytes[1] == 0x8B;
    RC_PRE(!begins_as_gzip);
    write_text(folder / "plain", text_of(bytes));
    write_text(folder / "gzip", compressed(bytes));
    RC_ASSERT(read_all(folder / "plain", step) == bytes);
    RC_ASSERT(read_all(folder / "gzip", step) == bytes);
  }));
}

TEST(GzipReader, ReadsMoreThanItsBuffer) {
  const TemporaryFolder folder;
  const Bytes bytes = random_bytes(3'000'001);
  write_text(folder / "gzip", compressed(bytes));
  EXPECT_EQ(read_all(folder / "gzip", 4'000'000), bytes);
  EXPECT_EQ(read_all(folder / "gzip", 4'321), bytes);
}

TEST(GzipReader, ReadsSeveralMembersAndPadding) {
  const TemporaryFolder folder;
  write_text(folder / "two",
             compressed({1, 2}) + compressed({}) + compressed({3}) + std::string(600'000, '\0'));
  EXPECT_EQ(read_all(folder / "two", 1), (Bytes{1, 2, 3}));
}

TEST(GzipReader, LooksAheadWithoutLosingAByte) {
  const TemporaryFolder folder;
  write_text(folder / "plain", "ab");
  GzipReader reader(folder / "plain");
  EXPECT_FALSE(reader.at_end());
  EXPECT_FALSE(reader.at_end());
  Bytes two(2);
  EXPECT_EQ(reader.read(two), 2u);
  EXPECT_EQ(text_of(two), "ab");
  EXPECT_TRUE(reader.at_end());
}

TEST(GzipReader, RefusesEveryTruncation) {
  const TemporaryFolder folder;
  const std::string whole = compressed(random_bytes(300, 5));
  for (std::size_t length = 2; length < whole.size(); ++length) {
    write_text(folder / "cut.gz", whole.substr(0, length));
    EXPECT_THAT(message_of<DataError>([&] { read_all(folder / "cut.gz", 64); }),
                HasSubstr("cut.gz: the gzip data is cut short"))
        << length;
  }
}

TEST(GzipReader, NeverTakesDamagedContent) {
  const TemporaryFolder folder;
  const Bytes bytes = random_bytes(60, 9);
  const std::string whole = compressed(bytes);
  constexpr std::size_t kMagicBytes = 2;
  for (std::size_t bit = 8 * kMagicBytes; bit < 8 * whole.size(); ++bit) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    write_text(folder / "bad.gz", damaged);
    // Some bits mean nothing: time and system in the header, filling after the last code.
    try {
      EXPECT_EQ(read_all(folder / "bad.gz", 64), bytes) << bit;
    } catch (const DataError&) {
    }
  }
}

TEST(GzipReader, RefusesWhatFollowsTheData) {
  const TemporaryFolder folder;
  write_text(folder / "more.gz", compressed({1, 2, 3}) + "more");
  EXPECT_THAT(message_of<DataError>([&] { read_all(folder / "more.gz", 64); }),
              HasSubstr("not gzip follows"));
}

TEST(GzipReader, SaysWhatCannotBeOpened) {
  const TemporaryFolder folder;
  EXPECT_THAT(message_of<FileError>([&] { GzipReader reader(folder / "none"); }),
              HasSubstr("none: cannot read this file"));
  EXPECT_THAT(message_of<FileError>([&] { GzipReader reader(folder.path()); }),
              HasSubstr("not a regular file"));
}

TEST(GzipReader, BoundsWhatCanComeOut) {
  const TemporaryFolder folder;
  const Bytes zeros(5'000'000);
  write_text(folder / "zeros.gz", compressed(zeros));
  EXPECT_GE(GzipReader(folder / "zeros.gz").most_bytes(), zeros.size());
  write_text(folder / "plain", "12345");
  EXPECT_EQ(GzipReader(folder / "plain").most_bytes(), 5u);
}

TEST(Gzip, SameBytesGiveTheSameFile) { EXPECT_EQ(compressed({1, 2, 3}), compressed({1, 2, 3})); }

}  // namespace
}  // namespace thimble
