#include "data/fetch.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/random.hpp"
#include "data/mirror_server.hpp"
#include "temporary_folder.hpp"

namespace thimble {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class Watcher : public Progress {
 public:
  std::uint64_t stop_at = UINT64_MAX;
  std::uint64_t most = 0;
  std::uint64_t total = 0;
  std::vector<std::string> messages;

  void update(std::uint64_t done, std::uint64_t all, const std::string&) override {
    most = std::max(most, done);
    total = all;
  }
  void message(const std::string& text) override { messages.push_back(text); }
  bool stop_requested() const override { return most >= stop_at; }
};

class Fetch : public ::testing::Test {
 protected:
  TemporaryFolder folder_;
  fs::path target_ = folder_ / "data" / "shoes";
  PublishedDataset dataset_{.name = "shoes",
                            .title = "Shoes",
                            .torchvision_folder = "Shoes",
                            .classes = {"boot"},
                            .files = {},
                            .mirrors = {},
                            .train_content = "",
                            .test_content = "",
                            .known_impostor = "the leaky first release"};
  std::unique_ptr<MirrorServer> server_;

  void SetUp() override {
    fs::create_directories(folder_ / "served");
    for (const auto& [name, bytes] : {std::pair("first.gz", 3500), std::pair("second.gz", 400)}) {
      Random random(static_cast<std::uint64_t>(bytes));
      std::string content;
      for (int i = 0; i < bytes; ++i) content += static_cast<char>(random.below(256));
      write_text(folder_ / "served" / name, content);
      const auto span = std::as_bytes(std::span(content));
      dataset_.files.push_back({name, content.size(), md5_hex(span), sha256_hex(span)});
    }
    server_ = std::make_unique<MirrorServer>(folder_ / "served");
    if (!server_->started()) GTEST_SKIP() << "no python3 for the server";
  }

