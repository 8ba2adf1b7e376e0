#include "models/svm.hpp"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "models/onnx/features.hpp"
#include "models/onnx/operators.hpp"

namespace thimble {
namespace {

using classical::KernelKind;
using classical::SvmModel;
using onnx::constant;
using onnx::ModelBuilder;
using onnx::scalar;
using onnx::TensorElement;

using Integers = std::vector<std::int64_t>;

/// The pairs of classes, in their order.
struct Pair {
  std::size_t first, second;
};

std::vector<Pair> pairs_of(std::size_t classes) {
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < classes; ++i) {
    for (std::size_t j = i + 1; j < classes; ++j) pairs.push_back({i, j});
  }
  return pairs;
}

/// The nodes of one machine: kernel values, decisions of pairs, shares of votes or probabilities.
/// All in double but for kernel values, which the program rounds to float32 too.
class SvmNodes {
 public:
  SvmNodes(ModelBuilder& builder, const SvmModel& model)
      : b_(builder), model_(model), k_(model.classes.size()), pairs_(pairs_of(k_)) {}

  /// float32 [batch, k].
  std::string shares(OnnxFeatures& features) {
    const std::string values = cast(b_, kernel_values(features), TensorElement::f64);
    const std::string decided = decisions(values);
    const std::string result = model_.platt.empty() ? vote_shares(decided) : coupled(decided);
    return cast(b_, result, TensorElement::f32);
  }

 private:
  std::string op(const char* name, std::vector<std::string> inputs,
                 onnx::Attributes attributes = {}) {
    return b_.node(name, std::move(inputs), std::move(attributes));
  }
  std::string number(double value) { return scalar(b_, "number", value); }
  std::string total(const std::string& value, std::int64_t axis) {
    return onnx::sum(b_, value, axis, true);
  }
  std::string largest(const std::string& value) {
    return op("ReduceMax", {value}, {{"axes", Integers{1}}});
  }

  /// float32 [batch, vectors].
  std::string kernel_values(OnnxFeatures& features) {
    const double scale = model_.is_bytes ? static_cast<double>(model_.scale) : 1;
    const double unit = scale * scale;
    const std::string products = model_.is_bytes ? byte_products(features) : products_of(features);
    if (model_.kernel.kind != KernelKind::rbf) return kernel_of_products(products, unit);
    const std::string squares = model_.is_bytes ? byte_squares(features) : squares_of(features);
    const std::string distances = op("Sub", {squares, op("Add", {products, products})});
    const auto factor = static_cast<float>(model_.kernel.gamma * unit);
    const std::string rounded = model_.is_bytes ? cast(b_, distances, TensorElement::f32)
                                                : op("Max", {distances, b_.scalar("zero", 0)});
    return op("Exp", {op("Mul", {rounded, b_.scalar("minus_gamma", -factor)})});
  }

  std::string byte_products(OnnxFeatures& features) {
    return exact_products(b_, features.bytes(), model_.bytes, model_.dims);
  }

  /// |x|^2 + |y|^2 of samples x and vectors y.
  std::string byte_squares(OnnxFeatures& features) {
    const std::string x = cast(b_, features.bytes(), onnx::exact_type(model_.dims));
    return op("Add", {total(op("Mul", {x, x}), 1), exact_norms(b_, model_.bytes, model_.dims)});
  }

  std::string products_of(OnnxFeatures& features) {
    const auto vectors = onnx::transposed(model_.values.values(), model_.dims);
    return op("MatMul",
              {features.values(), constant(b_, "vectors", vectors, {model_.dims, model_.size()})});
  }

  std::string squares_of(OnnxFeatures& features) {
    std::vector<float> norms(model_.size());
    for (std::size_t i = 0; i < norms.size(); ++i) {
      const std::span<const float> vector = model_.values[i];
      norms[i] = std::inner_product(vector.begin(), vector.end(), vector.begin(), 0.0F);
    }
    const std::string& x = features.values();
    return op("Add",
              {total(op("Mul", {x, x}), 1), constant(b_, "norms", norms, {1, norms.size()})});
  }

  /// The kernels of the inner product alone; rounded to float32 at the end, as in the program.
  std::string kernel_of_products(const std::string& products, double unit) {
    const classical::Kernel& kernel = model_.kernel;
    const std::string exact = cast(b_, products, TensorElement::f64);
    if (kernel.kind == KernelKind::linear) {
      return cast(b_, op("Mul", {exact, number(unit)}), TensorElement::f32);
    }
    const std::string inner =
        op("Add", {op("Mul", {exact, number(kernel.gamma * unit)}), number(kernel.coef0)});
    if (kernel.kind == KernelKind::sigmoid) {
      return op("Tanh", {cast(b_, inner, TensorElement::f32)});
    }
    return cast(b_, op("Pow", {inner, number(kernel.degree)}), TensorElement::f32);
  }

