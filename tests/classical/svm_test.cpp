// Support vector machines against libsvm's values (tests/reference/make_svm_reference.py).

#include "classical/svm.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <numeric>
#include <ostream>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "classical/svm_decider.hpp"
#include "classical/svm_samples.hpp"
#include "temporary_folder.hpp"

namespace thimble::classical {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

json read_json(const std::string& path) {
  std::ifstream in(path);
  return json::parse(in);
}

const json& reference() {
  static const json all = read_json(std::string(THIMBLE_TEST_DATA) + "/svm_reference.json");
  return all;
}

std::vector<std::uint8_t> bytes_of(const json& rows) {
  std::vector<std::uint8_t> bytes;
  for (const json& row : rows) {
    for (const int value : row) bytes.push_back(static_cast<std::uint8_t>(value));
  }
  return bytes;
}

Features as_floats(const std::vector<std::uint8_t>& bytes, std::size_t d) {
  linalg::Matrix values(bytes.size() / d, d);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    values.values()[i] = static_cast<float>(bytes[i]) / 16 - 4;
  }
  return Features(std::move(values));
}

SvmOptions options_of(const json& settings) {
  SvmOptions options;
  options.tol = settings.value("tol", 1e-6);
  options.C = settings.at("C");
  const std::string kernel = settings.value("kernel", "rbf");
  options.kernel.kind =
      static_cast<KernelKind>(std::ranges::find(kernel_names(), kernel) - kernel_names().begin());
  options.kernel.degree = settings.value("degree", 3);
  options.kernel.coef0 = settings.value("coef0", 0.0);
  options.balanced = settings.value("class_weight", "") == "balanced";
  const json gamma = settings.value("gamma", json("scale"));
  if (gamma == "auto") options.gamma_rule = GammaRule::auto_;
  if (gamma.is_number()) {
    options.gamma_rule = GammaRule::value;
    options.kernel.gamma = gamma;
  }
  return options;
}

SvmFit fit(const Samples& samples, const SvmOptions& options) {
  Progress silent;
  return fit_svm(samples, options, silent);
}

struct Tolerances {
  double objective;  // relative
  double decision;
};

/// Fits a case and compares it with what libsvm found.
void expect_optimum(const json& all, const json& expected, const Tolerances& tolerances) {
  const json& settings = expected.at("options");
  const std::size_t d = all.at("bytes").at(0).size();
  const auto bytes = bytes_of(all.at("bytes"));
  const auto query_bytes = bytes_of(all.at("queries"));
  const bool floats = settings.value("floats", false);
  const Features features = floats ? as_floats(bytes, d) : Features(bytes, d, 1);
  const Features queries = floats ? as_floats(query_bytes, d) : Features(query_bytes, d, 1);
  const auto labels = all.at("labels").get<std::vector<std::int32_t>>();
  const auto classes = static_cast<std::size_t>(*std::ranges::max_element(labels)) + 1;

  const SvmFit result = fit({features, labels, classes}, options_of(settings));
  const std::size_t pairs = result.model.pairs();
  EXPECT_EQ(result.converged, pairs);
  EXPECT_NEAR(result.model.kernel.gamma / expected.at("gamma").get<double>(), 1, 1e-9);
  double worst_objective = 0;
  for (std::size_t p = 0; p < pairs; ++p) {
    const double objective = expected.at("objectives").at(p);
    worst_objective = std::max(worst_objective, std::abs(result.objectives[p] / objective - 1));
    EXPECT_NEAR(result.model.rho[p], expected.at("rho").at(p).get<double>(), tolerances.decision);
  }
  EXPECT_LT(worst_objective, tolerances.objective);
  const std::vector<double> decisions = SvmDecider(result.model).decision_values(queries);
  double worst_decision = 0;
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    const double decision = expected.at("decisions").at(i / pairs).at(i % pairs);
    worst_decision = std::max(worst_decision, std::abs(decisions[i] - decision));
  }
  EXPECT_LT(worst_decision, tolerances.decision);
  std::size_t support = 0;
  for (const std::size_t count : expected.at("support")) support += count;
  EXPECT_NEAR(static_cast<double>(result.model.size()) / static_cast<double>(support), 1, 2e-3);
  testing::Test::RecordProperty("objective", fmt::format("{:.2g}", worst_objective));
  testing::Test::RecordProperty("decision", fmt::format("{:.2g}", worst_decision));
}