  FetchReport fetch(const std::vector<std::string>& habits, Progress* progress = nullptr) {
    FetchOptions options{.data_dir = folder_ / "data", .mirrors = {}, .progress = progress};
    for (const std::string& habit : habits) options.mirrors.push_back(server_->url(habit));
    options.stall_timeout_s = 0.5;
    options.connect_timeout_s = 2;
    return fetch_dataset(dataset_, options);
  }
  std::string served(const std::string& name) { return read_text(folder_ / "served" / name); }
  void put_part(const std::string& content) {
    fs::create_directories(target_);
    write_text(target_ / "first.gz.part", content);
  }
  void expect_whole() {
    EXPECT_EQ(read_text(target_ / "first.gz"), served("first.gz"));
    EXPECT_EQ(read_text(target_ / "second.gz"), served("second.gz"));
    EXPECT_FALSE(fs::exists(target_ / "first.gz.part"));
  }
};

TEST_F(Fetch, GetsEveryFileOnce) {
  Watcher watcher;
  const FetchReport report = fetch({"good"}, &watcher);
  EXPECT_EQ(report.folder, target_);
  EXPECT_THAT(report.fetched, ElementsAre("first.gz", "second.gz"));
  EXPECT_EQ(watcher.total, 3900u);
  EXPECT_EQ(watcher.most, 3900u);
  expect_whole();

  const FetchReport again = fetch({"missing"});
  EXPECT_THAT(again.fetched, IsEmpty());
  EXPECT_THAT(again.present, ElementsAre("first.gz", "second.gz"));
}

TEST_F(Fetch, ContinuesWhatAnEarlierCallBegan) {
  put_part(served("first.gz").substr(0, 1200));
  fetch({"good"});
  EXPECT_EQ(server_->line(), "good first.gz bytes=1200-");
  expect_whole();
}

TEST_F(Fetch, StartsOverWhereAServerCannotContinue) {
  put_part(served("first.gz").substr(0, 1200));
  fetch({"norange"});
  EXPECT_EQ(server_->line(), "norange first.gz bytes=1200-");
  EXPECT_EQ(server_->line(), "norange first.gz -");
  expect_whole();
}

TEST_F(Fetch, GoesOnAfterCutConnections) {
  fetch({"cut"});
  EXPECT_EQ(server_->line(), "cut first.gz -");
  EXPECT_EQ(server_->line(), "cut first.gz bytes=1000-");
  EXPECT_EQ(server_->line(), "cut first.gz bytes=2000-");
  EXPECT_EQ(server_->line(), "cut first.gz bytes=3000-");
  expect_whole();
}

TEST_F(Fetch, TakesTheNextMirrorAndSaysWhy) {
  Watcher watcher;
  fetch({"missing", "wrong", "stall", "redirect"}, &watcher);
  expect_whole();
  ASSERT_GE(watcher.messages.size(), 3u);
  EXPECT_THAT(watcher.messages[0], AllOf(HasSubstr("missing/first.gz"), HasSubstr("404")));
  EXPECT_THAT(watcher.messages[1], HasSubstr("not the published file: MD5"));
  EXPECT_THAT(watcher.messages[2], HasSubstr("stall/first.gz"));
}

TEST_F(Fetch, ContinuesOneMirrorsPartWithAnother) {
  fetch({"stall", "good"});
  EXPECT_EQ(server_->line(), "stall first.gz -");
  EXPECT_EQ(server_->line(), "stall first.gz bytes=1750-");
  EXPECT_EQ(server_->line(), "good first.gz bytes=1750-");
  expect_whole();
}

TEST_F(Fetch, RefusesWhatIsNotThePublishedFile) {
  for (const std::string habit : {"wrong", "long", "short"}) {
    EXPECT_THAT(message_of<DataError>([&] { fetch({habit}); }),
                AllOf(HasSubstr("first.gz: no mirror offers the published file"),
                      HasSubstr("A likely cause: it is the leaky first release")))
        << habit;
    EXPECT_TRUE(fs::is_empty(target_)) << habit;
  }
}

TEST_F(Fetch, StartsOverWhereTheEarlierPartWasWrong) {
  put_part(std::string(1200, 'x'));
  fetch({"good"});
  expect_whole();
  // A part as long as the file, or longer, is judged without asking for more.
  fs::remove_all(target_);
  put_part(std::string(9000, 'x'));
  fetch({"good"});
  expect_whole();
}

TEST_F(Fetch, ReplacesADamagedFile) {
  fs::create_directories(target_);
  write_text(target_ / "first.gz", "damaged");
  EXPECT_THAT(fetch({"good"}).fetched, ElementsAre("first.gz", "second.gz"));
  expect_whole();
}

TEST_F(Fetch, KeepsThePartWhenStopped) {
  Watcher watcher;
  watcher.stop_at = 1;
  EXPECT_THAT(message_of<Cancelled>([&] { fetch({"stall"}, &watcher); }),
              HasSubstr("first.gz: stopped; the same command continues"));
  EXPECT_GT(fs::file_size(target_ / "first.gz.part"), 0u);
  fetch({"good"});
  EXPECT_EQ(server_->line(), "stall first.gz -");
  EXPECT_THAT(server_->line(), StartsWith("good first.gz bytes="));
  expect_whole();
}

TEST_F(Fetch, ListsEveryMirrorThatFailed) {
  // Port 9 of this machine: nothing listens there.
  FetchOptions options{.data_dir = folder_ / "data",
                       .mirrors = {"http://127.0.0.1:9/", server_->url("missing")}};
  EXPECT_THAT(
      message_of<FileError>([&] { fetch_dataset(dataset_, options); }),
      AllOf(HasSubstr("first.gz: cannot be fetched"), HasSubstr("127.0.0.1:9/first.gz"),
            HasSubstr("missing/first.gz"), HasSubstr("--mirror"), HasSubstr(target_.string())));
}

TEST_F(Fetch, TakesAFolderAsMirror) {
  FetchOptions options{.data_dir = folder_ / "data",
                       .mirrors = {"file://" + (folder_ / "served").string()}};
  fetch_dataset(dataset_, options);
  expect_whole();
}

TEST_F(Fetch, PutsTheNameIntoTheAddress) {
  fs::create_directories(folder_ / "served" / "shoes");
  for (const char* name : {"first.gz", "second.gz"}) {
    fs::copy_file(folder_ / "served" / name, folder_ / "served" / "shoes" / name);
  }
  FetchOptions options{.data_dir = folder_ / "data", .mirrors = {server_->url("good") + "{name}"}};
  fetch_dataset(dataset_, options);
  EXPECT_EQ(server_->line(), "good shoes/first.gz -");
  expect_whole();
}

TEST_F(Fetch, DoesNotMixWithAnotherProcess) {
  put_part("");
  const int other = open((target_ / "first.gz.part").c_str(), O_RDWR);
  ASSERT_EQ(flock(other, LOCK_EX), 0);
  EXPECT_THAT(message_of<FileError>([&] { fetch({"good"}); }),
              HasSubstr("being written by another process"));
  close(other);
}

TEST_F(Fetch, SaysWhenTheFolderCannotBeMade) {
  write_text(folder_ / "data", "a file");
  EXPECT_THAT(message_of<FileError>([&] { fetch({"good"}); }),
              HasSubstr("cannot make this folder"));
}

TEST(FetchByName, KnowsWhatThereIs) {
  EXPECT_THAT(message_of<UsageError>([] { fetch_dataset("fashion-mnits"); }),
              HasSubstr("did you mean 'fashion-mnist'"));
  EXPECT_THAT(message_of<UsageError>([] { fetch_dataset("synthetic:seed=1"); }),
              HasSubstr("nothing to fetch"));
}

}  // namespace
}  // namespace thimble
