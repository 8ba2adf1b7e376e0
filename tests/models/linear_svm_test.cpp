#include "models/linear_svm.hpp"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "estimator_checks.hpp"

namespace thimble {
namespace {

using nlohmann::json;
using testing::HasSubstr;

TEST(LinearSvmModel, SurvivesItsFile) {
  const DrawnSamples drawn;
  for (const json& model :
       {json::object(),
        json({{"C", 0.5}, {"intercept_scaling", 3.0}, {"class_weight", "balanced"}})}) {
    const auto estimator = fitted<LinearSvmEstimator>(model, drawn.features(), drawn.labels);
    const auto loaded = reloaded(estimator, drawn.dims);
    const auto p = probabilities_of(estimator, drawn.features());
    EXPECT_EQ(probabilities_of(loaded, drawn.features()), p);
    EXPECT_EQ(loaded.settings(), estimator.settings());
    EXPECT_THAT(loaded.summary(), HasSubstr("3 classes"));
    for (std::size_t i = 2; i < p.size(); i += DrawnSamples::kClasses) EXPECT_EQ(p[i], 0);
  }
}

TEST(LinearSvmModel, ReportsItsTraining) {
  const DrawnSamples drawn;
  LinearSvmEstimator estimator(json::object(), 1);
  Progress progress;
  const classical::Features features = drawn.features();
  const FitReport report =
      estimator.fit({features, drawn.labels, DrawnSamples::kClasses}, nullptr, progress);
  EXPECT_THAT(report.stopped_because, HasSubstr("tol 0.0001"));
  EXPECT_EQ(report.details.at("converged"), true);
  EXPECT_GT(report.details.at("iterations"), 0);
}

TEST(LinearSvmModel, Settings) {
  EXPECT_EQ(LinearSvmEstimator(json::object(), 1).settings(), json({{"C", 1.0},
                                                                    {"class_weight", "none"},
                                                                    {"fit_intercept", true},
                                                                    {"intercept_scaling", 1.0},
                                                                    {"max_iter", 1000},
                                                                    {"tol", 1e-4}}));
  for (const char* key : {"C", "tol", "max_iter"}) {
    EXPECT_THAT(settings_refusal<LinearSvmEstimator>({{key, 0}}),
                HasSubstr(std::string("model.") + key));
  }
  EXPECT_THAT(settings_refusal<LinearSvmEstimator>({{"max_iters", 5}}), HasSubstr("max_iter"));
  EXPECT_THAT(settings_refusal<LinearSvmEstimator>({{"class_weight", "heavy"}}),
              HasSubstr("balanced"));
  EXPECT_THAT(settings_refusal<LinearSvmEstimator>({{"intercept_scaling", 0}}),
              HasSubstr("model.intercept_scaling"));
}

TEST(LinearSvmModel, RefusesTamperedFiles) {
  const DrawnSamples drawn;
  const auto estimator = fitted<LinearSvmEstimator>(json::object(), drawn.features(), drawn.labels);
  const auto refused = [&](const auto& tamper) { return refusal(estimator, drawn.dims, tamper); };
  EXPECT_THAT(refused([](ModelFile& file) { file.tensors.erase("linear.weights"); }),
              HasSubstr("linear.weights is missing"));
  EXPECT_THAT(
      refused([](ModelFile& file) {
        std::vector<double> values(20, std::numeric_limits<double>::quiet_NaN());
        file.tensors["linear.weights"] = Tensor::from(std::span<const double>(values), {4, 5});
      }),
      HasSubstr("linear.weights holds nan"));
  EXPECT_THAT(refused([](ModelFile& file) {
                std::vector<double> values(5);
                file.tensors["linear.intercepts"] =
                    Tensor::from(std::span<const double>(values), {5});
              }),
              HasSubstr("[5], expected [4]"));
  EXPECT_THAT(refused([](ModelFile& file) {
                std::vector<std::uint8_t> values(4);
                file.tensors["linear.present"] =
                    Tensor::from(std::span<const std::uint8_t>(values), {4});
              }),
              HasSubstr("linear.present"));
}

}  // namespace
}  // namespace thimble