class SvmReference : public testing::TestWithParam<std::string> {};

TEST_P(SvmReference, FindsTheOptimumOfLibsvm) {
  // libsvm trains with float32 kernel values too, whose rounding shows most where they are large.
  const bool large = GetParam() == "poly";
  expect_optimum(reference(), reference().at("cases").at(GetParam()),
                 large ? Tolerances{2e-6, 5e-4} : Tolerances{1e-6, 5e-5});
}

INSTANTIATE_TEST_SUITE_P(Cases, SvmReference,
                         testing::Values("rbf", "rbf_auto", "rbf_balanced", "rbf_floats", "poly",
                                         "poly_number", "linear", "sigmoid"),
                         [](const auto& test) { return test.param; });

// Real pictures, by hand: see tests/reference/make_svm_reference.py.
TEST(SvmPictures, FindTheOptimumOfLibsvm) {
  const char* path = std::getenv("THIMBLE_SVM_REFERENCE");
  if (path == nullptr) GTEST_SKIP() << "THIMBLE_SVM_REFERENCE names no file";
  const json all = read_json(path);
  for (const auto& [name, expected] : all.at("cases").items()) {
    SCOPED_TRACE(name);
    expect_optimum(all, expected, {1e-5, 1e-3});
  }
}

struct Sums {
  std::vector<double> coefficients, rho, decisions;
  bool operator==(const Sums&) const = default;
};

Sums solve(const Samples& samples, const SvmOptions& options) {
  const SvmFit result = fit(samples, options);
  EXPECT_EQ(result.converged, result.model.pairs());
  return {result.model.coefficients, result.model.rho,
          SvmDecider(result.model).decision_values(samples.features)};
}

TEST(Svm, DoesNotDependOnThreads) {
  const int before = thread_count();
  // Pairs side by side, and one pair with all threads.
  for (const std::size_t classes : {4u, 2u}) {
    const SvmSamples data(700, 20, classes, 4);
    const Features floats = data.floats();
    for (const Features* features : {&data.features, &floats}) {
      SvmOptions options;
      options.probability = classes == 2;
      set_thread_count(1);
      const Sums alone = solve({*features, data.labels, classes}, options);
      for (const int threads : {2, 5}) {
        set_thread_count(threads);
        EXPECT_TRUE(solve({*features, data.labels, classes}, options) == alone) << threads;
      }
    }
  }
  set_thread_count(before);
}

TEST(Svm, DoesNotDependOnTheCache) {
  const SvmSamples data(1500, 20, 2, 4);
  const Features floats = data.floats();
  for (const Features* features : {&data.features, &floats}) {
    SvmOptions options;
    const Sums roomy = solve({*features, data.labels, 2}, options);
    options.cache_size = 1;
    EXPECT_TRUE(solve({*features, data.labels, 2}, options) == roomy);
  }
}

TEST(Svm, SkipsClassesWithoutSamples) {
  const SvmSamples data(60, 6, 3, 9);
  std::vector<std::int32_t> labels;
  for (const std::int32_t label : data.labels) labels.push_back(label * 2 + 1);  // 1, 3, 5 of 7
  const SvmFit few = fit(data.samples(), {});
  const SvmFit many = fit({data.features, labels, 7}, {});
  EXPECT_THAT(many.model.classes, ElementsAre(1, 3, 5));
  EXPECT_EQ(many.model.coefficients, few.model.coefficients);
  EXPECT_EQ(many.model.rho, few.model.rho);
}

