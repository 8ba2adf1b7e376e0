#include "serve/access_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "temporary_folder.hpp"

namespace thimble::serve {
namespace {

std::vector<nlohmann::json> lines_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::vector<nlohmann::json> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

AccessRecord record(const std::string& id) {
  AccessRecord record;
  record.id = id;
  record.client = "127.0.0.1";
  record.method = "POST";
  record.path = "/v1/classify";
  record.status = 200;
  record.bytes_in = 700;
  record.bytes_out = 300;
  record.milliseconds = 2.5;
  return record;
}

TEST(AccessLog, WritesOneObjectForARequest) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "access.log";
  {
    AccessLog log(path);
    AccessRecord first = record("a-1");
    first.further = {{"model", "cnn"}, {"pictures", "2"}};
    log.write(first);
    log.write(record("a-2"));
  }
  const auto lines = lines_of(path);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_THAT(lines[0]["time"].get<std::string>(),
              testing::MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{3}Z"));
  EXPECT_EQ(lines[0]["id"], "a-1");
  EXPECT_EQ(lines[0]["client"], "127.0.0.1");
  EXPECT_EQ(lines[0]["method"], "POST");
  EXPECT_EQ(lines[0]["path"], "/v1/classify");
  EXPECT_EQ(lines[0]["status"], 200);
  EXPECT_EQ(lines[0]["bytes_in"], 700);
  EXPECT_EQ(lines[0]["bytes_out"], 300);
  EXPECT_EQ(lines[0]["milliseconds"], 2.5);
  EXPECT_EQ(lines[0]["model"], "cnn");
  EXPECT_EQ(lines[0]["pictures"], "2");
  EXPECT_EQ(lines[1]["id"], "a-2");
}

TEST(AccessLog, IsJsonWhateverAClientSends) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "access.log";
  {
    AccessLog log(path);
    AccessRecord odd = record("x");
    odd.path = "/\"\\\n\t\x01\x7F\xFF\xC3\xA9\xED\xA0\x80";
    log.write(odd);
  }
  const auto lines = lines_of(path);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_THAT(lines[0]["path"].get<std::string>(), testing::StartsWith("/\"\\\n\t\x01\x7F"));
  EXPECT_THAT(lines[0]["path"].get<std::string>(), testing::HasSubstr("\xEF\xBF\xBD\xC3\xA9"));
}

TEST(AccessLog, SaysHowManyItDropped) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "access.log";
  constexpr std::uint64_t kRecords = 40'000;
  {
    AccessLog log(path);
    for (std::uint64_t i = 0; i < kRecords; ++i) log.write(record("r"));
  }
  std::uint64_t told = 0;
  for (const nlohmann::json& line : lines_of(path)) {
    told += line.contains("dropped") ? line["dropped"].get<std::uint64_t>() : 1;
  }
  EXPECT_EQ(told, kRecords);
}

TEST(AccessLog, GoesOnInANewFileWhenReopened) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "access.log";
  {
    AccessLog log(path);
    log.write(record("before"));
    while (lines_of(path).empty()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    std::filesystem::rename(path, folder.path() / "access.log.1");
    log.reopen();
    while (!std::filesystem::exists(path))
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    log.write(record("after"));
  }
  ASSERT_EQ(lines_of(path).size(), 1u);
  EXPECT_EQ(lines_of(path)[0]["id"], "after");
}

TEST(AccessLog, RefusesAFileThatCannotBeOpened) {
  EXPECT_THROW(AccessLog("/nowhere/access.log"), FileError);
  EXPECT_FALSE(AccessLog("").enabled());
  EXPECT_TRUE(AccessLog("-").enabled());
}

}  // namespace
}  // namespace thimble::serve
