#include "models/naive_bayes.hpp"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "estimator_checks.hpp"

namespace thimble {
namespace {

using nlohmann::json;
using testing::HasSubstr;

TEST(NaiveBayesModel, SurvivesItsFile) {
  const DrawnSamples drawn;
  for (const json& model : {json({{"variant", "gaussian"}, {"var_smoothing", 0.01}}),
                            json({{"variant", "multinomial"}, {"alpha", 0.5}}),
                            json({{"variant", "bernoulli"}, {"alpha", 2.0}, {"binarize", 0.3}})}) {
    const auto bayes = fitted<NaiveBayesEstimator>(model, drawn.features(), drawn.labels);
    const auto loaded = reloaded(bayes, drawn.dims);
    const auto p = probabilities_of(bayes, drawn.features());
    EXPECT_EQ(probabilities_of(loaded, drawn.features()), p);
    EXPECT_EQ(loaded.settings(), model);
    EXPECT_THAT(loaded.summary(), HasSubstr("3 classes"));
    for (std::size_t i = 2; i < p.size(); i += DrawnSamples::kClasses) EXPECT_EQ(p[i], 0);
  }
}

TEST(NaiveBayesModel, Settings) {
  EXPECT_EQ(NaiveBayesEstimator(json::object(), 1).settings(),
            json({{"variant", "gaussian"}, {"var_smoothing", 1e-9}}));
  EXPECT_EQ(NaiveBayesEstimator({{"variant", "bernoulli"}}, 1).settings(),
            json({{"variant", "bernoulli"}, {"alpha", 1.0}, {"binarize", 0.0}}));
  EXPECT_THAT(settings_refusal<NaiveBayesEstimator>({{"alpha", 1}}),
              HasSubstr("model.alpha: has no meaning for variant \"gaussian\""));
  EXPECT_THAT(settings_refusal<NaiveBayesEstimator>({{"variant", "multinomial"}, {"binarize", 1}}),
              HasSubstr("model.binarize"));
  EXPECT_THAT(settings_refusal<NaiveBayesEstimator>({{"var_smoothing", -1}}),
              HasSubstr("model.var_smoothing: got -1"));
  EXPECT_THAT(settings_refusal<NaiveBayesEstimator>({{"variant", "poisson"}}),
              HasSubstr("\"multinomial\""));
  EXPECT_THAT(settings_refusal<NaiveBayesEstimator>({{"var_smooth", 1}}),
              HasSubstr("var_smoothing"));
}

TEST(NaiveBayesModel, RefusesTamperedFiles) {
  const DrawnSamples drawn;
  const auto bayes = fitted<NaiveBayesEstimator>(json::object(), drawn.features(), drawn.labels);
  const auto refused = [&](const auto& tamper) { return refusal(bayes, drawn.dims, tamper); };
  const auto filled = [](double value) {
    return Tensor::from(std::span<const double>(std::vector<double>(20, value)), {4, 5});
  };
  EXPECT_THAT(refused([](ModelFile& file) { file.tensors.erase("naive_bayes.mean"); }),
              HasSubstr("naive_bayes.mean is missing"));
  EXPECT_THAT(refused([&](ModelFile& file) { file.tensors["naive_bayes.variance"] = filled(-1); }),
              HasSubstr("not positive"));
  EXPECT_THAT(refused([&](ModelFile& file) {
                file.tensors["naive_bayes.mean"] = filled(std::numeric_limits<double>::infinity());
              }),
              HasSubstr("not finite"));
  EXPECT_THAT(refused([&](ModelFile& file) {
                file.tensors["naive_bayes.class_count"] =
                    Tensor::from(std::span<const std::int64_t>(std::vector<std::int64_t>(4)), {4});
              }),
              HasSubstr("model: naive-bayes"));
  EXPECT_THAT(
      refused([&](ModelFile& file) { file.tensors["naive_bayes.class_count"] = filled(1); }),
      HasSubstr("[4, 5], expected [4]"));
}

}  // namespace
}  // namespace thimble
