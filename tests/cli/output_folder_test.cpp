#include "cli/output_folder.hpp"

#include <gtest/gtest.h>

#include <chrono>

#include "temporary_folder.hpp"

namespace thimble::cli {
namespace {

namespace fs = std::filesystem;

TEST(FreeFolder, CountsOnWhereTheNameIsTaken) {
  const TemporaryFolder folder;
  EXPECT_EQ(free_folder(folder / "runs", "cnn"), folder / "runs/cnn");
  fs::create_directories(folder / "runs/cnn");
  EXPECT_EQ(free_folder(folder / "runs", "cnn"), folder / "runs/cnn-2");
  write_text(folder / "runs/cnn-2", "a file");
  EXPECT_EQ(free_folder(folder / "runs", "cnn"), folder / "runs/cnn-3");
}

TEST(LatestFolder, IsTheOneWhoseFileWasWrittenLast) {
  const TemporaryFolder folder;
  EXPECT_EQ(latest_folder(folder / "runs", "checkpoint"), std::nullopt);
  const auto now = fs::file_time_type::clock::now();
  for (const int age : {3, 1, 2}) {
    const fs::path run = folder / "runs" / std::to_string(age);
    fs::create_directories(run);
    write_text(run / "checkpoint", "state");
    fs::last_write_time(run / "checkpoint", now - std::chrono::minutes(age));
  }
  fs::create_directories(folder / "runs/new");
  EXPECT_EQ(latest_folder(folder / "runs", "checkpoint"), folder / "runs/1");
}

}  // namespace
}  // namespace thimble::cli
