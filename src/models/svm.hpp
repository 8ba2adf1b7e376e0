// The family "svm": support vector machines with kernels (classical/svm.hpp).

#pragma once

#include <memory>
#include <string>

#include "classical/svm.hpp"
#include "classical/svm_decider.hpp"
#include "models/classical.hpp"

namespace thimble {

/// Probabilities are those of Platt scaling and pairwise coupling with `probability = true`.
/// Without, they are shares of the votes, whose largest is the class that scikit-learn's predict()
/// gives (classical::vote_shares): good for ranking, not as probabilities.
class SvmEstimator : public Estimator {
 public:
  /// @throws UsageError  for settings that it does not know or that make no sense
  SvmEstimator(const nlohmann::json& model, std::uint64_t seed);

  FitReport fit(const classical::Samples& train, const classical::Samples* validation,
                Progress& progress) override;
  void predict_proba(const classical::Features& features, Probabilities& out) const override;
  nlohmann::json settings() const override;
  void save(ModelFile& file) const override;
  void load(const ModelFile& file, const std::string& place, std::size_t dims,
            std::size_t classes) override;
  std::string to_onnx(onnx::ModelBuilder& builder, OnnxFeatures& features,
                      std::size_t classes) const override;
  std::string summary() const override;

 private:
  classical::SvmOptions options_;
  classical::SvmModel model_;
  std::unique_ptr<classical::SvmDecider> decider_;
};

}  // namespace thimble
