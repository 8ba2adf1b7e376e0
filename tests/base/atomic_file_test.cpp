#include "base/atomic_file.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "temporary_folder.hpp"

namespace thimble {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::size_t entries(const std::filesystem::path& folder) {
  const std::filesystem::directory_iterator all(folder);
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

/// No file of this process may grow beyond `bytes` for as long as the object lives: the nearest
/// thing to a full disk that needs no rights.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : old_handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &old_limit_);
    const rlimit limit{bytes, old_limit_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &old_limit_);
    std::signal(SIGXFSZ, old_handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit old_limit_{};
  void (*old_handler_)(int);
};

/// Without root's rights for as long as the object lives; root may write anywhere.
class OrdinaryUser {
 public:
  OrdinaryUser() { (void)!seteuid(was_root_ ? 65534 : geteuid()); }
  ~OrdinaryUser() {
    if (was_root_) (void)!seteuid(0);
  }
  OrdinaryUser(const OrdinaryUser&) = delete;
  OrdinaryUser& operator=(const OrdinaryUser&) = delete;

 private:
  bool was_root_ = geteuid() == 0;
};

TEST(AtomicFile, WritesAndReplaces) {
  const TemporaryFolder folder;
  write_file(folder / "a.txt", "first");
  EXPECT_EQ(read_file(folder / "a.txt"), "first");
  write_file(folder / "a.txt", "second one");
  EXPECT_EQ(read_file(folder / "a.txt"), "second one");
  EXPECT_EQ(entries(folder.path()), 1u);
}

TEST(AtomicFile, WritesContentLargerThanItsBuffer) {
  const TemporaryFolder folder;
  std::string content;
  for (int i = 0; content.size() < 3'000'000; ++i) content += std::to_string(i);
  AtomicFile file(folder / "large");
  for (std::size_t i = 0; i < content.size(); i += 70'001) {
    file.write(std::string_view(content).substr(i, 70'001));
  }
  file.commit();
  EXPECT_EQ(read_file(folder / "large"), content);
}

TEST(AtomicFile, OverwritesWhatItWroteBefore) {
  const TemporaryFolder folder;
  AtomicFile file(folder / "target");
  file.write("0 rows: ");
  file.write(std::string(500'000, 'x'));
  file.overwrite(0, std::as_bytes(std::span("5", 1)));
  file.write("end");
  file.commit();
  EXPECT_EQ(read_text(folder / "target"), "5 rows: " + std::string(500'000, 'x') + "end");
}

TEST(AtomicFile, LeavesTheTargetAloneUntilCommitted) {
  const TemporaryFolder folder;
  write_file(folder / "a.txt", "old");
  {
    AtomicFile file(folder / "a.txt");
    file.write("new");
    EXPECT_EQ(read_file(folder / "a.txt"), "old");
  }
  EXPECT_EQ(read_file(folder / "a.txt"), "old");
  EXPECT_EQ(entries(folder.path()), 1u);
}

TEST(AtomicFile, TwoWritersOfOneTargetDoNotMix) {
  const TemporaryFolder folder;
  AtomicFile first(folder / "a.txt");
  AtomicFile second(folder / "a.txt");
  first.write("first");
  second.write("second");
  first.commit();
  EXPECT_EQ(read_file(folder / "a.txt"), "first");
  second.commit();
  EXPECT_EQ(read_file(folder / "a.txt"), "second");
}

TEST(AtomicFile, KeepsPermissionsAndLinks) {
  const TemporaryFolder folder;
  write_file(folder / "real", "old");
  chmod((folder / "real").c_str(), 0600);
  std::filesystem::create_symlink("real", folder / "link");
  write_file(folder / "link", "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_EQ(read_file(folder / "real"), "new");
  struct stat status {};
  ASSERT_EQ(stat((folder / "real").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST(AtomicFile, FullDiskNamesTheFileAndLeavesNothing) {
  const TemporaryFolder folder;
  write_file(folder / "model", "old");
  const FileSizeLimit limit(100'000);
  const std::string message =
      message_of<FileError>([&] { write_file(folder / "model", std::string(200'000, 'x')); });
  EXPECT_THAT(message, AllOf(HasSubstr((folder / "model").string()), HasSubstr("File too large")));
  EXPECT_EQ(read_file(folder / "model"), "old");
  EXPECT_EQ(entries(folder.path()), 1u);
}

TEST(AtomicFile, WritesToDevicesWithoutReplacingThem) {
  const std::string message =
      message_of<FileError>([] { write_file("/dev/full", "does not fit"); });
  EXPECT_THAT(message, AllOf(HasSubstr("/dev/full"), HasSubstr("No space left on device")));
  write_file("/dev/null", "gone");
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

TEST(AtomicFile, WritesIntoAPipe) {
  const TemporaryFolder folder;
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  std::string got;
  std::thread reader([&] { got = read_file(folder / "pipe"); });
  write_file(folder / "pipe", "through the pipe");
  reader.join();
  EXPECT_EQ(got, "through the pipe");
}

TEST(AtomicFile, UnwritableFolderIsAnError) {
  const TemporaryFolder folder;
  chmod(folder.path().c_str(), 0555);
  std::string message;
  {
    const OrdinaryUser user;
    message = message_of<FileError>([&] { write_file(folder / "a.txt", "x"); });
  }
  chmod(folder.path().c_str(), 0755);
  EXPECT_THAT(message,
              AllOf(HasSubstr((folder / "a.txt").string()), HasSubstr("Permission denied")));
}

TEST(AtomicFile, MakesNoFolders) {
  const TemporaryFolder folder;
  EXPECT_THAT(message_of<FileError>([&] { write_file(folder / "no/a.txt", "x"); }),
              AllOf(HasSubstr("no/a.txt"), HasSubstr("No such file or directory")));
  EXPECT_THAT(message_of<FileError>([&] { write_file(folder.path(), "x"); }),
              HasSubstr("Is a directory"));
}

TEST(ReadFile, RefusesWhatIsLargerThanTheLimit) {
  const TemporaryFolder folder;
  write_file(folder / "a.txt", "12345");
  EXPECT_EQ(read_file(folder / "a.txt", 5), "12345");
  EXPECT_THAT(message_of<FileError>([&] { read_file(folder / "a.txt", 4); }),
              AllOf(HasSubstr("a.txt"), HasSubstr("at most 4")));
  // A device says nothing of its size.
  EXPECT_THROW(read_file("/dev/zero", 1'000'000), FileError);
}

TEST(ReadFile, MissingFileAndFolderAreErrors) {
  const TemporaryFolder folder;
  EXPECT_THAT(message_of<FileError>([&] { read_file(folder / "none"); }),
              AllOf(HasSubstr("none"), HasSubstr("No such file or directory")));
  EXPECT_THAT(message_of<FileError>([&] { read_file(folder.path()); }),
              HasSubstr("Is a directory"));
}

}  // namespace
}  // namespace thimble