  /// The columns of each class's vectors; one of any class's for a class without.
  std::vector<std::string> values_by_class(const std::string& values) {
    Integers counts;
    for (const std::size_t count : model_.counts) {
      if (count > 0) counts.push_back(static_cast<std::int64_t>(count));
    }
    const std::vector<std::string> parts =
        b_.nodes("Split", {values, b_.integers("counts", counts)}, {{"axis", std::int64_t{1}}},
                 counts.size());
    std::vector<std::string> blocks;
    std::size_t used = 0;
    for (const std::size_t count : model_.counts) {
      blocks.push_back(count > 0 ? parts[used++] : column(b_, values, 0));
    }
    return blocks;
  }

  /// double [batch, pairs], above 0 for a pair's first class.
  std::string decisions(const std::string& values) {
    // Each class's vectors take part in k - 1 pairs only: [batch, k (k - 1)] sums.
    const std::vector<std::string> blocks = values_by_class(values);
    std::vector<std::string> sums;
    std::size_t begin = 0;
    for (std::size_t c = 0; c < k_; ++c) {
      const std::size_t count = model_.counts[c];
      std::vector<double> coefficients(std::max<std::size_t>(count, 1) * (k_ - 1));
      for (std::size_t s = 0; s < count; ++s) {
        for (std::size_t r = 0; r + 1 < k_; ++r) {
          coefficients[s * (k_ - 1) + r] = model_.coefficients[r * model_.size() + begin + s];
        }
      }
      begin += count;
      sums.push_back(op("MatMul", {blocks[c], constant(b_, "coefficients", coefficients,
                                                       {coefficients.size() / (k_ - 1), k_ - 1})}));
    }
    const std::string all = op("Concat", sums, {{"axis", std::int64_t{1}}});
    Integers of_first;
    Integers of_second;
    for (const auto& [i, j] : pairs_) {
      of_first.push_back(static_cast<std::int64_t>(i * (k_ - 1) + j - 1));
      of_second.push_back(static_cast<std::int64_t>(j * (k_ - 1) + i));
    }
    const auto pick = [&](const Integers& columns) {
      return op("Gather", {all, b_.integers("columns", columns)}, {{"axis", std::int64_t{1}}});
    };
    return op("Sub", {op("Add", {pick(of_first), pick(of_second)}),
                      constant(b_, "rho", model_.rho, {pairs_.size()})});
  }

  /// double [pairs, columns], with 1 where `column` says for a pair.
  template <class Column>
  std::string marks(const char* hint, std::size_t columns, const Column& column) {
    std::vector<double> values(pairs_.size() * columns);
    for (std::size_t p = 0; p < pairs_.size(); ++p) values[p * columns + column(pairs_[p])] = 1;
    return constant(b_, hint, values, {pairs_.size(), columns});
  }

  /// classical::vote_shares().
  std::string vote_shares(const std::string& decisions) {
    const std::string first = marks("first", k_, [](const Pair& pair) { return pair.first; });
    const std::string second = marks("second", k_, [](const Pair& pair) { return pair.second; });
    const std::string won = cast(b_, op("Greater", {decisions, number(0)}), TensorElement::f64);
    const std::string lost = op("Sub", {number(1), won});
    const std::string votes = op("Add", {op("MatMul", {won, first}), op("MatMul", {lost, second})});
    const std::string sums =
        op("Sub", {op("MatMul", {decisions, first}), op("MatMul", {decisions, second})});
    const std::string bounded =
        op("Div", {sums, op("Mul", {op("Add", {op("Abs", {sums}), number(1)}), number(3)})});
    const std::string amounts = op("Add", {op("Add", {votes, number(1.0 / 3)}), bounded});
    const std::string shares = op("Div", {amounts, total(amounts, 1)});
    return exchanged(shares, op("ArgMax", {votes}, {{"axis", std::int64_t{1}}}));
  }

  /// The shares of the winner and of the largest change places.
  std::string exchanged(const std::string& shares, const std::string& winner) {
    Integers numbers(k_);
    std::iota(numbers.begin(), numbers.end(), 0);
    const std::string all = b_.integers("numbers", numbers);
    const std::string wins = op("Equal", {all, winner});
    const std::string leads =
        op("Equal", {all, op("ArgMax", {shares}, {{"axis", std::int64_t{1}}})});
    const std::string of_winner = total(op("Where", {wins, shares, number(0)}), 1);
    return op("Where", {wins, largest(shares), op("Where", {leads, of_winner, shares})});
  }

