#include "classical/pairwise_coupling.hpp"

#include <algorithm>
#include <cmath>

namespace thimble::classical {

void couple_pairwise(std::span<const double> pairwise, std::span<double> out) {
  const std::size_t k = out.size();
  // Minimise p' Q p subject to sum p = 1; Q_tt = sum_j r_jt^2, Q_tj = -r_jt r_tj.
  std::vector<double> q(k * k);
  for (std::size_t t = 0; t < k; ++t) {
    for (std::size_t j = 0; j < k; ++j) {
      if (j == t) continue;
      q[t * k + t] += pairwise[j * k + t] * pairwise[j * k + t];
      q[t * k + j] = -pairwise[j * k + t] * pairwise[t * k + j];
    }
  }
  std::ranges::fill(out, 1 / static_cast<double>(k));
  std::vector<double> qp(k);
  const double tolerance = 0.005 / static_cast<double>(k);
  const std::size_t most = std::max<std::size_t>(100, k);
  for (std::size_t iteration = 0; iteration < most; ++iteration) {
    double pqp = 0;
    for (std::size_t t = 0; t < k; ++t) {
      qp[t] = 0;
      for (std::size_t j = 0; j < k; ++j) qp[t] += q[t * k + j] * out[j];
      pqp += out[t] * qp[t];
    }
    double error = 0;
    for (const double value : qp) error = std::max(error, std::abs(value - pqp));
    if (error < tolerance) break;
    for (std::size_t t = 0; t < k; ++t) {
      const double change = (pqp - qp[t]) / q[t * k + t];
      const double total = 1 + change;
      out[t] += change;
      pqp = (pqp + change * (change * q[t * k + t] + 2 * qp[t])) / (total * total);
      for (std::size_t j = 0; j < k; ++j) {
        qp[j] = (qp[j] + change * q[t * k + j]) / total;
        out[j] /= total;
      }
    }
  }
}

}  // namespace thimble::classical
