#include "models/svm.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "classical/svm_samples.hpp"
#include "temporary_folder.hpp"

namespace thimble {
namespace {

using classical::SvmSamples;
using nlohmann::json;
using testing::HasSubstr;

constexpr std::size_t kClasses = 5;  // the samples have those of 1, 2 and 4

/// Samples whose classes leave gaps, and an estimator that learned them.
struct Learned {
  SvmSamples data{90, 12, 3, 7};
  std::vector<std::int32_t> labels;
  classical::Features features;
  SvmEstimator estimator;
  FitReport report;

  explicit Learned(const json& settings, bool floats = false) : estimator(settings, 1) {
    for (const std::int32_t label : data.labels) labels.push_back(label == 0 ? 1 : label * 2);
    features = floats ? data.floats() : data.features;
    Progress silent;
    report = estimator.fit({features, labels, kClasses}, nullptr, silent);
  }

  Probabilities predict(const SvmEstimator& with) const {
    Probabilities out(features.size(), kClasses);
    with.predict_proba(features, out);
    return out;
  }
};

ModelFile saved(const SvmEstimator& estimator) {
  ModelFile file;
  estimator.save(file);
  return file;
}

TEST(SvmEstimator, SpellsOutItsSettings) {
  const json defaults = SvmEstimator(json::object(), 1).settings();
  EXPECT_EQ(defaults, (json{{"C", 1.0},
                            {"kernel", "rbf"},
                            {"gamma", "scale"},
                            {"degree", 3},
                            {"coef0", 0.0},
                            {"tol", 1e-3},
                            {"class_weight", "none"},
                            {"probability", false},
                            {"max_iter", -1},
                            {"cache_size", 2000}}));
  const json given = {{"C", 10},
                      {"kernel", "poly"},
                      {"gamma", 0.5},
                      {"degree", 2},
                      {"coef0", 1.5},
                      {"tol", 0.01},
                      {"class_weight", "balanced"},
                      {"probability", true},
                      {"max_iter", 7},
                      {"cache_size", 50}};
  EXPECT_EQ(SvmEstimator(given, 1).settings(), given);
  EXPECT_EQ(SvmEstimator(SvmEstimator(given, 1).settings(), 1).settings(), given);
}

TEST(SvmEstimator, RefusesSettingsThatMakeNoSense) {
  const auto refusal = [](const json& settings) {
    return message_of<UsageError>([&] { SvmEstimator(settings, 1); });
  };
  EXPECT_THAT(refusal({{"gama", 1}}), HasSubstr("did you mean 'model.gamma'?"));
  EXPECT_THAT(refusal({{"gamma", "large"}}), HasSubstr("model.gamma: got \"large\""));
  EXPECT_THAT(refusal({{"gamma", 0}}), HasSubstr("model.gamma"));
  EXPECT_THAT(refusal({{"gamma", true}}), HasSubstr("model.gamma"));
  EXPECT_THAT(refusal({{"C", 0}}), HasSubstr("model.C: got 0, expected a number above 0"));
  EXPECT_THAT(refusal({{"tol", -1}}), HasSubstr("model.tol"));
  EXPECT_THAT(refusal({{"kernel", "rfb"}}), HasSubstr("did you mean \"rbf\"?"));
  EXPECT_THAT(refusal({{"degree", 0}}), HasSubstr("model.degree"));
  EXPECT_THAT(refusal({{"max_iter", 0}}), HasSubstr("model.max_iter"));
  EXPECT_THAT(refusal({{"cache_size", 0}}), HasSubstr("model.cache_size"));
  EXPECT_THAT(refusal({{"class_weight", "even"}}), HasSubstr("model.class_weight"));
}

TEST(SvmEstimator, GivesSharesThatSumToOneAndNothingToAbsentClasses) {
  for (const bool probability : {false, true}) {
    const Learned learned(json{{"C", 10}, {"probability", probability}});
    const Probabilities out = learned.predict(learned.estimator);
    std::size_t right = 0;
    for (std::size_t i = 0; i < out.size(); ++i) {
      const auto row = out[i];
      EXPECT_NEAR(std::accumulate(row.begin(), row.end(), 0.0), 1, 1e-6);
      EXPECT_EQ(row[0], 0);
      EXPECT_EQ(row[3], 0);
      const auto best = std::ranges::max_element(row) - row.begin();
      right += best == learned.labels[i];
    }
    EXPECT_GT(right, probability ? 60u : 80u);
  }
}

TEST(SvmEstimator, TellsWhatItDid) {
  const Learned learned(json{{"C", 10}});
  EXPECT_EQ(learned.report.stopped_because, "all 3 pairs within tolerance 0.001");
  EXPECT_GT(learned.report.details.at("support_vectors"), 10);
  EXPECT_GT(learned.report.details.at("iterations"), 10);
  EXPECT_GT(learned.report.details.at("kernel_values"), 0);
  EXPECT_THAT(learned.estimator.summary(), HasSubstr("kernel      rbf with gamma"));
  EXPECT_THAT(learned.estimator.summary(), HasSubstr("3 pairs of classes"));

  const Learned hasty(json{{"C", 10}, {"max_iter", 2}});
  EXPECT_THAT(hasty.report.stopped_because, HasSubstr("0 of 3 pairs within tolerance 0.001, the"));
}

TEST(SvmEstimator, SurvivesTheModelFile) {
  const json rbf = {{"C", 10}};
  const json probable = {{"C", 10}, {"probability", true}};
  const json poly = {{"kernel", "poly"}, {"degree", 2}, {"coef0", 1}};
  for (const json& settings : {rbf, probable, poly}) {
    for (const bool floats : {false, true}) {
      const Learned learned(settings, floats);
      SvmEstimator loaded(learned.estimator.settings(), 1);
      loaded.load(saved(learned.estimator), "here", 12, kClasses);
      const Probabilities expected = learned.predict(learned.estimator);
      const Probabilities actual = learned.predict(loaded);
      EXPECT_TRUE(std::ranges::equal(actual.values(), expected.values()));
      EXPECT_EQ(loaded.summary(), learned.estimator.summary());
    }
  }
}

std::string load_problem(const ModelFile& file, std::size_t dims = 12,
                         std::size_t classes = kClasses) {
  return message_of<DataError>([&] {
    SvmEstimator estimator({{"probability", true}}, 1);
    estimator.load(file, "here", dims, classes);
  });
}

TEST(SvmEstimator, RefusesFilesOfOtherShapes) {
  const Learned learned(json{{"probability", true}});
  const ModelFile good = saved(learned.estimator);
  EXPECT_EQ(load_problem(good), "nothing was thrown");
  EXPECT_THAT(load_problem(good, 11), HasSubstr("here: tensor svm.vectors is ["));
  EXPECT_THAT(load_problem(good, 12, 4), HasSubstr("svm.classes"));
  for (const auto& [name, tensor] : good.tensors) {
    ModelFile file = good;
    file.tensors.erase(name);
    EXPECT_EQ(load_problem(file), "here: tensor " + name + " is missing");
    for (const std::vector<std::int64_t>& shape :
         {std::vector<std::int64_t>{}, {0}, {1, 0}, {1, 2, 3}}) {
      file = good;
      file.tensors[name].shape = shape;
      std::int64_t size = 1;
      for (const std::int64_t length : shape) size *= length;
      file.tensors[name].data.resize(static_cast<std::size_t>(size) * element_size(tensor.type));
      EXPECT_THAT(load_problem(file), HasSubstr("here: tensor svm.")) << name;
    }
    if (name == "svm.vectors") continue;
    file = good;
    file.tensors[name].type = TensorType::bf16;
    EXPECT_THAT(load_problem(file), HasSubstr("here: tensor " + name)) << name;
  }
}

TEST(SvmEstimator, RefusesFilesWithOtherValues) {
  const Learned learned(json{{"probability", true}});
  const ModelFile good = saved(learned.estimator);
  const auto with = [&](const std::string& name, const Tensor& tensor) {
    ModelFile file = good;
    file.tensors[name] = tensor;
    return load_problem(file);
  };
  const auto classes = [](std::vector<std::int32_t> values) {
    return Tensor::from(std::span<const std::int32_t>(values),
                        {static_cast<std::int64_t>(values.size())});
  };
  for (const auto& wrong : {classes({1, 2, 2}), classes({4, 2, 1}), classes({-1, 2, 4}),
                            classes({1, 2, 5}), classes({1})}) {
    EXPECT_THAT(with("svm.classes", wrong), HasSubstr("svm.classes: not two or more of 5"));
  }
  const std::int64_t n = good.tensors.at("svm.vectors").shape[0];
  const auto counts = [](std::vector<std::int64_t> values) {
    return Tensor::from(std::span<const std::int64_t>(values),
                        {static_cast<std::int64_t>(values.size())});
  };
  constexpr auto kHuge = std::numeric_limits<std::int64_t>::max();
  for (const auto& wrong :
       {counts({n, 1, 0}), counts({-1, n, 1}), counts({1, 1, 1}), counts({kHuge, kHuge, n + 2})}) {
    EXPECT_THAT(with("svm.counts", wrong),
                testing::AnyOf(HasSubstr("svm.counts: "), HasSubstr("svm.vectors is [")));
  }
  const auto one = [](double value) {
    return Tensor::from(std::span<const double>(std::vector{value}), {1});
  };
  EXPECT_THAT(with("svm.gamma", one(0)), HasSubstr("svm.gamma: 0, expected above 0"));
  EXPECT_THAT(with("svm.gamma", one(std::nan(""))), HasSubstr("holds NaN or infinity"));
  const std::vector<float> scale = {-1};
  EXPECT_THAT(with("svm.scale", Tensor::from(std::span<const float>(scale), {1})),
              HasSubstr("svm.scale: -1, expected above 0"));
}

}  // namespace
}  // namespace thimble
