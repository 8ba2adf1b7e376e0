#include "onnx/model_builder.hpp"

#include <array>

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace thimble::onnx {
namespace {

TEST(ModelBuilder, RefusesConstantsWhoseShapeDoesNotFit) {
  ModelBuilder builder("g");
  const std::array<float, 3> values = {1, 2, 3};
  const std::array<std::int64_t, 2> shape = {2, 2};
  EXPECT_THROW(builder.constant("c", values, shape), ShapeError);
}

}  // namespace
}  // namespace thimble::onnx