TEST(Svm, RefusesASingleClass) {
  const SvmSamples data(10, 4, 1, 1);
  const std::vector<std::int32_t> labels(10, 3);
  EXPECT_THAT(message_of<DataError>([&] {
                fit({data.features, labels, 5}, {});
              }),
              HasSubstr("all 10 training samples are of class 3"));
  const Features none(std::span<const std::uint8_t>(), 4, 1);
  EXPECT_THAT(message_of<DataError>([&] { fit({none, {}, 5}, {}); }), HasSubstr("no training"));
}

TEST(Svm, TakesOneSampleAClass) {
  const SvmSamples data(4, 5, 4, 2);
  SvmOptions options;
  options.probability = true;
  const SvmFit result = fit(data.samples(), options);
  EXPECT_EQ(result.model.size(), 4u);
  const std::vector<double> decisions = SvmDecider(result.model).decision_values(data.features);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(vote({decisions.data() + i * 6, 6}, 4), i);
}

TEST(Svm, TakesDuplicatesWithDifferentLabelsAndConstantFeatures) {
  const std::vector<std::uint8_t> bytes(40 * 3, 17);
  std::vector<std::int32_t> labels;
  for (int i = 0; i < 40; ++i) labels.push_back(i % 3);
  for (const bool probability : {false, true}) {
    SvmOptions options;
    options.probability = probability;
    const SvmFit result = fit({Features(bytes, 3, 1), labels, 3}, options);
    EXPECT_EQ(result.converged, 3u);
    for (const double rho : result.model.rho) EXPECT_TRUE(std::isfinite(rho));
  }
}

TEST(Svm, StopsAtTheLargestNumberOfIterations) {
  const SvmSamples data(300, 6, 2, 9);
  SvmOptions options;
  options.max_iter = 5;
  const SvmFit result = fit(data.samples(), options);
  EXPECT_EQ(result.converged, 0u);
  EXPECT_THAT(result.iterations, ElementsAre(5));
  EXPECT_GT(result.largest_violation, options.tol);
}

TEST(Svm, StopsWhenAsked) {
  class Stop : public Progress {
   public:
    bool stop_requested() const override { return true; }
  } stop;
  const SvmSamples data(30, 6, 3, 9);
  EXPECT_THROW((void)fit_svm(data.samples(), {}, stop), Cancelled);
}

TEST(Svm, TellsHowFarItIs) {
  class Listen : public Progress {
   public:
    void update(std::uint64_t done, std::uint64_t total, const std::string& detail) override {
      EXPECT_LE(done, total);
      EXPECT_EQ(total, 3u);
      last_done = done;
      details += detail;
    }
    std::uint64_t last_done = 0;
    std::string details;
  } listen;
  const SvmSamples data(90, 6, 3, 9);
  (void)fit_svm(data.samples(), {}, listen);
  EXPECT_EQ(listen.last_done, 3u);
  EXPECT_THAT(listen.details, HasSubstr("classes 0, 2"));
}

TEST(Svm, TakesManyClasses) {
  const SvmSamples data(62 * 4, 16, 62, 9);
  const SvmFit result = fit(data.samples(), {});
  EXPECT_EQ(result.converged, 62u * 61 / 2);
}

// The sums of more support vectors than one tile holds.
TEST(SvmDecider, AddsUpAllSupportVectors) {
  const SvmSamples data(3000, 3, 2, 8);
  SvmOptions options;
  options.C = 0.01;
  const SvmFit result = fit(data.samples(), options);
  const SvmModel& model = result.model;
  ASSERT_GT(model.size(), 2100u);
  const std::vector<double> decisions = SvmDecider(model).decision_values(data.features);
  for (const std::size_t q : {0u, 95u, 96u, 2999u}) {
    double sum = -model.rho[0];
    for (std::size_t s = 0; s < model.size(); ++s) {
      double distance = 0;
      for (std::size_t j = 0; j < 3; ++j) {
        const double gap = data.bytes[q * 3 + j] - static_cast<double>(model.bytes[s * 3 + j]);
        distance += gap * gap;
      }
      sum += model.coefficients[s] * std::exp(-model.kernel.gamma * distance);
    }
    EXPECT_NEAR(decisions[q], sum, 1e-5);
  }
}

