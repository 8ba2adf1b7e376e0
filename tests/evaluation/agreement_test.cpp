#include "evaluation/agreement.hpp"

#include <gtest/gtest.h>

#include "evaluation/evaluation.hpp"
#include "evaluation/stored_cases.hpp"

namespace thimble {
namespace {

TEST(Agreement, IsThatOfScikitLearn) {
  for (const testing::StoredCase& stored : testing::stored_cases()) {
    SCOPED_TRACE(stored.name);
    ConfusionMatrix matrix(stored.probabilities.classes());
    for (std::size_t i = 0; i < stored.labels.size(); ++i) {
      matrix.add(static_cast<std::size_t>(stored.labels[i]),
                 predicted_class(stored.probabilities[i]));
    }
    EXPECT_DOUBLE_EQ(balanced_accuracy(matrix), stored.expected.at("balanced_accuracy"));
    EXPECT_DOUBLE_EQ(matthews_correlation(matrix), stored.expected.at("matthews_correlation"));
    const nlohmann::json& kappa = stored.expected.at("cohen_kappa");
    ASSERT_EQ(cohen_kappa(matrix).has_value(), !kappa.is_null());
    if (!kappa.is_null()) {
      // One less a ratio: what is near 0 has only the ratio's last digits.
      EXPECT_NEAR(*cohen_kappa(matrix), kappa.get<double>(), 1e-15);
    }
  }
}

TEST(Agreement, OfNothingIsNothing) {
  const ConfusionMatrix empty(3);
  EXPECT_EQ(balanced_accuracy(empty), 0);
  EXPECT_EQ(matthews_correlation(empty), 0);
  EXPECT_FALSE(cohen_kappa(empty));
}

}  // namespace
}  // namespace thimble
