#include "classical/linear_model.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/exponential.hpp"
#include "classical/linear_pass.hpp"

namespace thimble::classical {

void predict_softmax(const LinearModel& model, const Features& features, std::span<float> out) {
  if (features.dims() != model.dims || out.size() != features.size() * model.classes) {
    throw ShapeError(
        fmt::format("linear model: got {} features, expected {}", features.dims(), model.dims));
  }
  const LinearPass pass(features, model.classes, 1.0F);
  std::vector<double> weights(model.classes * (model.dims + 1));
  for (std::size_t c = 0; c < model.classes; ++c) {
    const auto from = std::span(model.weights).subspan(c * model.dims, model.dims);
    std::ranges::copy(from, weights.begin() + static_cast<std::ptrdiff_t>(c * (model.dims + 1)));
    weights[(c + 1) * (model.dims + 1) - 1] = model.intercepts[c];
  }
  pass.decide(weights, [&](BlockRows rows, const float* z) {
    for (std::size_t r = 0; r < rows.size; ++r) {
      float* row = out.data() + (rows.begin + r) * model.classes;
      float highest = -HUGE_VALF;
      for (std::size_t c = 0; c < model.classes; ++c) {
        if (model.present[c]) highest = std::max(highest, z[c * kBlockRows + r]);
      }
      float sum = 0;
      for (std::size_t c = 0; c < model.classes; ++c) {
        row[c] =
            model.present[c]
                ? exp_of_nonpositive(std::max(z[c * kBlockRows + r] - highest, kLowestExponent))
                : 0.0F;
        sum += row[c];
      }
      for (std::size_t c = 0; c < model.classes; ++c) row[c] /= sum;
    }
  });
}

}  // namespace thimble::classical
