#include <csignal>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/run_program.hpp"
#include "data/mirror_server.hpp"
#include "data/source.hpp"
#include "imaging/codec.hpp"

namespace thimble {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class DataCommand : public ::testing::Test {
 protected:
  TemporaryFolder folder_;
  const std::string synthetic_ = "synthetic:seed=3,train=40,test=20";

  Outcome data(std::vector<std::string> arguments, rlim_t largest_file = 0) {
    arguments.insert(arguments.begin(), "data");
    return run_thimble(folder_.path(), arguments, largest_file);
  }
};

TEST_F(DataCommand, InfoTellsWhatThereIs) {
  const Outcome outcome = data({"info", synthetic_});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("drawn by Thimble"), HasSubstr("pictures     28x28 grey\n"),
                    HasSubstr("train        40 samples, fingerprint "),
                    HasSubstr("    9  Ankle boot           4          2\n")));
  EXPECT_THAT(outcome.err, StartsWith("note: synthetic data"));
}

TEST_F(DataCommand, InfoAsJson) {
  const Outcome outcome = data({"info", synthetic_, "--json"});
  const nlohmann::json info = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(info.at("name"), "synthetic");
  EXPECT_EQ(info.at("synthetic"), true);
  EXPECT_EQ(info.at("published"), false);
  EXPECT_EQ(info.at("shape"), nlohmann::json({28, 28, 1}));
  EXPECT_EQ(info.at("classes").at(0), "T-shirt/top");
  EXPECT_EQ(info.at("splits").at("test").at("samples"), 20);
  EXPECT_EQ(info.at("splits").at("train").at("class_counts"),
            nlohmann::json(std::vector<int>(10, 4)));
  EXPECT_EQ(info.at("splits").at("train").at("fingerprint"),
            load_dataset(synthetic_).train.provenance.fingerprint);
}

TEST_F(DataCommand, ConvertsWithoutLoss) {
  EXPECT_EQ(data({"convert", synthetic_, "--to", "images", "a"}).status, 0);
  EXPECT_EQ(data({"convert", "a", "--to", "csv", "b"}).status, 0);
  EXPECT_EQ(data({"convert", "b", "--to", "idx", "c", "--gzip"}).status, 0);
  const DatasetSplits original = load_dataset(synthetic_);
  const DatasetSplits copy = load_dataset((folder_ / "c").string());
  EXPECT_EQ(copy.train.provenance.fingerprint, original.train.provenance.fingerprint);
  EXPECT_EQ(copy.test->provenance.fingerprint, original.test->provenance.fingerprint);
  EXPECT_TRUE(copy.train.provenance.synthetic);
  EXPECT_THAT(data({"info", "c"}).err, HasSubstr("note: synthetic data"));
}

TEST_F(DataCommand, ConvertRefusesAFolderInUse) {
  fs::create_directories(folder_ / "used" / "already");
  const Outcome outcome = data({"convert", synthetic_, "--to", "idx", "used"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("used: exists and is not empty"));
}

TEST_F(DataCommand, ConvertLeavesNothingHalfWrittenOnAFullDisk) {
  for (const char* format : {"idx", "csv"}) {
    const Outcome outcome = data({"convert", synthetic_, "--to", format, "out"}, 5000);
    EXPECT_EQ(outcome.status, 1) << format;
    EXPECT_THAT(outcome.err, HasSubstr("cannot write")) << format;
    EXPECT_TRUE(fs::is_empty(folder_.path())) << format;
  }
}

TEST_F(DataCommand, ShowDrawsASheet) {
  const Outcome outcome = data({"show", synthetic_, "--out", "sheet.png", "--split", "test"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  const Picture sheet = read_picture(folder_ / "sheet.png");
  EXPECT_EQ(sheet.shape.channels, 3);
  EXPECT_GT(sheet.shape.height, 10 * 28);
}

TEST_F(DataCommand, WrongUsageIsStatusTwo) {
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {},
           {"inof"},
           {"info"},
           {"info", "fashion-mnits"},
           {"info", "no/such/folder"},
           {"info", "synthetic:sed=3"},
           {"convert", synthetic_, "--to", "png", "out"},
           {"convert", synthetic_, "--to", "csv", "--gzip", "out"},
           {"show", synthetic_, "--split", "validation"},
           {"show", synthetic_, "--count", "0"},
           {"show", "synthetic:test=0", "--split", "test"},
           {"fetch", "synthetic"}}) {
    const Outcome outcome = data(arguments);
    EXPECT_EQ(outcome.status, 2) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("thimble: error: "));
  }
}

TEST_F(DataCommand, BadDataIsStatusOne) {
  write_text(folder_ / "bad.csv", "label,pixel1\n1,300\n");
  const Outcome outcome = data({"info", "bad.csv"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.err, "thimble: error: bad.csv, line 2, column 2: value 300 is over 255\n");
}

TEST_F(DataCommand, HelpHasExamples) {
  for (const char* command : {"fetch", "info", "convert", "show"}) {
    const Outcome outcome = data({command, "--help"});
    EXPECT_EQ(outcome.status, 0);
    EXPECT_THAT(outcome.out, HasSubstr(std::string("\n  thimble data ") + command));
  }
}

class DataFetchCommand : public DataCommand {
 protected:
  std::unique_ptr<MirrorServer> server_;

  void SetUp() override {
    fs::create_directories(folder_ / "served");
    write_text(folder_ / "served" / "train-images-idx3-ubyte.gz", std::string(4000, 'x'));
    server_ = std::make_unique<MirrorServer>(folder_ / "served");
    if (!server_->started()) GTEST_SKIP() << "no python3 for the server";
  }
};

TEST_F(DataFetchCommand, RefusesWhatIsNotFashionMnist) {
  const Outcome outcome =
      data({"fetch", "fashion-mnist", "--data-dir", "data", "--mirror", server_->url("good")});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("4000 bytes, expected 26421880"),
                                 HasSubstr("before 31 August 2017")));
  EXPECT_TRUE(fs::is_empty(folder_ / "data" / "fashion-mnist"));
}

TEST_F(DataFetchCommand, ControlCKeepsWhatArrived) {
  const fs::path part = folder_ / "data" / "mnist" / "train-images-idx3-ubyte.gz.part";
  RunningProgram program(folder_.path(), {"data", "fetch", "mnist", "--data-dir", "data",
                                          "--mirror", server_->url("stall")});
  std::error_code absent;
  for (int wait = 0; wait < 1000 && (!fs::exists(part) || fs::file_size(part, absent) == 0);
       ++wait) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  program.send(SIGINT);
  const Outcome outcome = program.wait();
  EXPECT_NE(outcome.status, 0);
  EXPECT_THAT(outcome.err, HasSubstr("the same command continues where it was"));
  EXPECT_EQ(fs::file_size(part), 2000u);
}

}  // namespace
}  // namespace thimble
