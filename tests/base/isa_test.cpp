#include "base/isa.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"

namespace thimble {
namespace {

constexpr Isa kAll[] = {Isa::portable, Isa::avx2, Isa::avx512, Isa::avx512_bf16, Isa::amx};

std::string refusal(Isa machine, const std::string& name) {
  try {
    limited(machine, name);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "none";
}

TEST(Isa, TheVariableNarrows) {
  for (const Isa machine : kAll) {
    EXPECT_EQ(limited(machine, ""), machine);
    for (const Isa wanted : kAll) {
      if (wanted <= machine) {
        EXPECT_EQ(limited(machine, to_string(wanted)), wanted);
      }
    }
  }
}

TEST(Isa, TheVariableNeverWidens) {
  for (const Isa machine : kAll) {
    for (const Isa wanted : kAll) {
      if (wanted > machine) {
        EXPECT_EQ(refusal(machine, to_string(wanted)),
                  std::string("THIMBLE_ISA: '") + to_string(wanted) +
                      "', but this machine has no more than " + to_string(machine));
      }
    }
  }
}

TEST(Isa, AnUnknownNameIsRefused) {
  for (const Isa machine : kAll) {
    EXPECT_EQ(refusal(machine, "sse9"),
              "THIMBLE_ISA: 'sse9', expected portable, avx2, avx512, avx512_bf16 or amx");
    EXPECT_NE(refusal(machine, "AVX2"), "none");
    EXPECT_NE(refusal(machine, "avx2 "), "none");
  }
}

TEST(Isa, EachContainsThoseBefore) {
  EXPECT_TRUE(has(Isa::portable));
  for (const Isa wanted : kAll) EXPECT_EQ(has(wanted), wanted <= isa());
}

/// Linux lists what the processor has and the kernel permits.
TEST(Isa, IsWhatTheKernelLists) {
  if (const char* limit = std::getenv("THIMBLE_ISA"); limit != nullptr && *limit != '\0') {
    EXPECT_STREQ(to_string(isa()), limit);
    return;
  }
  std::ifstream file("/proc/cpuinfo");
  std::string line;
  while (std::getline(file, line) && !line.starts_with("flags")) {
  }
  if (!file) GTEST_SKIP() << "no list of flags";
  std::istringstream words(line);
  const std::vector<std::string> flags(std::istream_iterator<std::string>(words), {});
  const auto listed = [&](std::initializer_list<const char*> wanted) {
    return std::ranges::all_of(
        wanted, [&](const char* flag) { return std::ranges::count(flags, flag) > 0; });
  };
  Isa expected = Isa::portable;
  if (listed({"avx2"})) expected = Isa::avx2;
  if (listed({"avx2", "avx512f", "avx512bw", "avx512vl", "avx512dq"})) expected = Isa::avx512;
  if (expected == Isa::avx512 && listed({"avx512_bf16"})) expected = Isa::avx512_bf16;
  if (expected == Isa::avx512_bf16 && listed({"amx_tile", "amx_int8", "amx_bf16"})) {
    expected = Isa::amx;
  }
  EXPECT_STREQ(to_string(isa()), to_string(expected));
}

}  // namespace
}  // namespace thimble
