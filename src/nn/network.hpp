// What training and inference networks share: precision, input scaling, parameters.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nn/graph.hpp"

namespace thimble::nn {

/// Arithmetic of activations and multiplications. Weights are kept and updated in fp32 always.
/// `automatic` is bf16 where the processor multiplies it natively (avx512_bf16, AMX), else fp32.
enum class Precision { automatic, fp32, bf16 };

/// "auto", "fp32", "bf16".
const char* to_string(Precision precision);
/// @throws UsageError  if the name is none of the three
Precision precision_from(const std::string& name);
/// fp32 or bf16 for this processor.
/// @throws UsageError  if bf16 is asked for and the processor cannot do it at all
Precision resolve(Precision precision);

/// How 8-bit input becomes numbers: value * scale[c] + shift[c], one pair a channel.
struct InputScaling {
  std::vector<float> scale;
  std::vector<float> shift;
};

/// A parameter's values in its declared (plain, row-major) layout.
struct NamedArray {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

/// Values for all of graph.parameters(), in that order.
using ParameterValues = std::vector<NamedArray>;

/// Fresh parameters: weights uniform in +-sqrt(3 / fan_in), that is of variance 1 / fan_in (LeCun
/// et al., "Efficient BackProp", 1998, 4.6), others as declared (ParameterDeclaration::start).
ParameterValues initial_parameters(const Graph& graph, std::uint64_t seed);

/// Throws DataError unless `values` has exactly the graph's parameters, with their shapes.
void check_parameters(const Graph& graph, const ParameterValues& values, const std::string& place);

}  // namespace thimble::nn
