// Batch normalisation: Ioffe and Szegedy, arXiv 1502.03167.

#pragma once

#include <functional>
#include <vector>

#include "nn/layer.hpp"
#include "nn/layers/registry.hpp"
#include "nn/network.hpp"

namespace thimble::nn {

struct Product;
struct Tensor;

LayerKind batch_norm_kind();

/// Normalises every channel by its mean and variance, of the batch in training and the running ones
/// in prediction, then scales and shifts it.
class BatchNorm final : public Layer {
 public:
  struct Options {
    double epsilon = 1e-5;
    double momentum = 0.1;  ///< weight of the newest batch in the running statistics
  };

  /// @throws UsageError  if an option is out of range
  BatchNorm(const LayerInput& input, const Options& options);

  const Options& options() const { return options_; }

  /// Makes the layer before it do its work in prediction, where it is a scale and a shift.
  void fold_into(Product& product, const ParameterValues& values) const;

  std::string line() const override;
  LayerTraits traits() const override;
  std::vector<ParameterDeclaration> parameters() const override;
  std::int64_t forward_flops() const override;
  void train(TrainingBuilder& builder) const override;
  void infer(InferenceBuilder& builder) const override;
  void to_onnx(NetworkExport& file) const override;
  bool infer_picture(amx::PictureNetwork& network) const override;

 private:
  Options options_;
};

/// Statistics of a batch, once they are computed: fp32 [channels] each, the variance biased.
struct BatchStatistics {
  const float* mean;
  const float* variance;
};

/// Moves a layer's running statistics in each training step: to the newest batch's by momentum,
/// with the unbiased variance, or to the mean over the batches since re-estimation began.
/// @param count    values a channel
/// @param touched  tensors that `statistics` reads
void add_running_statistics(const BatchNorm& layer, TrainingBuilder& builder, double count,
                            const std::vector<Tensor>& touched,
                            const std::function<BatchStatistics()>& statistics);

}  // namespace thimble::nn
