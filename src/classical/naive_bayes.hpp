// Naive Bayes: every feature by itself, given the class.
//
// C. D. Manning, P. Raghavan, H. Schuetze: Introduction to Information Retrieval, chapter 13
// (multinomial and Bernoulli); the Gaussian variant takes each feature of a class as normal. Values
// as scikit-learn's GaussianNB, MultinomialNB and BernoulliNB.

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/progress.hpp"
#include "classical/features.hpp"

namespace thimble::classical {

enum class NaiveBayesVariant {
  gaussian,     ///< features are normal
  multinomial,  ///< features are counts, 0 or more
  bernoulli,    ///< features are there (above `binarize`) or not
};

struct NaiveBayesOptions {
  NaiveBayesVariant variant = NaiveBayesVariant::gaussian;
  /// Gaussian: this share of the largest variance of all features is added to every variance.
  double var_smoothing = 1e-9;
  /// Multinomial and Bernoulli: added to every count; less than 1e-10 is taken for that.
  double alpha = 1;
  double binarize = 0;
};

/// What is learned. Classes without samples have a count of 0 and no meaningful values.
struct NaiveBayesParameters {
  std::vector<std::int64_t> class_count;  ///< int64 [classes]
  /// Gaussian: means. Multinomial: log of the share of a feature in all counts. Bernoulli: log of
  /// the probability that a feature is there. float64 [classes, d]
  std::vector<double> first;
  /// Gaussian: variances. Bernoulli: log of the probability that a feature is not there. float64
  /// [classes, d]; empty for multinomial.
  std::vector<double> second;
};

/// Thread safety: const functions may be called from several threads at once.
class NaiveBayes {
 public:
  NaiveBayes() = default;
  /// @throws ShapeError  if the arrays' sizes do not fit
  /// @throws DataError   if there is no sample, a number that is not finite, or a variance that is
  ///                     not positive
  NaiveBayes(const NaiveBayesOptions& options, std::size_t d, NaiveBayesParameters parameters);

  /// @throws DataError  if a feature is negative and the variant multinomial
  /// @throws Cancelled  if `progress` asked to stop
  static NaiveBayes fit(const Samples& samples, const NaiveBayesOptions& options,
                        Progress& progress);

  /// Classes without samples get 0.
  /// @param out  float32 [n, classes]
  void predict_proba(const Features& features, std::span<float> out) const;

  const NaiveBayesParameters& parameters() const { return parameters_; }
  /// A class's score before its features: -infinity where it has no sample. float64 [classes]
  const std::vector<double>& bias() const { return bias_; }
  /// What a feature, or its squared difference to the mean, counts: float64 [classes, d].
  const std::vector<double>& weights() const { return weights_; }
  /// Bernoulli: features above this are there.
  float threshold() const;

 private:
  void score(const float* x, std::span<double> scores) const;

  NaiveBayesOptions options_;
  std::size_t d_ = 0;
  NaiveBayesParameters parameters_;
  std::vector<double> bias_;
  std::vector<double> weights_;
};

}  // namespace thimble::classical
