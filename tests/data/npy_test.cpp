#include "data/npy.hpp"

#include <cstdio>
#include <cstring>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "temporary_folder.hpp"

namespace thimble {
namespace {

std::string expected_header(const std::string& dictionary) {
  std::string text("\x93NUMPY\x01\x00\x76\x00", 10);  // version 1.0, 118 bytes of text
  text += dictionary;
  text.resize(127, ' ');
  return text + "\n";
}

TEST(NpyWriter, WritesWhatTheFormatSays) {
  const TemporaryFolder folder;
  const auto path = folder / "features.npy";
  NpyWriter<float> writer(path, 3);
  const std::vector<float> values = {1, -2.5F, 3, 4, 5, 6e-30F};
  writer.write(std::span(values).first(3));
  writer.write(std::span(values).subspan(3));
  EXPECT_EQ(writer.rows(), 2U);
  EXPECT_FALSE(std::filesystem::exists(path));
  writer.commit();

  std::string expected =
      expected_header("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }");
  expected.append(reinterpret_cast<const char*>(values.data()), sizeof(float) * values.size());
  EXPECT_EQ(read_text(path), expected);
}

TEST(NpyWriter, WritesLabelsInOneDimension) {
  const TemporaryFolder folder;
  NpyWriter<std::int64_t> writer(folder / "labels.npy");
  const std::vector<std::int64_t> values = {9, 0, -1};
  writer.write(values);
  writer.commit();
  std::string expected =
      expected_header("{'descr': '<i8', 'fortran_order': False, 'shape': (3,), }");
  expected.append(reinterpret_cast<const char*>(values.data()), 8 * values.size());
  EXPECT_EQ(read_text(folder / "labels.npy"), expected);
}

TEST(NpyWriter, LeavesNothingWithoutACommit) {
  const TemporaryFolder folder;
  {
    NpyWriter<float> writer(folder / "features.npy", 2);
    writer.write(std::vector<float>{1, 2});
    EXPECT_THROW(writer.write(std::vector<float>{1, 2, 3}), ShapeError);
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  EXPECT_THROW(NpyWriter<float>(folder / "missing" / "features.npy", 2), FileError);
}

TEST(NpyWriter, NumPyReadsIt) {
  const TemporaryFolder folder;
  NpyWriter<float> features(folder / "features.npy", 2);
  features.write(std::vector<float>{0.5F, 1, -3, 0});
  features.commit();
  const std::string line = "/usr/bin/python3 -c \"import numpy as np; a = np.load('" +
                           (folder / "features.npy").string() +
                           "'); print(a.dtype, a.shape, a.tolist())\" 2>&1";
  FILE* pipe = popen(line.c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::string out;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) out += static_cast<char>(c);
  if (pclose(pipe) != 0) GTEST_SKIP() << "no NumPy here: " << out;
  EXPECT_EQ(out, "float32 (2, 2) [[0.5, 1.0], [-3.0, 0.0]]\n");
}

}  // namespace
}  // namespace thimble