TEST(SvmDecider, TakesAnyNumberOfSamples) {
  const SvmSamples data(300, 10, 3, 8);
  const SvmFit result = fit(data.samples(), {});
  const SvmDecider decider(result.model);
  const std::vector<double> all = decider.decision_values(data.features);
  for (const std::size_t n : {0u, 1u, 95u, 97u}) {
    const Features some(std::span(data.bytes).first(n * 10), 10, 1);
    const std::vector<double> decisions = decider.decision_values(some);
    ASSERT_EQ(decisions.size(), n * 3);
    for (std::size_t i = 0; i < decisions.size(); ++i) EXPECT_NEAR(decisions[i], all[i], 1e-5);
  }
}

TEST(SvmDecider, RefusesOtherFeatures) {
  const SvmSamples data(30, 10, 3, 8);
  const SvmSamples wider(30, 11, 3, 8);
  const SvmFit result = fit(data.samples(), {});
  EXPECT_THROW((void)SvmDecider(result.model).decision_values(wider.features), ShapeError);
}

TEST(Vote, GoesToTheFirstOfSeveralWinners) {
  // 0 beats 1, 2 beats 0, 1 beats 2.
  const std::vector<double> circle = {0.1, -5, 0.1};
  EXPECT_EQ(vote(circle, 3), 0u);
  std::vector<double> shares(3);
  vote_shares(circle, shares);
  EXPECT_EQ(std::ranges::max_element(shares) - shares.begin(), 0);
  EXPECT_NEAR(std::accumulate(shares.begin(), shares.end(), 0.0), 1, 1e-12);
}

TEST(VoteShares, FollowTheDecisionFunctionOfScikitLearn) {
  const std::vector<double> decisions = {1.5, 0.5, -0.25};
  std::vector<double> shares(3);
  vote_shares(decisions, shares);
  const auto squashed = [](double s) { return s / (3 * (std::abs(s) + 1)) + 1.0 / 3; };
  const std::vector<double> scores = {2 + squashed(2), squashed(-1.75), 1 + squashed(-0.25)};
  const double total = std::accumulate(scores.begin(), scores.end(), 0.0);
  for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(shares[c], scores[c] / total, 1e-12);
}

TEST(CoupledProbabilities, AreThoseOfLibsvm) {
  const json& expected = reference().at("probability");
  SvmModel model;
  model.classes = {0, 1, 2};
  for (std::size_t p = 0; p < 3; ++p) {
    model.platt.push_back({expected.at("A").at(p), expected.at("B").at(p)});
  }
  std::vector<double> probabilities(3);
  for (std::size_t q = 0; q < expected.at("decisions").size(); ++q) {
    const auto decisions = expected.at("decisions").at(q).get<std::vector<double>>();
    coupled_probabilities(model, decisions, probabilities);
    for (std::size_t c = 0; c < 3; ++c) {
      EXPECT_NEAR(probabilities[c], expected.at("probabilities").at(q).at(c).get<double>(), 1e-6);
    }
  }
}

// libsvm draws its folds from another generator, so that the sigmoids agree roughly only.
TEST(Svm, CalibratesLikeLibsvm) {
  const auto bytes = bytes_of(reference().at("bytes"));
  const auto labels = reference().at("labels").get<std::vector<std::int32_t>>();
  SvmOptions options;
  options.probability = true;
  const SvmFit result = fit({Features(bytes, 36, 1), labels, 3}, options);
  ASSERT_EQ(result.model.platt.size(), 3u);
  for (std::size_t p = 0; p < 3; ++p) {
    const json& expected = reference().at("probability");
    EXPECT_NEAR(result.model.platt[p].A / expected.at("A").at(p).get<double>(), 1, 0.5);
    EXPECT_NEAR(result.model.platt[p].B, expected.at("B").at(p).get<double>(), 0.4);
  }
}

}  // namespace
}  // namespace thimble::classical
