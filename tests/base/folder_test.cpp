#include "base/folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "temporary_folder.hpp"

namespace thimble {
namespace {

using ::testing::HasSubstr;

TEST(MakeFolder, MakesAllOfThePathOnce) {
  const TemporaryFolder folder;
  EXPECT_TRUE(make_folder(folder / "a/b/c"));
  EXPECT_TRUE(std::filesystem::is_directory(folder / "a/b/c"));
  EXPECT_FALSE(make_folder(folder / "a/b/c"));
}

TEST(MakeFolder, NamesAFileInTheWay) {
  const TemporaryFolder folder;
  write_text(folder / "a", "a file");
  EXPECT_THAT(message_of<FileError>([&] { make_folder(folder / "a"); }),
              HasSubstr("a: cannot make this folder: "));
  EXPECT_THAT(message_of<FileError>([&] { make_folder(folder / "a/b"); }),
              HasSubstr("a/b: cannot make this folder: "));
}

}  // namespace
}  // namespace thimble
