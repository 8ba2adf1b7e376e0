// Begins every test program, in place of gtest_main: without a use for THIMBLE_ISA no test runs.

#include <iostream>

#include <gmock/gmock.h>

#include "base/error.hpp"
#include "base/isa.hpp"

int main(int argc, char** argv) {
  try {
    // Before GoogleTest makes lists of the kernels that there are.
    thimble::isa();
  } catch (const thimble::UsageError& error) {
    std::cerr << error.what() << "\n";
    return 2;
  }
  testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