  /// classical::coupled_probabilities().
  std::string coupled(const std::string& decisions) {
    constexpr double kLeast = 1e-7;
    std::vector<double> slopes;
    std::vector<double> offsets;
    for (const classical::Sigmoid& sigmoid : model_.platt) {
      slopes.push_back(sigmoid.A);
      offsets.push_back(sigmoid.B);
    }
    const std::size_t pairs = pairs_.size();
    const std::string exponent =
        op("Add", {op("Mul", {decisions, constant(b_, "slopes", slopes, {pairs})}),
                   constant(b_, "offsets", offsets, {pairs})});
    const std::string probability =
        op("Div", {number(1), op("Add", {op("Exp", {exponent}), number(1)})});
    const std::string of_first = op("Clip", {probability, number(kLeast), number(1 - kLeast)});
    const std::size_t k = k_;
    const std::string upper =
        marks("upper", k * k, [k](const Pair& pair) { return pair.first * k + pair.second; });
    const std::string lower =
        marks("lower", k * k, [k](const Pair& pair) { return pair.second * k + pair.first; });
    const std::string flat = op("Add", {op("MatMul", {of_first, upper}),
                                        op("MatMul", {op("Sub", {number(1), of_first}), lower})});
    const auto extent = static_cast<std::int64_t>(k);
    return couple(op("Reshape", {flat, b_.integers("shape", {-1, extent, extent})}));
  }

  /// classical::couple_pairwise(). Rows that have come to their end wait for the others.
  /// @param pairwise  double [batch, k, k]: [i, j] is the probability of i against j; 0 where i = j
  /// @return          double [batch, k]
  std::string couple(const std::string& pairwise) {
    std::vector<double> identity(k_ * k_);
    for (std::size_t i = 0; i < k_; ++i) identity[i * k_ + i] = 1;
    const std::string ones = constant(b_, "identity", identity, {k_, k_});
    const std::string turned = op("Transpose", {pairwise}, {{"perm", Integers{0, 2, 1}}});
    const std::string diagonal =
        onnx::sum(b_, op("Mul", {pairwise, pairwise}), 1, false);  // [batch, k]
    const std::string q =
        op("Sub", {op("Mul", {op("Unsqueeze", {diagonal, b_.integers("axes", {1})}), ones}),
                   op("Mul", {turned, pairwise})});
    Coupling coupling{q, {}, {}, {}};
    for (std::size_t t = 0; t < k_; ++t) {
      const std::string row = op("Gather", {q, b_.integers("row", {static_cast<std::int64_t>(t)})},
                                 {{"axis", std::int64_t{1}}});
      coupling.rows.push_back(op("Squeeze", {row, b_.integers("axes", {1})}));
      coupling.diagonal.push_back(column(b_, diagonal, t));
      coupling.unit.push_back(
          op("Gather", {ones, b_.integers("row", {static_cast<std::int64_t>(t)})}));
    }
    const std::string even =
        op("Add", {op("Mul", {diagonal, number(0)}), number(1 / static_cast<double>(k_))});
    const auto most = static_cast<std::int64_t>(std::max<std::size_t>(100, k_));
    return b_.loop(most, even, [&](const std::string& p) { return turn(coupling, p); });
  }

  struct Coupling {
    std::string q;                      ///< [batch, k, k]
    std::vector<std::string> rows;      ///< of q, [batch, k]
    std::vector<std::string> diagonal;  ///< of q, [batch, 1]
    std::vector<std::string> unit;      ///< vectors, [1, k]
  };

  ModelBuilder::Turn turn(const Coupling& coupling, const std::string& before) {
    const std::string upright = op("Unsqueeze", {before, b_.integers("axes", {2})});
    std::string qp = op("Squeeze", {op("MatMul", {coupling.q, upright}), b_.integers("axes", {2})});
    std::string pqp = total(op("Mul", {before, qp}), 1);
    const std::string error = largest(op("Abs", {op("Sub", {qp, pqp})}));
    const std::string done = op("Less", {error, number(0.005 / static_cast<double>(k_))});
    std::string p = before;
    for (std::size_t t = 0; t < k_; ++t) {
      const std::string& diagonal = coupling.diagonal[t];
      const std::string qp_t = column(b_, qp, t);
      const std::string change = op("Div", {op("Sub", {pqp, qp_t}), diagonal});
      const std::string one_more = op("Add", {change, number(1)});
      p = op("Div", {op("Add", {p, op("Mul", {change, coupling.unit[t]})}), one_more});
      const std::string growth =
          op("Mul", {change, op("Add", {op("Mul", {change, diagonal}), op("Add", {qp_t, qp_t})})});
      pqp = op("Div", {op("Add", {pqp, growth}), op("Mul", {one_more, one_more})});
      qp = op("Div", {op("Add", {qp, op("Mul", {change, coupling.rows[t]})}), one_more});
    }
    const std::string waiting = cast(b_, op("Not", {done}), TensorElement::i32);
    const std::string any = op("ReduceMax", {waiting}, {{"keepdims", std::int64_t{0}}});
    return {cast(b_, any, TensorElement::boolean), op("Where", {done, before, p})};
  }

  ModelBuilder& b_;
  const SvmModel& model_;
  std::size_t k_;
  std::vector<Pair> pairs_;
};

}  // namespace

std::string SvmEstimator::to_onnx(ModelBuilder& builder, OnnxFeatures& features,
                                  std::size_t classes) const {
  const std::string shares = SvmNodes(builder, model_).shares(features);
  return spread(builder, shares, model_.classes, classes);
}

}  // namespace thimble
